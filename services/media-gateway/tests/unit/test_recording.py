"""Proves K1 K3 C5: the caller left, the agent right as he was really heard, on the axis of the call; gaps, bursts, barge-in, pauses, take-overs."""

import io
from typing import Any

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from callstage_audio.framed_mp3 import FRAME_BYTES, frame_ms
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_contracts.events import Event, RecordingReady, RecordingStarted
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.crypto import SecretBox
from callstage_kit.recordings.chunks import Chunk, open_chunk
from media_gateway.playout.player import Player
from media_gateway.playout.tape import Tape
from media_gateway.recording.caller_track import CallerTrack, Piece
from media_gateway.recording.desk import RecordingDesk
from media_gateway.recording.recorder import CallRecorder

BOX = SecretBox({"k1": bytes(range(32))})
LINE = AudioFormat.PCMU_8K
LOUD = 0.02
"""Above this a stretch is sound, far below it silence."""


def _tone(duration_ms: int, audio_format: AudioFormat = LINE, hz: float = 440) -> bytes:
    samples = audio_format.rate_hz * duration_ms // 1000
    pcm16 = (8000 * np.sin(2 * np.pi * hz * np.arange(samples) / audio_format.rate_hz)).astype("<i2").tobytes()
    return pcm16_to_ulaw(pcm16) if audio_format is LINE else pcm16


class Memory:
    """A store that may be away."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.failures = 0

    async def put(self, name: str, data: bytes) -> None:
        if self.failures:
            self.failures -= 1
            raise DependencyError("away", vendor="recordings")
        self.objects[name] = data

    async def get(self, name: str) -> bytes | None:
        return self.objects.get(name)

    async def names(self, prefix: str) -> list[str]:
        return sorted(name for name in self.objects if name.startswith(prefix))

    async def delete(self, prefix: str) -> None: ...


class Told:
    """Keeps events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def ready(self) -> list[RecordingReady]:
        return [event for event in self.events if isinstance(event, RecordingReady)]


class Leg:
    """Sends everything at once."""

    returns_marks = False
    is_carrier = True

    def __init__(self, uplink: AudioFormat, downlink: AudioFormat) -> None:
        self.uplink, self.downlink = uplink, downlink
        self.player: Player | None = None

    def play(self, utterance_id: str, segment: int, audio: bytes) -> None:
        assert self.player is not None
        self.player.on_sent(utterance_id, self.downlink.duration_ms(len(audio)))

    def end_segment(self, utterance_id: str, segment: int) -> None: ...

    def end_utterance(self, utterance_id: str) -> None:
        assert self.player is not None
        self.player.on_utterance_sent(utterance_id)

    def clear(self) -> None: ...


class World:
    """A call whose time the test turns."""

    def __init__(self, store: Memory | None = None, *, uplink: AudioFormat = LINE, downlink: AudioFormat = LINE, begun_ms: float = 50_000) -> None:
        self.now_ms = begun_ms
        self.store, self.told = store or Memory(), Told()
        leg: Any = Leg(uplink, downlink)
        self.player = leg.player = Player(leg, lambda: None, lambda: self.now_ms)
        publisher: Any = self.told
        self.desk = RecordingDesk(self.store, BOX, publisher)
        self.recorder = CallRecorder("t", "c", uplink, downlink, self.player.voice, lambda: self.now_ms, self.desk)
        self.uplink = uplink

    def run(self, duration_ms: int, *, caller: bytes | None = None, is_sent: bool = True) -> None:
        """Time passes in frames; the caller sends silence, or `caller`."""
        size = self.uplink.size_bytes(20)
        silence = (b"\xff" if self.uplink is LINE else b"\x00") * size
        for index in range(duration_ms // 20):
            self.now_ms += 20
            piece = caller[index * size : (index + 1) * size] if caller else b""
            if is_sent:
                self.recorder.heard(piece or silence)
            self.player.poll()
            self.recorder.advance(self.now_ms)

    def chunks(self, part: str) -> list[Chunk]:
        return [open_chunk(BOX, name, data) for name, data in sorted(self.store.objects.items()) if f".{part}." in name]

    def sound(self, part: str) -> "Sound":
        return Sound(b"".join(chunk.mp3 for chunk in self.chunks(part)), self.told.ready()[0].rate_hz)


class Sound:
    """Levels of a stereo MP3 by time."""

    def __init__(self, mp3: bytes, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        with av.open(io.BytesIO(mp3), "r", format="mp3") as container:
            self.samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0) if isinstance(frame, AudioFrame)], axis=1)

    def loud_ms(self, side: int) -> list[tuple[int, int]]:
        """Stretches that are not silent, to 10 ms."""
        step = self.rate_hz // 100
        whole = self.samples.shape[1] // step
        levels = np.sqrt((self.samples[side, : whole * step].reshape(whole, step) ** 2).mean(axis=1))
        edges = np.flatnonzero(np.diff(np.concatenate(([0], (levels > LOUD).astype(int), [0]))))
        return [(int(start) * 10, int(end) * 10) for start, end in edges.reshape(-1, 2)]


