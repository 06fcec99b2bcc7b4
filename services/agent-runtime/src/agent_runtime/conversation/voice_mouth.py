"""The mouth of a phone call: text is cut into sentences and spoken."""

from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.phrases import phrases_for
from agent_runtime.conversation.sentences import SentenceSplitter
from agent_runtime.conversation.speech import Speech
from agent_runtime.conversation.utterance import Utterance
from agent_runtime.providers.ports import Sound


class VoiceMouth:
    """Implements `Mouth` over `Speech`."""

    def __init__(self, speech: Speech, language: str) -> None:
        self._speech = speech
        self._language = language
        self._open: dict[str, tuple[Utterance, SentenceSplitter]] = {}

    def begin(self, clock: TurnClock | None) -> str:
        """A new utterance; its id."""
        utterance = self._speech.begin(clock)
        self._open[utterance.id] = (utterance, SentenceSplitter(self._language))
        return utterance.id

    def write(self, utterance: str, delta: str, sound: Sound | None = None) -> None:
        """Speak what is complete; what comes with its sound is spoken already."""
        spoken, splitter = self._open[utterance]
        if sound is not None:
            self._speech.sound(spoken, sound, splitter.push(delta), splitter.rest)
            return
        if not delta:
            return
        self._end_sound(spoken, splitter)
        for sentence in splitter.push(delta):
            self._speech.say(spoken, sentence)

    def close(self, utterance: str) -> str:
        """Speak the rest; the text as spoken."""
        spoken, splitter = self._open.pop(utterance)
        self._end_sound(spoken, splitter)
        for sentence in splitter.flush():
            self._speech.say(spoken, sentence)
        self._speech.close(spoken)
        return " ".join(spoken.sentences)

    def _end_sound(self, spoken: Utterance, splitter: SentenceSplitter) -> None:
        """What follows, if anything, is spoken by the voice of the cascade."""
        if spoken.sound is not None and not spoken.sound.is_ended:
            self._speech.sound(spoken, spoken.sound, splitter.flush())
            spoken.sound.end()

    def filler(self) -> None:
        """Rule W4."""
        self.phrase(phrases_for(self._language).filler, is_kept=False)

    def phrase(self, text: str, *, is_kept: bool = True, clock: TurnClock | None = None, must_hear: str = "") -> tuple[str, str]:
        """A fixed text, whose audio is cached: (utterance id, its text). `must_hear`: its beginning that cannot be cut off."""
        utterance = self._speech.begin(clock, is_kept=is_kept, is_cacheable=True)
        utterance.must_hear = len(self._sentences(must_hear))
        for sentence in self._sentences(text):
            self._speech.say(utterance, sentence)
        self._speech.close(utterance)
        return utterance.id, " ".join(utterance.sentences)

    def _sentences(self, text: str) -> list[str]:
        splitter = SentenceSplitter(self._language)
        return [*splitter.push(text), *splitter.flush()]

    async def drained(self) -> None:
        """Everything is on its way."""
        await self._speech.drained()
