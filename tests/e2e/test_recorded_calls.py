"""Proves K1 K3 B3 X2 AC5 on the real stack: a recorded call sounds as it did at the carrier, on the axis of the transcript; a message is left."""

import io
from typing import Any

import av
import httpx2
import numpy as np
from av.audio.frame import AudioFrame
from callstage_phone.call import CarrierCall
from callstage_testing.stack import Stack
from numpy.typing import NDArray

from tests.conftest import speech
from tests.platform_steps import eventually, has_ended, make_agent, make_number, record_of, said_by, until_live

STEP_MS = 20
SIDES = ("caller", "agent")
LOUD = 0.01


def _levels(sound: NDArray[Any], rate_hz: int) -> NDArray[Any]:
    """RMS per STEP_MS."""
    step = rate_hz * STEP_MS // 1000
    whole = len(sound) // step
    return np.sqrt((sound[: whole * step].reshape(whole, step) ** 2).mean(axis=1))


def _decoded(mp3: bytes) -> list[NDArray[np.float32]]:
    with av.open(io.BytesIO(mp3), "r", format="mp3") as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0) if isinstance(frame, AudioFrame)], axis=1)
    return [_levels(sound[side], 8000) for side in range(2)]


def _delay_ms(reference: NDArray[np.float32], ours: NDArray[np.float32]) -> tuple[int, float]:
    """By how much `ours` is later, and how much alike they are then (1: the same)."""
    best = (0, -1.0)
    for shift in range(-150, 151):
        left, right = reference[max(0, -shift) :], ours[max(0, shift) :]
        size = min(len(left), len(right))
        alike = float(np.corrcoef(left[:size], right[:size])[0, 1])
        best = (shift * STEP_MS, alike) if alike > best[1] else best
    return best


async def _message_left(call: CarrierCall) -> None:
    """A greeting, a wish for a person, the announcement, the tone, the message."""
    await call.wait_for_agent_speech(15)
    await call.wait_for_agent_silence(600, 20)
    said = await call.say(speech("speak_human"))
    await call.wait_for_agent_speech(20, after=said.speech_ended_at)
    await call.wait_for_agent_silence(1500, 30)
    await call.say(speech("my_name_is_anna"))
    await call.dtmf("#")
    await call.wait_ended(25)


async def test_a_recorded_call_with_a_message(stack: Stack, api: httpx2.AsyncClient) -> None:
    agent = await make_agent(
        api, "recorded", greeting="Hello, this is the shop.", disclosure=True, recording=True, recording_retention_days=30, tools=["leave_voicemail"]
    )
    number = await make_number(api, agent)
    await until_live(stack, agent)
    async with stack.twilio() as twilio, twilio.call(from_="+12025550161", to=number) as call:
        await _message_left(call)
    assert call.problems == []

    record = await record_of(api, call.call_id, until=lambda found: has_ended(found) and bool(found["recording"]), timeout_s=30)
    assert "this call is recorded" in said_by(record, "assistant")
    assert record["ended_reason"] == "agent_ended"
    recording, url = record["recording"], f"/v1/calls/{record['call_id']}/recording"
    assert abs(recording["duration_ms"] - record["duration_ms"]) < 1500
    mp3 = (await api.get(url)).content
    assert len(mp3) == recording["size_bytes"]
    ours = _decoded(mp3)

    # Sample by sample at the carrier: the same sound, at the same time on both sides but for the delay of the line.
    heard = call.recording.stereo().astype(np.float32) / 32768
    delays: list[int] = []
    for side, name in enumerate(SIDES):
        delay_ms, alike = _delay_ms(_levels(heard[:, side], 8000), ours[side])
        assert alike > 0.9, f"{name}: {alike:.2f} alike at {delay_ms} ms"
        delays.append(delay_ms)
    assert abs(delays[0] - delays[1]) <= 200, delays

    _check_axis(record, ours)
    peaks = (await api.get(f"{url}/peaks")).json()
    assert peaks["channels"] == list(SIDES)
    assert abs(len(peaks["peaks"][0]) * peaks["step_ms"] - recording["duration_ms"]) <= peaks["step_ms"]
    assert max(peaks["peaks"][0]) > 0.05 < max(peaks["peaks"][1])
    await _check_message(api, record)
    _check_sealed(stack, mp3)


def _check_axis(record: dict[str, Any], ours: list[NDArray[np.float32]]) -> None:
    """Whoever speaks by the transcript is loud in his channel then."""
    lines = [line for line in record["transcript"] if line["ended_at_ms"] - line["started_at_ms"] > 300]
    assert {line["role"] for line in lines} == {"user", "assistant"}
    for line in lines:
        side = 0 if line["role"] == "user" else 1
        part = ours[side][line["started_at_ms"] // STEP_MS : line["ended_at_ms"] // STEP_MS + 1]
        assert float((part > LOUD).mean()) > 0.3, line


async def _check_message(api: httpx2.AsyncClient, record: dict[str, Any]) -> None:
    async def listed() -> dict[str, Any] | None:
        found = (await api.get("/v1/voicemails", params={"agent_id": "recorded"})).json()["voicemails"]
        return next((one for one in found if one["call_id"] == record["call_id"] and one["has_audio"]), None)

    message = await eventually(listed, timeout_s=20, what="the message")
    assert "anna" in message["transcript"].lower()
    assert (message["is_heard"], message["caller_phone"]) == (False, "+12025550161")
    [left, right] = _decoded((await api.get(f"/v1/voicemails/{message['voicemail_id']}/audio")).content)
    assert 0.5 <= (left > LOUD).sum() * STEP_MS / 1000 <= message["duration_ms"] / 1000
    assert np.allclose(left, right, atol=0.02)


def _check_sealed(stack: Stack, mp3: bytes) -> None:
    files = [path for path in (stack.home / "recordings").rglob("*") if path.is_file()]
    assert files
    frames = {mp3[start : start + 288] for start in range(0, len(mp3), 288)}
    stored = b"".join(path.read_bytes() for path in files)
    assert not any(frame in stored for frame in frames if frame.count(0) < 100)
