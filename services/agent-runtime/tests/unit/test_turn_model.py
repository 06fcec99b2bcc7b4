"""Proves X2: what the end-of-turn model hears, off the event loop and bounded; calls go on without it."""

import asyncio
import threading

import pytest
from agent_runtime.conversation import turn_model as turn_model_module
from agent_runtime.conversation.turn_model import MOST_WAITING, RecentAudio, TurnModel, turn_model
from callstage_audio.smart_turn import SMART_TURN_MS, SmartTurnError
from callstage_domain.audio import AudioFormat
from callstage_kit.tasks import TaskScope
from structlog.testing import capture_logs

LINE = AudioFormat.PCMU_8K


class Listener:
    """Stands for `SmartTurn`; answers when it may."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, int]] = []
        self.threads: set[int] = set()
        self.may_answer = threading.Event()

    def end_probability(self, pcm16: bytes, rate_hz: int) -> float:
        self.heard.append((len(pcm16), rate_hz))
        self.threads.add(threading.get_ident())
        assert self.may_answer.wait(20)
        return 0.9


async def test_questions_are_answered_one_at_a_time_in_a_thread_and_too_many_are_refused() -> None:
    listener = Listener()
    model = TurnModel(lambda: listener)
    async with TaskScope("asking") as scope:
        tasks = [scope.start(model.end_probability(b"\xff" * 800, LINE), name="ask") for _ in range(MOST_WAITING + 2)]
        async with asyncio.timeout(20):
            while not listener.heard:
                await asyncio.sleep(0.005)
        assert len(listener.heard) == 1, "one at a time"
        listener.may_answer.set()
        await asyncio.wait(tasks)
    assert [task.result() for task in tasks] == [0.9] * MOST_WAITING + [None, None]
    assert listener.heard == [(1600, 8000)] * MOST_WAITING, "µ-law is decoded"
    assert threading.get_ident() not in listener.threads


async def test_without_the_model_calls_go_on_and_the_log_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered() -> Listener:
        raise SmartTurnError("another sha256")

    monkeypatch.setattr(turn_model_module, "smart_turn_path", lambda: None)
    with capture_logs() as logs:
        assert turn_model() is None
        broken = TurnModel(altered)
        assert await broken.end_probability(b"", LINE) is None
        assert await broken.end_probability(b"", LINE) is None
    assert [entry["event"] for entry in logs] == ["turn_model_absent", "turn_model_broken"]


def test_recent_audio_is_the_present_turn_and_bounded() -> None:
    recent = RecentAudio(LINE)
    for _ in range(1000):
        recent.add(b"\x00" * 160)
    limit = LINE.size_bytes(SMART_TURN_MS)
    assert limit <= len(recent.whole()) < limit + 160
    recent.speech_began()
    kept = len(recent.whole())
    assert LINE.size_bytes(800) <= kept < LINE.size_bytes(800) + 160, "what lies before the first word is let go"
    recent.add(b"\x01" * 1600)
    recent.speech_began()
    assert len(recent.whole()) == kept + 1600, "a pause inside the turn keeps it"
    recent.turn_ended()
    recent.add(b"\x02" * 16_000)
    recent.speech_began()
    assert recent.whole() == b"\x02" * 16_000