def _near(found: list[tuple[int, int]], *wanted: tuple[int, int], within_ms: int = 20) -> bool:
    # The very first frame of a part fades in: a decoder has nothing before it to overlap with.
    found = [(0 if start <= 80 else start, end) for start, end in found]
    return len(found) == len(wanted) and all(
        abs(ours - theirs) <= within_ms for pair, other in zip(found, wanted, strict=True) for ours, theirs in zip(pair, other, strict=True)
    )


@pytest.mark.parametrize(("uplink", "downlink", "rate_hz"), [(LINE, LINE, 8000), (AudioFormat.PCM16_16K, AudioFormat.PCM16_24K, 16000)])
async def test_both_sides_stand_at_their_times(uplink: AudioFormat, downlink: AudioFormat, rate_hz: int) -> None:
    world = World(uplink=uplink, downlink=downlink)
    async with world.desk:
        world.recorder.begin(0, records=True, retention_days=7)
        world.run(1000)
        world.run(500, caller=_tone(500, uplink))
        world.run(1500)
        world.player.play("u", 0, _tone(800, downlink))
        world.player.end_utterance("u")
        world.run(12_000)
        world.recorder.close()
    [started, ready] = world.told.events
    assert isinstance(started, RecordingStarted)
    assert isinstance(ready, RecordingReady)
    assert (ready.first_frame, ready.rate_hz, ready.retention_days, ready.kind) == (0, rate_hz, 7, "call")
    assert abs(ready.frames * frame_ms(rate_hz) - 15_000) <= frame_ms(rate_hz)
    assert len(world.chunks(ready.part)) == 2, "what a lost process loses is bounded"
    sound = world.sound(ready.part)
    assert _near(sound.loud_ms(0), (1000, 1500)), sound.loud_ms(0)
    assert _near(sound.loud_ms(1), (3000, 3800)), sound.loud_ms(1)


