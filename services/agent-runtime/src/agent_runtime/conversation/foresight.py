"""One call's guesses about the end of the caller's turn: how it sounded, and the answer that is prepared for it."""

from collections.abc import Callable
from datetime import UTC, datetime

from callstage_domain.audio import AudioFormat
from callstage_kit.tasks import TaskScope

from agent_runtime.conversation.eager import EagerAnswers
from agent_runtime.conversation.hearing import Hearing
from agent_runtime.conversation.preload import Preload
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.speech import Speech
from agent_runtime.conversation.turn_model import RecentAudio, TurnModel
from agent_runtime.conversation.turns.events import DropPrepared, JudgePause, PauseJudged, PrepareReply, TurnEvent
from agent_runtime.providers.ports import LlmRequest
from agent_runtime.stages.engine import llm_request
from agent_runtime.stages.entries import UserSaid
from agent_runtime.stages.state import apply


class Foresight:
    """Nothing of it is heard, recorded or run. `knows_variables`: the caller lookup has its result, or is no longer waited for."""

    def __init__(
        self,
        eager: EagerAnswers,
        model: TurnModel | None,
        record: ConversationRecord,
        speech: Speech,
        hearing: Hearing,
        preload: Preload,
        uplink: AudioFormat,
        knows_variables: Callable[[], bool],
        tell: Callable[[TurnEvent], None],
        scope: TaskScope,
    ) -> None:
        self._eager = eager
        self._model = model
        self._record = record
        self._speech = speech
        self._preload = preload
        self._knows_variables = knows_variables
        self._tell = tell
        self._scope = scope
        self._recent = RecentAudio(uplink) if model is not None else None
        hearing.recent = self._recent

    def perform(self, effect: JudgePause | PrepareReply | DropPrepared) -> None:
        """What the turn machine wants."""
        match effect:
            case JudgePause():
                if self._model is not None and self._recent is not None:
                    self._scope.start(self._judge(effect.pause, self._model, self._recent), name="judge_pause")
            case PrepareReply():
                self._eager.begin(self._request(effect.text), self._speech.preview)
            case DropPrepared():
                self._eager.drop()

    def reply_cancelled(self) -> None:
        """A sentence that was prepared for it is not spoken any more."""
        self._eager.drop()

    def speech_began(self) -> None:
        """The caller speaks."""
        if self._recent is not None:
            self._recent.speech_began()

    def turn_ended(self) -> None:
        """The caller's turn is answered."""
        if self._recent is not None:
            self._recent.turn_ended()

    async def _judge(self, pause: int, model: TurnModel, recent: RecentAudio) -> None:
        probability = await model.end_probability(recent.whole(), recent.audio_format)
        if probability is not None:
            self._tell(PauseJudged(pause, probability))

    def _request(self, text: str) -> LlmRequest | None:
        """What the model will be asked if the turn is `text`; None while that depends on something that still runs."""
        record = self._record
        if record.state.batch is not None or not self._knows_variables() or not self._preload.is_done:
            return None
        return llm_request(record.snapshot, apply(record.state, UserSaid(text=text)), today=datetime.now(UTC).date())
