"""The mouth of a phone call: text is cut into sentences and spoken."""

from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.phrases import phrases_for
from agent_runtime.conversation.sentences import SentenceSplitter
from agent_runtime.conversation.speech import Speech
from agent_runtime.conversation.utterance import Utterance


class VoiceMouth:
    """Implements `Mouth` over `Speech`."""

    def __init__(self, speech: Speech, language: str) -> None:
        self._speech = speech
        self._language = language
        self._open: dict[str, tuple[Utterance, SentenceSplitter]] = {}

    def begin(self, clock: TurnClock | None) -> str:
        """A new utterance; its id."""
        utterance = self._speech.begin(clock)
        self._open[utterance.id] = (utterance, SentenceSplitter())
        return utterance.id

    def write(self, utterance: str, delta: str) -> None:
        """Speak what is complete."""
        spoken, splitter = self._open[utterance]
        for sentence in splitter.push(delta):
            self._speech.say(spoken, sentence)

    def close(self, utterance: str) -> str:
        """Speak the rest; the text as spoken."""
        spoken, splitter = self._open.pop(utterance)
        for sentence in splitter.flush():
            self._speech.say(spoken, sentence)
        self._speech.close(spoken)
        return " ".join(spoken.sentences)

    def filler(self) -> None:
        """Rule W4."""
        self.phrase(phrases_for(self._language).filler, is_kept=False)

    def phrase(self, text: str, *, is_kept: bool = True, clock: TurnClock | None = None) -> tuple[str, str]:
        """A fixed text, whose audio is cached: (utterance id, its text)."""
        utterance = self._speech.begin(clock, is_kept=is_kept, is_cacheable=True)
        splitter = SentenceSplitter()
        for sentence in (*splitter.push(text), *splitter.flush()):
            self._speech.say(utterance, sentence)
        self._speech.close(utterance)
        return utterance.id, " ".join(utterance.sentences)

    async def drained(self) -> None:
        """Everything is on its way."""
        await self._speech.drained()
