"""Proves A2 (tts): words out of characters, over the borders of chunks and in scripts without spaces."""

from typing import Any

import pytest
from agent_runtime.providers.ports import SpokenWord
from agent_runtime.providers.vendors.elevenlabs.word_times import WordTimes


def alignment(text: str, first_s: float) -> dict[str, Any]:
    starts = [first_s + index / 10 for index in range(len(text))]
    return {"characters": list(text), "character_start_times_seconds": starts, "character_end_times_seconds": [start + 0.1 for start in starts]}


@pytest.mark.parametrize("second_start_s", [0.4, 0.0], ids=["absolute", "of the chunk"])
def test_a_word_over_two_chunks(second_start_s: float) -> None:
    times = WordTimes()
    words = [*times.add(alignment("a te", 0.0), 0.0), *times.add(None, 100.0), *times.add(alignment("st", second_start_s), 400.0), *times.finish()]
    assert [(word.text, round(word.start_ms), round(word.end_ms), word.until_character) for word in words] == [
        ("a", 0, 100, 1),
        ("test", 200, 600, 6),
    ]
    assert times.finish() == ()


def test_characters_that_are_words() -> None:
    times = WordTimes()
    words = [*times.add(alignment("はい。ok", 0.0), 0.0), *times.finish()]
    assert [word.text for word in words] == ["は", "い。ok"]
    assert words[0] == SpokenWord("は", 0.0, 100.0, 1)


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        WordTimes().add({**alignment("ab", 0.0), "character_end_times_seconds": [1.0]}, 0.0)
