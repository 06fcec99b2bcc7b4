"""Moonshine tiny (English) in a few threads, one loaded model each: a handle serves one decode at a time (about 0.05 s per utterance)."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import in_thread

from agent_runtime.providers import failures
from agent_runtime.providers.lazy_imports import load

VENDOR: Final = "moonshine"
_RATE_HZ: Final = 16_000
_FULL_SCALE: Final = 32768.0
_DEADLINE_S: Final = 10.0
_MAX_WAITING: Final = 64
_INVENTED: Final = frozenset({"you"})
"""What the model makes of noise."""


class MoonshinePool:
    """Loads a model per thread on its first use (0.25 s, 200 MB). Owner closes it."""

    def __init__(self, workers: int = 2) -> None:
        self._workers = workers
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix=VENDOR)
        self._local = threading.local()
        self._running = 0

    @property
    def is_idle(self) -> bool:
        """True when nobody waits for a decode."""
        return self._running == 0

    async def warm_up(self) -> None:
        """Load one model; the other threads load theirs when the first two utterances meet."""
        await self.decode(b"")

    async def decode(self, pcm16: bytes) -> str:
        """Text of one utterance (int16 mono 16 kHz), "" when none is heard. Raises DependencyError; cancelling leaves the thread to finish."""
        if self._running >= _MAX_WAITING:
            raise DependencyError(f"{VENDOR} has too much to do", vendor=VENDOR, phase="first_byte", code=failures.RATE_LIMITED)
        self._running += 1
        try:
            async with asyncio.timeout(_DEADLINE_S):
                return await asyncio.get_running_loop().run_in_executor(self._executor, self._decode, pcm16)
        except TimeoutError as err:
            raise failures.timed_out(VENDOR, "first_byte") from err
        finally:
            self._running -= 1

    async def close(self) -> None:
        """Stop the threads; waits for a running decode, half a second at most for a long utterance."""
        await in_thread(lambda: self._executor.shutdown(wait=True, cancel_futures=True))

    def _decode(self, pcm16: bytes) -> str:
        transcriber = self._transcriber()
        if not pcm16:
            return ""
        from moonshine_voice.errors import MoonshineError

        signal = np.frombuffer(pcm16, "<i2").astype(np.float32) / _FULL_SCALE
        try:
            lines = transcriber.transcribe_without_streaming(signal.tolist(), _RATE_HZ).lines
        except MoonshineError as err:
            raise failures.failed(VENDOR, "first_byte") from err
        # Where it hears a pause it writes lines of punctuation alone.
        texts = [str(line.text).strip() for line in lines]
        text = " ".join(text for text in texts if any(letter.isalnum() for letter in text))
        return "" if text.strip(" .?!,").lower() in _INVENTED else text

    def _transcriber(self) -> Any:
        transcriber: Any = getattr(self._local, "transcriber", None)
        if transcriber is None:
            try:
                load("moonshine_voice")
                from moonshine_voice import ModelArch, Transcriber, get_model_path
                from moonshine_voice.errors import MoonshineError
            except (ImportError, OSError) as err:
                raise DependencyError(f"{VENDOR} is not installed on this system", vendor=VENDOR, code=failures.UNREACHABLE, retryable=False) from err
            try:
                # Speech is cut out before (see utterance.py); the model's own detection splits off silence and hears words in it.
                options = {"vad_threshold": "0", "return_audio_data": "false", "identify_speakers": "false"}
                transcriber = Transcriber(str(get_model_path("tiny-en")), ModelArch.TINY, options=options)
            except MoonshineError as err:
                raise DependencyError(f"{VENDOR} cannot load its model", vendor=VENDOR, code=failures.UNREACHABLE, retryable=False) from err
            self._local.transcriber = transcriber
        return transcriber
