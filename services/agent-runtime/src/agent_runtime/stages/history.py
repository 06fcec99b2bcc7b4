"""What of a conversation the model sees, and what of an utterance the caller heard."""

from collections.abc import Sequence
from dataclasses import replace

from agent_runtime.providers.ports import Message
from agent_runtime.stages.state import Line, Spoken

MAX_LINES = 80
"""Beyond this the oldest lines leave the request; variables and prompts carry what must not be forgotten."""
_STILL_RUNNING = "The tool has not finished yet."
WordMark = tuple[int, int]
"""Milliseconds into a sentence's audio, and how many characters of the sentence have been said by then."""


def for_model(lines: Sequence[Line], *, limit: int = MAX_LINES) -> tuple[Message, ...]:
    """Messages in the order every vendor accepts: tool results right behind their call, no result missing, no two user messages in a row."""
    messages = [line.message for line in _window(lines, limit)]
    results = {message.tool_call_id: message for message in messages if message.role == "tool"}
    ordered: list[Message] = []
    for message in messages:
        if message.role == "tool":
            continue
        if message.role == "assistant" and not message.content and not message.tool_calls:
            continue
        if message.role == "user" and ordered and ordered[-1].role == "user":
            ordered[-1] = replace(ordered[-1], content=f"{ordered[-1].content} {message.content}")
            continue
        ordered.append(message)
        ordered.extend(
            results.get(call.id) or Message("tool", _STILL_RUNNING, tool_call_id=call.id, tool_name=call.name) for call in message.tool_calls
        )
    return tuple(ordered)


def _window(lines: Sequence[Line], limit: int) -> Sequence[Line]:
    if len(lines) <= limit:
        return lines
    kept = lines[-limit:]
    start = next((index for index, line in enumerate(kept) if line.message.role == "user"), 0)
    return kept[start:]


def heard_text(sentences: Sequence[str], durations_ms: Sequence[float], heard_ms: float, words: Sequence[Sequence[WordMark]] = ()) -> str:
    """What was heard of an utterance: whole sentences, and of the one that was cut the words that had been said to their end.

    `words` holds the marks of each sentence; without marks a sentence's words are counted in proportion to its time.
    """
    heard: list[str] = []
    left_ms = heard_ms
    for index, (sentence, duration_ms) in enumerate(zip(sentences, durations_ms, strict=False)):
        if left_ms >= duration_ms:
            heard.append(sentence)
            left_ms -= duration_ms
            continue
        heard.append(_beginning(sentence, left_ms, duration_ms, words[index] if index < len(words) else ()))
        break
    return " ".join(piece for piece in heard if piece)


def _beginning(sentence: str, heard_ms: float, duration_ms: float, marks: Sequence[WordMark]) -> str:
    if marks:
        return sentence[: max((until for end_ms, until in marks if end_ms <= heard_ms), default=0)].strip()
    words = sentence.split()
    return " ".join(words[: int(len(words) * heard_ms / duration_ms)]) if duration_ms > 0 else ""


def unheard_sentences(spoken: Spoken, heard_ms: float) -> tuple[str, ...]:
    """The sentences to say again, beginning with the one that was cut."""
    left_ms, index = heard_ms, 0
    for duration_ms in spoken.durations_ms:
        if left_ms < duration_ms:
            break
        left_ms -= duration_ms
        index += 1
    return spoken.sentences[index:]
