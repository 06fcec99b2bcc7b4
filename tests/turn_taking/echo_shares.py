"""What the comparison with our own voice gives on the tuning part: `python -m tests.turn_taking.echo_shares`.

Percentiles of the explained share for an echo alone, for a caller alone, and for a caller who has begun to speak over the echo 192 to 290 ms ago.
"""

import sys

import numpy as np
from callstage_audio.g711 import pcm16_to_ulaw, ulaw_to_pcm16
from media_gateway.vad.echo import HEARD_SAMPLES, PLAYED_SAMPLES, echo_share

from tests.turn_taking.sounds import FULL_SCALE, room
from tests.turn_taking.voices import Signal, agent_lines, caller_phrases

_TAKES = 300
_LONGEST_DELAY = 560 * 8


def shares(echo_db: float | None, caller_db: float | None, noise_dbfs: float) -> list[float]:
    """Sorted."""
    rng = np.random.default_rng(7)
    lines = [np.concatenate([sentence.signal for sentence in line]) for line in agent_lines("tuning").values()]
    callers = [phrase.signal for phrase in caller_phrases("tuning", "real")]
    return sorted(_take(rng, lines, callers, echo_db, caller_db, noise_dbfs) for _ in range(_TAKES))


def _take(
    rng: np.random.Generator, lines: list[Signal], callers: list[Signal], echo_db: float | None, caller_db: float | None, noise_dbfs: float
) -> float:
    line = lines[int(rng.integers(len(lines)))]
    end = int(rng.integers(PLAYED_SAMPLES + _LONGEST_DELAY, line.size))
    heard = rng.standard_normal(line.size) * FULL_SCALE * 10 ** (noise_dbfs / 20)
    if echo_db is not None:
        delay = int(rng.integers(0, _LONGEST_DELAY))
        echo = np.convolve(line, room(int(rng.integers(10_000))))[: line.size - delay]
        heard[delay:] += echo * 10 ** (echo_db / 20)
    if caller_db is not None:
        caller = callers[int(rng.integers(len(callers)))] * 10 ** (caller_db / 20)
        begin = end - 1536 - int(rng.integers(0, 780))
        piece = caller[: line.size - begin]
        heard[begin : begin + piece.size] += piece
    coded = ulaw_to_pcm16(pcm16_to_ulaw(np.clip(heard, -32768, 32767).astype(np.int16).tobytes()))
    window = np.frombuffer(coded, np.int16)[end - HEARD_SAMPLES : end]
    return echo_share(window, line[end - PLAYED_SAMPLES : end].astype(np.int16))


def main() -> None:
    cases: list[tuple[str, float | None, float | None, float]] = [("caller alone", None, 0.0, -60.0)]
    cases += [(f"echo {level:.0f} dB, noise {noise:.0f} dBFS", level, None, noise) for level in (-10.0, -20.0, -30.0) for noise in (-70.0, -60.0)]
    cases += [(f"caller {caller:.0f} dB over echo {level:.0f} dB", level, caller, -62.0) for level in (-10.0, -20.0) for caller in (0.0, -6.0)]
    for name, echo_db, caller_db, noise_dbfs in cases:
        found = shares(echo_db, caller_db, noise_dbfs)
        percentiles = "  ".join(f"{share:3.0%} {np.percentile(found, share * 100):.2f}" for share in (0.01, 0.05, 0.5, 0.95, 0.99))
        sys.stdout.write(f"{name:34} {percentiles}\n")


if __name__ == "__main__":
    main()
