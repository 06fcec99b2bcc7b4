"""One call's prepared answer: the model's stream and the voice of its first sentence, read ahead and held back.

To the rest of the conversation both look like providers. A request that equals the one that was made ahead is served from what is there; any other
goes to the vendor. So nothing is spoken, recorded or run that the confirmed turn did not ask for itself.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Literal, cast

from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import EAGER_TOTAL

from agent_runtime.conversation.answer_parts import AnswerParts, LlmRun
from agent_runtime.conversation.eager.prepared import AnswerRecording, PreparedLlm, PreparedVoice, VoiceRecording, Words
from agent_runtime.conversation.eager.recording import Recording
from agent_runtime.conversation.sentences import SentenceSplitter
from agent_runtime.conversation.turns.speculation import same_words
from agent_runtime.providers.ports import (
    LlmDone,
    LlmEvent,
    LlmRequest,
    ProviderSet,
    Served,
    TextDelta,
    TtsRequest,
)
from agent_runtime.providers.preconnect import keep_spare
from agent_runtime.providers.usage import Usage

VoiceFor = Callable[[str], TtsRequest | None]
"""How a sentence of the answer would be spoken; None: not at all."""
Outcome = Literal["used", "dropped", "differed", "failed"]


@dataclass(slots=True)
class _Draft:
    """An answer in the making. `run` is its account."""

    request: LlmRequest
    run: LlmRun
    recording: AnswerRecording
    characters: int = 0
    is_counted: bool = False
    has_voice: bool = False


class EagerAnswers:
    """Has at most one answer in preparation. `providers` are to be used instead of the ones given."""

    def __init__(self, providers: ProviderSet, parts: AnswerParts, language: str, scope: TaskScope) -> None:
        self._llm, self._tts = providers.llm, providers.tts
        self._usage = providers.usage
        self._parts = parts
        self._language = language
        self._scope = scope
        self._draft: _Draft | None = None
        self._voice: tuple[TtsRequest, VoiceRecording] | None = None
        self.providers = replace(providers, llm=PreparedLlm(self.take_answer, self._llm), tts=PreparedVoice(self.take_voice, self._tts))

    def begin(self, request: LlmRequest | None, voice_for: VoiceFor) -> None:
        """Ask the model now. Nothing may be in preparation; without a request nothing happens."""
        if request is None or self._draft is not None:
            return
        splitter, run = SentenceSplitter(self._language), self._parts.llm_asked(is_eager=True)

        def heed(event: LlmEvent | Served) -> None:
            if isinstance(event, Served):
                self._parts.llm_served(run, event)
            elif isinstance(event, LlmDone):
                run.input_tokens, run.output_tokens, draft.is_counted = event.input_tokens, event.output_tokens, True
            elif isinstance(event, TextDelta):
                draft.characters += len(event.text)
                run.first_token_ms = run.first_token_ms or self._parts.now_ms()
                if not draft.has_voice and (whole := splitter.push(event.text)):
                    # The first sentence only: from there on the voice is ahead of the caller's ear anyway.
                    draft.has_voice = True
                    self._begin_voice(voice_for(whole[0]))

        def source(put: Callable[[LlmEvent | Served], None]) -> AsyncGenerator[LlmEvent | Served, None]:
            return cast("AsyncGenerator[LlmEvent | Served, None]", self._llm.stream(replace(request, on_served=put)))

        self.drop()
        self._draft = draft = _Draft(request, run, Recording(self._scope, source, on_item=heed))
        self._scope.start(keep_spare(self._llm), name="spare")

    def drop(self, outcome: Outcome = "dropped") -> None:
        """Throw away what is prepared, the vendors' work included."""
        draft, self._draft = self._draft, None
        voice, self._voice = self._voice, None
        if draft is not None:
            EAGER_TOTAL.labels(outcome).inc()
            self._account(draft)
            draft.recording.stop()
        if voice is not None:
            voice[1].stop()

    def take_answer(self, request: LlmRequest) -> AnswerRecording | None:
        """The prepared answer when it is the one to this request; another one is thrown away."""
        if self._draft is None:
            return None
        draft = self._draft
        if draft.recording.has_failed:
            self.drop("failed")
            return None
        if not _is_same(draft.request, request):
            self.drop("differed")
            return None
        EAGER_TOTAL.labels("used").inc()
        self._parts.was_prepared(draft.run)
        self._draft = None
        return draft.recording

    def take_voice(self, request: TtsRequest) -> VoiceRecording | None:
        """The prepared sentence when it is this one."""
        if self._voice is None or self._draft is not None:
            # While an answer is in preparation only fixed phrases are spoken.
            return None
        (asked, recording), self._voice = self._voice, None
        if asked == request and not recording.has_failed:
            return recording
        recording.stop()
        return None

    def _account(self, draft: _Draft) -> None:
        """What was thrown away is paid for, too. A vendor tells the tokens at the end of its answer only: before it there are our characters."""
        self._parts.llm_ended(draft.run, was_dropped=True)
        if not draft.is_counted:
            asked = len(draft.request.system) + sum(len(message.content) for message in draft.request.messages)
            self._usage.add(Usage("llm", draft.run.provider, draft.run.model, requests=1, characters=asked + draft.characters))

    def _begin_voice(self, request: TtsRequest | None) -> None:
        if request is None:
            return
        hears_words = request.on_words is not None

        def source(put: Callable[[bytes | Words | Served], None]) -> AsyncGenerator[bytes | Words | Served, None]:
            on_words = (lambda words: put(Words(words))) if hears_words else None
            audio = self._tts.synthesise(replace(request, on_served=put, on_words=on_words))
            return cast("AsyncGenerator[bytes | Words | Served, None]", audio)

        self._voice = (request, Recording(self._scope, source, on_item=lambda _: None))
        self._scope.start(keep_spare(self._tts), name="spare")


def _is_same(prepared: LlmRequest, asked: LlmRequest) -> bool:
    """Equal but for the case and punctuation of the caller's last words."""
    if len(prepared.messages) != len(asked.messages) or prepared.messages[:-1] != asked.messages[:-1]:
        return False
    one, other = prepared.messages[-1], asked.messages[-1]
    if not same_words(one.content, other.content) or replace(one, content=other.content) != other:
        return False
    return replace(prepared, messages=asked.messages) == asked
