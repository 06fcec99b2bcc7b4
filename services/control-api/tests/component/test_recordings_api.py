"""Proves K1 K3 AC3 AC5 AC6: recordings are joined while they are read, in ranges, by their tenant; they are sealed, expire and are deleted.

B3: messages of callers are listed, listened to and ticked off.
"""

import io
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from callstage_audio.framed_mp3 import FRAME_BYTES, FRAME_SAMPLES, FramedMp3Encoder
from callstage_contracts.events import CallEnded, CallStarted, RecordingReady, RecordingStarted, VoicemailLeft
from callstage_kit.recordings.chunks import Chunk, ChunkSealer, part_prefix
from callstage_kit.recordings.store import NatsStore
from control_api.features.recordings.keeper import RecordingKeeper
from control_api.features.recordings.service import RecordingFiles
from control_api.in_process import InProcess, TenantAccess, until

RATE_HZ = 8000
CHUNK_FRAMES = 10


def _sound(frames: int) -> bytes:
    """Noise left, silence right."""
    noise = (np.random.default_rng(2).standard_normal(frames * FRAME_SAMPLES) * 3000).astype(np.int16)
    encoder = FramedMp3Encoder(RATE_HZ)
    return encoder.push(noise, np.zeros_like(noise)) + encoder.finish()


async def _keep(stack: InProcess, at: dict[str, str], part: str, frames: int) -> bytes:
    """What a gateway stores."""
    mp3, store = _sound(frames), NatsStore(stack.nats)
    sealer = ChunkSealer(stack.settings.secret_box, part_prefix(at["tenant_id"], at["call_id"], part))
    for number, start in enumerate(range(0, frames, CHUNK_FRAMES)):
        count = min(CHUNK_FRAMES, frames - start)
        chunk = Chunk(number, count, bytes([51, 0]) * count, mp3[start * FRAME_BYTES : (start + count) * FRAME_BYTES])
        name, data = sealer.seal(chunk)
        assert mp3[:40] not in data
        await store.put(name, data)
    return mp3


def _told(at: dict[str, str], part: str, first_frame: int, frames: int | None, **more: Any) -> RecordingStarted | RecordingReady:
    values: dict[str, Any] = {**at, "part": part, "rate_hz": RATE_HZ, "first_frame": first_frame, **more}
    return RecordingStarted(**values) if frames is None else RecordingReady(**values, frames=frames, size_bytes=frames * FRAME_BYTES)


async def _call(stack: InProcess, tenant: TenantAccess, *, is_over: bool = True, ended_at: datetime | None = None) -> dict[str, Any]:
    at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": secrets.token_hex(8)}
    events: list[Any] = [CallStarted(**at, session_id="s", agent_id="pizza", deployment=1, channel="twilio")]
    if is_over:
        events.append(CallEnded(**at, reason="caller_hung_up", duration_ms=3000, occurred_at=ended_at or datetime.now(UTC)))
    await stack.publish(*events)
    return at


async def _recording(tenant: TenantAccess, at: dict[str, str], *, parts: int) -> dict[str, Any]:
    async def shown() -> dict[str, Any]:
        reply = await tenant.http.get(f"/v1/calls/{at['call_id']}")
        found = (reply.json().get("recording") or {}) if reply.status_code == 200 else {}
        return found if found.get("parts") == parts else {}

    return await until(shown)


def _decoded(mp3: bytes) -> Sequence[float]:
    with av.open(io.BytesIO(mp3), "r", format="mp3") as container:
        found = [frame.to_ndarray() for frame in container.decode(audio=0) if isinstance(frame, AudioFrame)]
    return np.abs(np.concatenate(found, axis=1)[0]).reshape(-1, FRAME_SAMPLES).max(axis=1).tolist()


