"""Proves X4 UI1: events of running calls as a listener gets them: translated, bounded, with heartbeats, and ended for whoever may not read on."""

import json
from collections.abc import Awaitable, Callable, Collection
from types import SimpleNamespace
from typing import Any

import pytest
from callstage_contracts.events import (
    CallAnswered,
    CallEnded,
    CallJournaled,
    CallStarted,
    Event,
    LatencyParts,
    StageEntered,
    ToolCompleted,
    TurnCompleted,
)
from callstage_domain.errors import DependencyError, LimitExceeded
from control_api.db.tables import now
from control_api.features.live.feed import MAX_LISTENERS_OF_A_TENANT, Listener, LiveFeed
from control_api.features.live.schemas import LiveCall, LiveEvent
from control_api.features.live.stream import Pace, Records, frames
from control_api.features.live.translation import frame, of_caption, of_event

AT: dict[str, Any] = {"tenant_id": "t", "call_id": "c1"}


def _message(event: Event) -> Any:
    return SimpleNamespace(data=event.model_dump_json().encode(), subject=event.subject)


def _caption(call_id: str, **payload: Any) -> Any:
    return SimpleNamespace(data=json.dumps(payload).encode(), subject=f"live.t.{call_id}")


class Nats:
    """Subscriptions by subject."""

    def __init__(self) -> None:
        self.is_connected = True
        self.open: dict[str, Callable[[Any], Awaitable[None]]] = {}

    async def subscribe(self, subject: str, *, cb: Callable[[Any], Awaitable[None]]) -> Any:
        self.open[subject] = cb

        async def unsubscribe() -> None:
            self.open.pop(subject, None)

        return SimpleNamespace(unsubscribe=unsubscribe)


def _records(*, may_read: bool = True, over: tuple[str, ...] = ()) -> Records:
    async def answer() -> bool:
        return may_read

    async def ended(calls: Collection[str]) -> list[LiveEvent]:
        return [LiveEvent(type="ended", at=now(), call_id=call_id, reason="agent_ended") for call_id in over if call_id in calls]

    return Records(answer, ended)


def _call(call_id: str) -> LiveCall:
    names = ("session_id", "agent_id", "agent_name", "channel", "direction", "caller_phone", "to_number", "stage", "answered_at")
    return LiveCall.model_validate({**dict.fromkeys(names), "call_id": call_id, "is_test": False, "status": "active", "started_at": now()})


QUICK = Pace(heartbeat=0.01, first_look=0.0, look=0.0)


def _read(piece: bytes) -> tuple[str, dict[str, Any]]:
    first, second = piece.decode().strip().split("\n")
    return first.removeprefix("event: "), json.loads(second.removeprefix("data: "))


def test_every_event_that_matters_is_translated() -> None:
    turn = TurnCompleted(
        **AT, session_id="s", turn=1, role="operator", text="Hint", stage="pay", was_interrupted=True, latency=LatencyParts(response_ms=800.0)
    )
    told = [
        CallStarted(**AT, session_id="s", agent_id="shop", deployment=1, channel="twilio", caller_phone="+1"),
        CallAnswered(**AT),
        CallEnded(**AT, reason="agent_ended", duration_ms=9),
        turn,
        StageEntered(**AT, stage="pay", previous="order", by_tool="buy"),
        ToolCompleted(**AT, run_key="k", tool="buy", status="ok", result={"a": 1}, duration_ms=5),
    ]
    made = [of_event(event) for event in told]  # type: ignore[arg-type]
    assert [event.type for event in made if event] == ["started", "answered", "ended", "turn", "stage", "tool"]
    assert made[3] is not None
    assert (made[3].role, made[3].interrupted, made[3].latency) == ("operator", True, {"response_ms": 800.0})
    assert of_event(CallJournaled(**AT)) is None
    assert of_event(CallAnswered(**AT, is_takeover=True)) is None
    caption = of_caption("c1", b'{"role": "user", "text": "hel", "isFinal": false}')
    assert caption is not None
    assert _read(frame(caption))[1] | {"at": ""} == {"type": "caption", "at": "", "call_id": "c1", "role": "user", "text": "hel", "is_final": False}
    for broken in (b"", b"[]", b"\xff", b'{"role": "ghost"}'):
        assert of_caption("c1", broken) is None


