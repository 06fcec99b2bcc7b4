"""libespeak-ng through ctypes. Its state is global, so one synthesis runs at a time in a process; a sentence takes about 1 ms."""

import ctypes
import threading
from dataclasses import dataclass
from typing import Any, Final

from callstage_domain.errors import DependencyError

from agent_runtime.providers import failures

VENDOR: Final = "espeak"
# Values of speak_lib.h of espeak-ng 1.52.
_OUTPUT_SYNCHRONOUS: Final = 2
_BUFFER_MS: Final = 60
_DONT_EXIT: Final = 0x8000
_UTF8: Final = 1
_RATE: Final = 1
_POSITION_CHARACTER: Final = 1
_NORMAL_WPM: Final = 165
_WPM_RANGE: Final = (80, 450)

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _VoiceRecord(ctypes.Structure):
    """`espeak_VOICE`."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """A voice of the library; `language` is what `speak` takes."""

    language: str
    name: str


class EspeakLibrary:
    """Loaded once per process by `espeak_library`. Blocking: call from a thread."""

    def __init__(self) -> None:
        try:
            import espeakng_loader

            self._lib: Any = ctypes.CDLL(str(espeakng_loader.get_library_path()))
            data_path = str(espeakng_loader.get_data_path()).encode()
        except (ImportError, OSError) as err:
            raise DependencyError(f"{VENDOR} is not installed on this system", vendor=VENDOR, code=failures.UNREACHABLE, retryable=False) from err
        self._lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceRecord))
        self.rate_hz: int = self._lib.espeak_Initialize(_OUTPUT_SYNCHRONOUS, _BUFFER_MS, data_path, _DONT_EXIT)
        if self.rate_hz <= 0:
            raise DependencyError(f"{VENDOR} cannot read its data", vendor=VENDOR, code=failures.UNREACHABLE, retryable=False)
        self._chunks: list[bytes] = []
        self._callback = _Callback(self._collect)
        self._lib.espeak_SetSynthCallback(self._callback)
        self._lock = threading.Lock()

    def speak(self, text: str, voice: str, speed: float) -> bytes:
        """Audio (int16 mono, `rate_hz`). An unknown voice speaks as `en-us`. Raises DependencyError."""
        slowest, fastest = _WPM_RANGE
        data = text.encode()
        with self._lock:
            self._chunks = []
            if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
                self._lib.espeak_SetVoiceByName(b"en-us")
            self._lib.espeak_SetParameter(_RATE, min(max(round(_NORMAL_WPM * speed), slowest), fastest), 0)
            status = self._lib.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, _POSITION_CHARACTER, 0, _UTF8, None, None)
            audio, self._chunks = b"".join(self._chunks), []
        if status != 0:
            raise failures.failed(VENDOR, "first_byte")
        return audio

    def voices(self) -> list[EspeakVoice]:
        """One entry per language."""
        with self._lock:
            records = self._lib.espeak_ListVoices(None)
            found: dict[str, EspeakVoice] = {}
            index = 0
            while records[index]:
                record = records[index].contents
                # A list of (priority byte, language, 0), ended by 0; C strings end after the first, which is the main one.
                language = record.languages[1:].decode(errors="replace")
                found.setdefault(language, EspeakVoice(language, record.name.decode(errors="replace")))
                index += 1
        return list(found.values())

    def _collect(self, samples: Any, count: int, _: Any) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, count * 2))
        return 0


_loading = threading.Lock()
_loaded: list[EspeakLibrary] = []


def espeak_library() -> EspeakLibrary:
    """The one library of this process. Blocking on first use. Raises DependencyError when it cannot be loaded."""
    with _loading:
        if not _loaded:
            _loaded.append(EspeakLibrary())
        return _loaded[0]