async def test_a_call_that_moved_is_one_file_with_silence_between(stack: InProcess, tenant: TenantAccess) -> None:
    at = await _call(stack, tenant)
    first, second = await _keep(stack, at, "call-a", 25), await _keep(stack, at, "call-b", 12)
    await stack.publish(_told(at, "call-b", 40, 12), _told(at, "call-a", 0, None), _told(at, "call-a", 0, 25))
    shown = await _recording(tenant, at, parts=2)
    assert shown == {"duration_ms": 52 * 72, "channels": 2, "size_bytes": 52 * FRAME_BYTES, "parts": 2}
    dashboard = (await tenant.http.get(f"/api/dashboard/calls/{at['call_id']}")).json()
    assert dashboard["recording"] == shown
    listed = (await tenant.http.get("/v1/calls")).json()["calls"]
    assert next(call["recording"] for call in listed if call["call_id"] == at["call_id"]) == shown

    url = f"/v1/calls/{at['call_id']}/recording"
    whole = await tenant.http.get(url)
    assert (whole.status_code, whole.headers["content-type"], whole.headers["accept-ranges"]) == (200, "audio/mpeg", "bytes")
    assert whole.content[: len(first)] == first
    assert whole.content[40 * FRAME_BYTES :] == second
    levels = _decoded(whole.content)
    assert min(levels[2:25]) > 0.05
    assert max(levels[27:40]) < 0.001
    assert whole.headers["content-disposition"] == f'inline; filename="call-{at["call_id"]}.mp3"'
    saved = await tenant.http.get(url, params={"download": "true"})
    assert saved.headers["content-disposition"].startswith("attachment;")

    size = len(whole.content)
    for header, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=100-7999", 100, 8000),
        ("bytes=2879-2881", 2879, 2882),
        (f"bytes=7000-{size + 50}", 7000, size),
        ("bytes=9000-", 9000, size),
        ("bytes=-500", size - 500, size),
    ):
        part = await tenant.http.get(url, headers={"range": header})
        assert part.status_code == 206, header
        assert part.content == whole.content[start:end], header
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    for header in ("bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=x"):
        assert (await tenant.http.get(url, headers={"range": header})).status_code == 200
    refused = await tenant.http.get(url, headers={"range": f"bytes={size}-"})
    assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{size}")


async def test_a_waveform_needs_no_sound(stack: InProcess, tenant: TenantAccess) -> None:
    at = await _call(stack, tenant)
    await _keep(stack, at, "call-a", 20)
    await stack.publish(_told(at, "call-a", 5, 20))
    await _recording(tenant, at, parts=1)
    url = f"/v1/calls/{at['call_id']}/recording/peaks"
    fine = (await tenant.http.get(url)).json()
    assert (fine["duration_ms"], fine["step_ms"], fine["channels"]) == (25 * 72, 72, ["caller", "agent"])
    assert fine["peaks"] == [[0.0] * 5 + [0.2] * 20, [0.0] * 25]
    coarse = (await tenant.http.get(url, params={"points": 10})).json()
    assert (coarse["step_ms"], coarse["peaks"][0]) == (216, [0.0] + [0.2] * 8)
    assert (await tenant.http.get(url, params={"points": 1})).status_code == 422


async def test_who_may_listen_and_who_may_delete(stack: InProcess, tenant: TenantAccess) -> None:
    at = await _call(stack, tenant)
    await _keep(stack, at, "call-a", 20)
    await stack.publish(_told(at, "call-a", 0, 20))
    await _recording(tenant, at, parts=1)
    url = f"/v1/calls/{at['call_id']}/recording"
    key = (await tenant.http.post("/v1/api-keys", json={"scopes": ["read"]})).json()["api_key"]
    viewer, stranger = await stack.client(x_api_key=key), (await stack.tenant()).http
    assert (await viewer.get(url)).status_code == (await viewer.get(f"{url}/peaks")).status_code == 200
    assert (await viewer.delete(url)).status_code == 403
    for reply in (await stranger.get(url), await stranger.get(f"{url}/peaks"), await stranger.delete(url)):
        assert reply.status_code == 404
    assert (await (await stack.client()).get(url)).status_code == 401
    assert (await tenant.http.delete(url)).status_code == 204
    assert (await tenant.http.get(url)).status_code == (await tenant.http.delete(url)).status_code == 404
    assert (await tenant.http.get(f"/v1/calls/{at['call_id']}")).json()["recording"] is None
    assert await NatsStore(stack.nats).names(f"{tenant.id}.{at['call_id']}") == []
    entry = (await tenant.http.get("/v1/audit")).json()["entries"][0]
    assert (entry["action"], entry["entity_id"]) == ("recording.deleted", at["call_id"])


async def test_a_running_call_keeps_its_recording(stack: InProcess, tenant: TenantAccess) -> None:
    at = await _call(stack, tenant, is_over=False)
    await _keep(stack, at, "call-a", 20)
    await stack.publish(_told(at, "call-a", 0, 20))
    await _recording(tenant, at, parts=1)
    assert (await tenant.http.delete(f"/v1/calls/{at['call_id']}/recording")).json()["code"] == "call_running"