async def test_a_listener_hears_its_tenant_and_its_call_only() -> None:
    nats = Nats()
    feed = LiveFeed(nats)
    async with feed.listener("t", "c1") as listener:
        assert "live.t.c1" in nats.open
        assert all(subject.split(".")[1] == "t" for subject in nats.open)
        assert not [subject for subject in nats.open if "journal" in subject]
        await nats.open["callstage.t.call.stage"](_message(StageEntered(tenant_id="t", call_id="c2", stage="x")))
        await nats.open["callstage.t.call.stage"](_message(StageEntered(**AT, stage="pay")))
        await nats.open["live.t.c1"](_caption("c1", role="user", text="hello", isFinal=True))
        await nats.open["callstage.t.call.turn"](SimpleNamespace(data=b'{"type": "call.newer"}', subject="x"))
        first, second = await listener.take(0.1), await listener.take(0.1)
        assert (first and first.stage, second and second.text) == ("pay", "hello")
        assert await listener.take(0.01) is None
    assert nats.open == {}


async def test_readers_are_limited_and_need_nats() -> None:
    nats = Nats()
    feed = LiveFeed(nats)
    open_listeners = [feed.listener("t", f"c{number}") for number in range(MAX_LISTENERS_OF_A_TENANT)]
    for listener in open_listeners:
        await listener.__aenter__()
    with pytest.raises(LimitExceeded):
        async with feed.listener("t", None):
            pass
    for listener in open_listeners:
        await listener.__aexit__(None, None, None)
    nats.is_connected = False
    with pytest.raises(DependencyError):
        async with feed.listener("t", None):
            pass


async def test_a_slow_reader_gets_what_it_has_and_is_cut_off() -> None:
    listener = Listener(None, limit=2)
    for number in range(5):
        await listener.on_caption(_caption("c1", role="user", text=str(number)))
    pieces = [_read(piece) async for piece in frames(LiveFeed(Nats()), listener, [], _records())]
    assert [name for name, _ in pieces] == ["calls", "caption", "caption", "lagged"]
    assert [data.get("text") for _, data in pieces[1:3]] == ["0", "1"]


async def test_silence_has_heartbeats() -> None:
    stream = frames(LiveFeed(Nats()), Listener(None), [], _records(), pace=Pace(heartbeat=0.01))
    assert _read(await anext(stream))[0] == "calls"
    assert await anext(stream) == b": still here\n\n"
    assert await anext(stream) == b": still here\n\n"
    await stream.aclose()


async def test_whoever_may_not_read_on_is_told_and_left() -> None:
    pieces = [_read(piece) async for piece in frames(LiveFeed(Nats()), Listener(None), [], _records(may_read=False), pace=QUICK)]
    assert [(name, data.get("reason")) for name, data in pieces] == [("calls", None), ("closed", "signed_out")]


async def test_a_stream_of_one_call_ends_with_it_and_any_with_the_process() -> None:
    listener, feed = Listener("c1"), LiveFeed(Nats())
    await listener.on_event(_message(CallEnded(**AT, reason="agent_ended", duration_ms=1)))
    pieces = [_read(piece) async for piece in frames(feed, listener, [_call("c1")], _records(), ends_with="c1")]
    assert [(name, data.get("reason")) for name, data in pieces] == [("calls", None), ("ended", "agent_ended"), ("closed", "call_ended")]
    feed.leave()
    left = [_read(piece) async for piece in frames(feed, Listener(None), [], _records(), pace=QUICK)]
    assert left[-1][1]["reason"] == "server_leaves"


async def test_an_end_that_was_told_before_the_stream_began_is_found_in_the_records() -> None:
    stream = frames(LiveFeed(Nats()), Listener("c1"), [_call("c1")], _records(over=("c1", "c9")), ends_with="c1", pace=QUICK)
    pieces = [_read(piece) async for piece in stream]
    assert [(name, data.get("call_id")) for name, data in pieces] == [("calls", None), ("ended", "c1"), ("closed", None)]


async def test_an_end_is_told_once() -> None:
    listener = Listener(None)
    await listener.on_event(_message(CallEnded(**AT, reason="agent_ended", duration_ms=1)))
    stream = frames(LiveFeed(Nats()), listener, [_call("c1"), _call("c2")], _records(over=("c1", "c2")), pace=QUICK)
    told = [_read(await anext(stream)) for _ in range(3)]
    assert [data.get("call_id") for _, data in told] == [None, "c1", "c2"]
    assert await anext(stream) == b": still here\n\n"
    await stream.aclose()


def test_a_frame_is_one_line_of_json_whatever_was_said() -> None:
    piece = frame(LiveEvent(type="turn", at=now(), text="line one\nline two\r\nevent: closed"))
    assert piece.count(b"\n") == 3
    assert _read(piece)[1]["text"] == "line one\nline two\r\nevent: closed"
