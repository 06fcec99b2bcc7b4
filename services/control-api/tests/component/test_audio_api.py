"""Proves X2 K1 in part: greetings and hold music of any format are stored as telephone WAV."""

import io
import math
import struct
import wave

from control_api.in_process import TenantAccess


def _tone(rate_hz: int = 44_100, seconds: float = 0.5) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        for index in range(int(rate_hz * seconds)):
            sample = int(12_000 * math.sin(2 * math.pi * 440 * index / rate_hz))
            file.writeframesraw(struct.pack("<hh", sample, sample))
    return buffer.getvalue()


async def test_upload_raw_and_as_form(tenant: TenantAccess) -> None:
    raw = await tenant.http.put("/v1/audio/greeting", content=_tone(), headers={"content-type": "audio/wav"})
    assert raw.status_code == 200, raw.text
    form = await tenant.http.put("/v1/audio/hold.music", files={"file": ("hold.wav", _tone(), "audio/wav")})
    assert form.status_code == 200, form.text
    assert 400 <= form.json()["duration_ms"] <= 600
    stored = await tenant.http.get("/v1/audio/greeting")
    assert stored.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(stored.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
    assert [file["name"] for file in (await tenant.http.get("/v1/audio")).json()["files"]] == ["greeting", "hold.music"]
    assert (await tenant.http.delete("/v1/audio/greeting")).status_code == 204
    assert (await tenant.http.get("/v1/audio/greeting")).status_code == 404


async def test_what_is_no_audio_is_refused(tenant: TenantAccess) -> None:
    refused = await tenant.http.put("/v1/audio/x", content=b"this is text, not sound", headers={"content-type": "audio/wav"})
    assert refused.status_code == 422
    assert (await tenant.http.put("/v1/audio/x", files={"other": b"x"})).json()["errors"][0]["field"] == "file"
    too_big = await tenant.http.put("/v1/audio/x", content=b"0" * ((10 << 20) + 1), headers={"content-type": "audio/wav"})
    assert too_big.status_code == 413