async def test_what_a_lost_gateway_has_kept_is_found_and_what_is_old_is_gone(stack: InProcess, tenant: TenantAccess) -> None:
    old = datetime.now(UTC) - timedelta(days=8)
    at = await _call(stack, tenant, ended_at=datetime.now(UTC) - timedelta(minutes=5))
    await _keep(stack, at, "call-lost", 34)
    await _keep(stack, at, "call-old", 11)
    await _keep(stack, at, "vm-unclaimed", 5)
    await stack.publish(
        _told(at, "call-lost", 0, None, occurred_at=old),
        _told(at, "call-old", 100, 11, occurred_at=old, retention_days=7),
        _told(at, "vm-unclaimed", 3, 5, occurred_at=old, kind="voicemail"),
        VoicemailLeft(**at, voicemail_id="vm-old", agent_id="pizza", duration_ms=1, occurred_at=old, retention_days=7),
    )
    await _recording(tenant, at, parts=1)
    store = NatsStore(stack.nats)
    keeper = RecordingKeeper(stack.database, RecordingFiles(store, stack.settings.secret_box), interval_s=60)
    await keeper.keep()
    shown = await _recording(tenant, at, parts=1)
    assert shown["duration_ms"] == 34 * 72
    assert {name.split(".")[2] for name in await store.names(f"{tenant.id}.{at['call_id']}")} == {"call-lost"}
    assert len((await tenant.http.get(f"/v1/calls/{at['call_id']}/recording")).content) == 34 * FRAME_BYTES
    assert (await tenant.http.get("/v1/voicemails")).json()["voicemails"] == []


async def test_a_lost_chunk_is_silence_and_a_changed_one_an_error(stack: InProcess, tenant: TenantAccess) -> None:
    at = await _call(stack, tenant)
    mp3 = await _keep(stack, at, "call-a", 30)
    await stack.publish(_told(at, "call-a", 0, 30))
    await _recording(tenant, at, parts=1)
    store, prefix = NatsStore(stack.nats), f"{tenant.id}.{at['call_id']}.call-a"
    await store.delete(f"{prefix}.000001")
    content = (await tenant.http.get(f"/v1/calls/{at['call_id']}/recording")).content
    assert len(content) == 30 * FRAME_BYTES
    assert content[: 10 * FRAME_BYTES] == mp3[: 10 * FRAME_BYTES]
    assert max(_decoded(content)[12:20]) < 0.001
    await store.put(f"{prefix}.000000", (await store.get(f"{prefix}.000002")) or b"")
    assert (await tenant.http.get(f"/v1/calls/{at['call_id']}/recording")).status_code == 500


async def test_messages_are_listed_heard_and_deleted(stack: InProcess, tenant: TenantAccess) -> None:
    at = await _call(stack, tenant)
    mp3 = await _keep(stack, at, "vm-1", 20)
    left = VoicemailLeft(**at, voicemail_id="vm-1", agent_id="pizza", caller_phone="+12025550147", reason="closed", text="Call me.", duration_ms=9)
    await stack.publish(left, _told(at, "vm-1", 40, 20, kind="voicemail"))

    async def listed() -> list[dict[str, Any]]:
        found = (await tenant.http.get("/v1/voicemails")).json()["voicemails"]
        return found if found and found[0]["has_audio"] else []

    [message] = await until(listed)
    assert message == {
        "voicemail_id": "vm-1",
        "call_id": at["call_id"],
        "agent_id": "pizza",
        "caller_phone": "+12025550147",
        "to_number": "",
        "reason": "closed",
        "transcript": "Call me.",
        "duration_ms": 20 * 72,
        "is_heard": False,
        "has_audio": True,
        "left_at": message["left_at"],
    }
    # A message is no recording of the call.
    assert (await tenant.http.get(f"/v1/calls/{at['call_id']}")).json()["recording"] is None
    audio = await tenant.http.get("/v1/voicemails/vm-1/audio")
    assert (audio.status_code, audio.content) == (200, mp3)
    assert (await tenant.http.get("/v1/voicemails/vm-1/audio", headers={"range": "bytes=5-9"})).content == mp3[5:10]

    stranger = (await stack.tenant()).http
    for reply in (
        await stranger.get("/v1/voicemails/vm-1/audio"),
        await stranger.patch("/v1/voicemails/vm-1", json={"is_heard": True}),
        await stranger.delete("/v1/voicemails/vm-1"),
    ):
        assert reply.status_code == 404
    assert (await stranger.get("/v1/voicemails")).json() == {"voicemails": [], "unheard": 0, "next_cursor": None}

    assert (await tenant.http.get("/v1/voicemails")).json()["unheard"] == 1
    assert (await tenant.http.patch("/v1/voicemails/vm-1", json={"is_heard": True})).json()["is_heard"] is True
    assert (await tenant.http.get("/v1/voicemails", params={"is_heard": "false"})).json()["voicemails"] == []
    assert len((await tenant.http.get("/v1/voicemails", params={"agent_id": "pizza"})).json()["voicemails"]) == 1
    assert (await tenant.http.delete("/v1/voicemails/vm-1")).status_code == 204
    assert (await tenant.http.get("/v1/voicemails")).json() == {"voicemails": [], "unheard": 0, "next_cursor": None}
    assert await NatsStore(stack.nats).names(f"{tenant.id}.{at['call_id']}") == []