async def test_peaks_go_with_the_frames() -> None:
    world = World()
    async with world.desk:
        world.recorder.begin(0, records=True)
        world.run(2000)
        world.run(1000, caller=_tone(1000))
        world.run(2000)
        world.recorder.close()
    chunks = world.chunks(world.told.ready()[0].part)
    peaks = np.frombuffer(b"".join(chunk.peaks for chunk in chunks), np.uint8).reshape(-1, 2)
    assert len(peaks) == sum(chunk.frames for chunk in chunks) == sum(len(chunk.mp3) for chunk in chunks) // FRAME_BYTES
    loud = np.flatnonzero(peaks[:, 0] > 30)
    assert (loud[0], loud[-1]) == (2000 // 72, 3000 // 72)
    assert 55 <= peaks[loud[3], 0] <= 65, "8000 of 32767"
    assert not peaks[:, 1].any()


async def test_the_agent_ends_where_the_caller_cut_in() -> None:
    world = World()
    async with world.desk:
        world.recorder.begin(0, records=True)
        world.player.play("u", 0, _tone(5000))
        world.player.end_utterance("u")
        world.run(1700)
        world.player.clear()
        world.run(3000)
        world.recorder.close()
    assert _near(world.sound(world.told.ready()[0].part).loud_ms(1), (0, 1700))


async def test_a_held_sentence_goes_on_where_it_was_heard_again() -> None:
    world = World()
    async with world.desk:
        world.recorder.begin(0, records=True)
        world.player.play("u", 0, _tone(3000))
        world.player.end_utterance("u")
        world.run(1500)
        assert world.player.hold()
        world.run(1000)
        world.player.resume()
        world.run(4000)
        world.recorder.close()
    [first, second] = world.sound(world.told.ready()[0].part).loud_ms(1)
    assert _near([first], (0, 1500))
    assert abs(second[0] - 2500) <= 20
    assert second[1] - second[0] >= 1500


def test_a_piece_of_which_only_the_beginning_went_out_is_known_that_far() -> None:
    tape = Tape(LINE, pads=True)
    tape.add("u", "audio", 0, b"\x01" * 800)
    tape.add("u", "audio", 0, b"\x02" * 800)
    tape.sent("u", 150, 1000.0)
    tape.stop(1150.0)
    tape.drop()
    assert tape.played(1000.0, 1200.0) == b"\x01" * 800 + b"\x02" * 400 + b"\xff" * 400


async def test_gaps_are_silence_and_a_late_burst_unfolds() -> None:
    world = World()
    async with world.desk:
        world.recorder.begin(0, records=True)
        world.run(1000, caller=_tone(1000))
        world.run(1500, is_sent=False)
        late = _tone(1500)
        for start in range(0, len(late), LINE.size_bytes(20)):
            world.recorder.heard(late[start : start + LINE.size_bytes(20)])
        world.run(1000)
        world.run(4000, is_sent=False)
        world.run(500, caller=_tone(500))
        world.recorder.close()
    assert _near(world.sound(world.told.ready()[0].part).loud_ms(0), (0, 2500), (7500, 8000), within_ms=40)


def test_jitter_does_not_tear_words() -> None:
    rng, track = np.random.default_rng(3), CallerTrack(LINE)
    sound = _tone(3000)
    size = LINE.size_bytes(20)
    arrivals = np.maximum.accumulate(np.arange(1, 151) * 20 + rng.uniform(0, 60, 150))
    pieces = [Piece(float(at), sound[index * size : (index + 1) * size]) for index, at in enumerate(arrivals)]
    found = [
        track.push([piece for piece in pieces if until - 1000 < piece.arrived_ms <= until], until, is_last=False) for until in (1000, 2000, 3000)
    ]
    found.append(track.push([piece for piece in pieces if piece.arrived_ms > 3000], 3100, is_last=True))
    placed = np.concatenate(found)
    assert placed.size == 3100 * 8
    loud = np.flatnonzero(np.abs(placed) > 2000)
    assert int(np.diff(loud).max()) < 20, "no silence inside the tone"


def test_nothing_is_longer_than_the_call() -> None:
    track = CallerTrack(LINE)
    flood = [Piece(500.0, _tone(20)) for _ in range(400)]
    sounds = [track.push(flood, 1000, is_last=False), track.push([], 2000, is_last=True)]
    assert sum(sound.size for sound in sounds) == 2000 * 8


async def test_secret_digits_are_not_kept_on_either_side() -> None:
    world = World()
    async with world.desk:
        world.recorder.begin(0, records=True)
        world.run(1300, caller=_tone(1300))
        world.recorder.pause()
        world.player.play("u", 0, _tone(1000))
        world.player.end_utterance("u")
        world.run(1700, caller=_tone(1700))
        world.recorder.resume()
        world.run(2000, caller=_tone(1000))
        world.recorder.close()
    sound = world.sound(world.told.ready()[0].part)
    assert _near(sound.loud_ms(0), (0, 1300), (3000, 4000), within_ms=30), sound.loud_ms(0)
    assert sound.loud_ms(1) == []


async def test_a_call_that_is_not_recorded_leaves_nothing() -> None:
    world = World()
    async with world.desk:
        world.run(1000, caller=_tone(1000))
        world.recorder.begin(0, records=False)
        world.run(1000, caller=_tone(1000))
        world.recorder.close()
    assert world.told.events == []
    assert world.store.objects == {}


async def test_what_was_said_before_the_runtime_answered_is_there() -> None:
    world = World()
    async with world.desk:
        world.run(600, caller=_tone(600))
        world.recorder.begin(600, records=True)
        world.run(1000)
        world.recorder.close()
    assert _near(world.sound(world.told.ready()[0].part).loud_ms(0), (0, 600))


async def test_a_gateway_that_takes_over_begins_on_the_axis_of_the_call() -> None:
    store = Memory()
    first, second = World(store), World(store, begun_ms=9_000)
    async with first.desk, second.desk:
        first.recorder.begin(0, records=True)
        first.run(4000, caller=_tone(4000))
        first.recorder.close()
        second.run(100)
        # The clock of the runtime says that the call is 5.6 s old.
        second.recorder.begin(5600, records=True)
        second.run(900, caller=_tone(900))
        second.recorder.close()
    [before], [after] = first.told.ready(), second.told.ready()
    assert before.part != after.part
    assert (before.first_frame, after.first_frame) == (0, -(-5500 // 72))
    [(start, _)] = second.sound(after.part).loud_ms(0)
    # The first frame fades in.
    assert 0 <= after.first_frame * 72 + start - 5600 <= 80


async def test_a_message_is_kept_for_both_ears_even_when_the_call_is_not() -> None:
    world = World()
    async with world.desk:
        world.recorder.begin(0, records=False)
        world.run(2000, caller=_tone(2000))
        world.recorder.begin_voicemail("vm-1", 30)
        world.run(500)
        world.run(1000, caller=_tone(1000))
        world.recorder.end_voicemail()
        world.run(1000, caller=_tone(1000))
        world.recorder.close()
    [ready] = world.told.ready()
    assert (ready.kind, ready.part, ready.retention_days) == ("voicemail", "vm-1", 30)
    assert ready.first_frame == -(-2000 // 72)
    sound = world.sound("vm-1")
    assert sound.loud_ms(0) == sound.loud_ms(1)
    assert _near(sound.loud_ms(0), (500, 1500), within_ms=80)


async def test_the_end_is_told_after_everything_is_stored_and_a_store_that_was_away_gets_all() -> None:
    world = World()
    world.store.failures = 2
    async with world.desk:
        world.recorder.begin(0, records=True)
        world.run(25_000)
        world.recorder.close()
    [ready] = world.told.ready()
    chunks = world.chunks(ready.part)
    assert [chunk.number for chunk in chunks] == [0, 1, 2]
    assert sum(chunk.frames for chunk in chunks) == ready.frames
    assert sum(map(len, world.store.objects.values())) == ready.size_bytes


async def test_without_a_desk_nothing_happens() -> None:
    recorder = CallRecorder("t", "c", LINE, LINE, lambda _from, _to: None, lambda: 0.0, None)
    recorder.begin(0, records=True)
    recorder.heard(b"\xff" * 160)
    recorder.pause()
    recorder.resume()
    recorder.begin_voicemail("vm", None)
    recorder.close()
    assert not recorder.is_recording
