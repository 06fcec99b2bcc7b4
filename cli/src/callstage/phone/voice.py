"""The caller's voice: flite when it is installed, else espeak-ng from its wheel; recordings as they are. Blocking, so from a thread."""

import ctypes
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from callstage_audio.errors import AudioFormatError
from callstage_audio.level import peak_dbfs, rms_dbfs
from callstage_audio.mp3 import decode_audio
from callstage_audio.pcm import duration_ms, sample_count, samples
from callstage_audio.resample import resample
from callstage_audio.wav import read_wav
from callstage_phone.hearing import AUDIBLE_PEAK

from callstage.phone.errors import CannotCall

# What a handset delivers: speech near -20 dBFS RMS, peaks clear of clipping, hardly any silence around it.
SPEECH_RMS_DBFS = -20.0
MAX_PEAK_DBFS = -1.0
EDGE_MS = 60
_MAX_CHARACTERS = 2000
_MAX_WAV_S = 120.0
_FLITE_TIMEOUT_S = 30.0

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7


@dataclass(frozen=True, slots=True)
class Utterance:
    """One line of the caller: int16 mono at the rate of the call."""

    text: str
    pcm16: bytes


class Flite:
    """The `flite` program. Moonshine tiny understands voice `rms` best over µ-law: 96 % of the words of 24 sentences (`slt`: 82 % of twelve)."""

    name = "flite"

    def speak(self, text: str) -> tuple[bytes, int]:
        """(int16 mono, rate_hz)."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "speech.wav"
            command = ["flite", "-voice", "rms", "-t", text, "-o", str(target)]
            subprocess.run(command, check=True, timeout=_FLITE_TIMEOUT_S, stdin=subprocess.DEVNULL, capture_output=True)
            return read_wav(target.read_bytes())


class Espeak:
    """espeak-ng as a library. It has one state per process, so one sentence at a time."""

    name = "espeak-ng"
    _lock = threading.Lock()
    _library: Any = None
    _rate_hz = 0

    def speak(self, text: str) -> tuple[bytes, int]:
        """(int16 mono, rate_hz)."""
        chunks: list[bytes] = []

        def take(wave: Any, count: int, _events: int) -> int:
            if wave and count:
                chunks.append(ctypes.string_at(wave, count * 2))
            return 0

        with self._lock:
            library = self._loaded()
            callback = _SYNTH_CALLBACK(take)
            library.espeak_SetSynthCallback(callback)
            encoded = text.encode() + b"\0"
            library.espeak_Synth(encoded, len(encoded), 0, 1, 0, _UTF8, None, None)
            library.espeak_Synchronize()
        return b"".join(chunks), self._rate_hz

    @classmethod
    def _loaded(cls) -> Any:
        if cls._library is not None:
            return cls._library
        import espeakng_loader  # 10 MB that a flite user never needs

        library = ctypes.CDLL(espeakng_loader.get_library_path())
        library.espeak_Synth.argtypes = _SYNTH_ARGUMENTS
        cls._rate_hz = library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), _DONT_EXIT)
        if cls._rate_hz <= 0 or library.espeak_SetVoiceByName(ESPEAK_VOICE.encode()) != 0:
            raise CannotCall("espeak-ng does not start; install flite, or give recordings with --wav.")
        for parameter, value in _ESPEAK_PARAMETERS:
            library.espeak_SetParameter(parameter, value, 0)
        cls._library = library
        return library


_SYNTH_ARGUMENTS = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p]
_SYNTH_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)

# Of the 70 voices and variants in the wheel the one that is understood best, measured like flite's: about 86 % of the words (plain en-us: 75 %).
# The short gap between words does more for it than speed or pitch. "Goodbye" stays beyond it.
ESPEAK_VOICE = "en-us+steph"
ESPEAK_WORDS_PER_MIN = 145
ESPEAK_PITCH = 50
ESPEAK_PITCH_RANGE = 60
ESPEAK_WORD_GAP_10MS = 3
_ESPEAK_PARAMETERS = (
    (_RATE, ESPEAK_WORDS_PER_MIN),
    (_PITCH, ESPEAK_PITCH),
    (_RANGE, ESPEAK_PITCH_RANGE),
    (_WORD_GAP, ESPEAK_WORD_GAP_10MS),
)

Voice = Flite | Espeak


def best_voice() -> Voice:
    """flite sounds more human to recognisers and end-of-turn models."""
    return Flite() if shutil.which("flite") else Espeak()


def utterances(lines: Sequence[str], recordings: Sequence[Path], rate_hz: int, voice: Voice | None = None) -> list[Utterance]:
    """The lines spoken, then the recordings, at `rate_hz`. Raises CannotCall for a file that cannot be read or a line that cannot be spoken."""
    speaker = voice or best_voice()
    return [_spoken(speaker, line, rate_hz) for line in lines] + [_recorded(path, rate_hz) for path in recordings]


DEMO_LINES = {
    "order.wav": "I would like to order three large pizzas, please.",
    "name.wav": "My name is Anna.",
    "goodbye.wav": "That is all, thank you. Goodbye.",
}
"""The demo order, recorded with a flite voice: espeak-ng is understood too badly by the offline recogniser to show what the agent can do."""


def demo_utterances(rate_hz: int) -> list[Utterance]:
    """The demo order at `rate_hz`, the same on every machine."""
    folder = Path(__file__).parent / "demo"
    return [Utterance(text, _recorded(folder / name, rate_hz).pcm16) for name, text in DEMO_LINES.items()]


def _spoken(voice: Voice, text: str, rate_hz: int) -> Utterance:
    if len(text) > _MAX_CHARACTERS:
        raise CannotCall(f"A line may have {_MAX_CHARACTERS} characters, this one has {len(text)}.")
    try:
        pcm16, spoken_hz = voice.speak(text)
    except (subprocess.SubprocessError, OSError) as err:
        raise CannotCall(f"{voice.name} could not speak {text!r}: {err}") from err
    sound = trimmed(resample(pcm16, spoken_hz, rate_hz), rate_hz)
    if not sound:
        raise CannotCall(f"{voice.name} has no sound for {text!r}.")
    return Utterance(text, levelled(sound))


def _recorded(path: Path, rate_hz: int) -> Utterance:
    try:
        pcm16 = decode_audio(path.read_bytes(), rate_hz, _MAX_WAV_S)
    except OSError as err:
        raise CannotCall(f"{path} cannot be read: {err.strerror}.") from err
    except AudioFormatError as err:
        raise CannotCall(f"{path}: {err}.") from err
    sound = trimmed(pcm16, rate_hz)
    if not sound:
        raise CannotCall(f"{path} holds only silence.")
    return Utterance(f"[{path.name}, {duration_ms(sound, rate_hz) / 1000:.1f} s]", sound)


def trimmed(pcm16: bytes, rate_hz: int) -> bytes:
    """Without the silence at both ends but for 60 ms; empty when there is nothing else."""
    signal = samples(pcm16)
    loud = np.flatnonzero(np.abs(signal.astype(np.int32)) > AUDIBLE_PEAK)
    if not loud.size:
        return b""
    edge = sample_count(EDGE_MS, rate_hz)
    return signal[max(int(loud[0]) - edge, 0) : int(loud[-1]) + 1 + edge].tobytes()


def levelled(pcm16: bytes) -> bytes:
    """Brought to the level of a handset."""
    gain_db = min(SPEECH_RMS_DBFS - rms_dbfs(pcm16), MAX_PEAK_DBFS - peak_dbfs(pcm16))
    return np.clip(np.rint(samples(pcm16) * 10 ** (gain_db / 20)), -32768, 32767).astype("<i2").tobytes()
