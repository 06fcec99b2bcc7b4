"""What the turn machine is told and what it wants done."""

from dataclasses import dataclass
from enum import StrEnum

from agent_runtime.conversation.turns.agent_says import AgentSays
from agent_runtime.providers.ports import Transcript


class ReplyKind(StrEnum):
    """What the agent is to say."""

    ANSWER = "answer"
    GREETING = "greeting"
    CONTINUE = "continue"
    """The rest of what was cut off by noise or by the loss of a process."""
    IDLE_QUESTION = "idle_question"
    APOLOGY = "apology"
    FAREWELL = "farewell"
    LAST_APOLOGY = "last_apology"


@dataclass(frozen=True, slots=True)
class Ending:
    """The call ends when the agent has been heard to the end. `is_final`: the caller cannot stop it by speaking."""

    reason: str
    linger_ms: float = 0.0
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """The call is open. `reply`: what to say first; None: listen. `unheard_ms`: what an earlier process said and still plays."""

    reply: ReplyKind | None
    ending: Ending | None = None
    unheard_ms: float = 0.0
    was_cut_short: bool = False
    """The caller was speaking when the line was lost: unless he goes on, he has to be asked again."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak."""


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The caller has been silent for that long. `said`: the gateway's number of this, here and below."""

    silence_ms: float
    said: int = 0


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The agent's voice was cut off by the caller. `is_held`: the gateway can go on with it, and waits for `ResumePlayout` or `CancelReply`."""

    is_held: bool = False


@dataclass(frozen=True, slots=True)
class PlayoutStarted:
    """The agent can be heard."""


@dataclass(frozen=True, slots=True)
class PlayoutFinished:
    """Everything sent so far has been heard."""


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """Reply `number` is complete and sent; `unheard_ms` of it still has to play. `failure`: stt, llm or tts."""

    number: int
    unheard_ms: float = 0.0
    ending: Ending | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class TextTyped:
    """The caller wrote instead of speaking."""

    text: str
    said: int = 0


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One key of the phone's keypad."""

    digit: str
    said: int = 0


@dataclass(frozen=True, slots=True)
class HearingLost:
    """Speech recognition is gone for good."""


@dataclass(frozen=True, slots=True)
class PauseJudged:
    """The end-of-turn model's answer to `JudgePause(pause)`."""

    pause: int
    probability: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A timer is due."""


TurnEvent = (
    Begin
    | SpeechStarted
    | SpeechStopped
    | Interrupted
    | AgentSays
    | PlayoutStarted
    | PlayoutFinished
    | ReplyEnded
    | TextTyped
    | KeyPressed
    | HearingLost
    | PauseJudged
    | Tick
    | Transcript
)


@dataclass(frozen=True, slots=True)
class FinalizeStt:
    """Ask speech-to-text to settle what it has. The last `quiet_ms` of the audio hold no speech."""

    quiet_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """When things happened on the way to an answer, on the machine's clock; None where they did not."""

    speech_end_ms: float | None = None
    finalize_ms: float | None = None
    final_ms: float | None = None
    decided_ms: float | None = None
    reason: str = ""
    """Why the caller's turn was taken to be over: one word of a closed set, and what it was judged by."""
    eager_ms: float | None = None
    """When its answer began to be prepared, before the decision; None when it was not."""


@dataclass(frozen=True, slots=True)
class StartReply:
    """Say something; report `ReplyEnded(number)`. `text` is the caller's turn, empty when the history already ends with one.

    `said` is the number of the last thing in that turn.
    """

    number: int
    kind: ReplyKind
    text: str = ""
    times: TurnTimes = TurnTimes()
    said: int = 0


@dataclass(frozen=True, slots=True)
class CancelReply:
    """Stop the running reply and silence what is still to be heard. No `ReplyEnded` follows."""


@dataclass(frozen=True, slots=True)
class JudgePause:
    """Ask the end-of-turn model how the caller's last words sounded; report `PauseJudged(pause)`, or nothing."""

    pause: int


@dataclass(frozen=True, slots=True)
class PrepareReply:
    """Begin an answer to `text`, unheard, unrecorded, without tools; at most one at a time. The next `StartReply` may use it."""

    text: str


@dataclass(frozen=True, slots=True)
class DropPrepared:
    """Throw away what `PrepareReply` began."""


@dataclass(frozen=True, slots=True)
class ResumePlayout:
    """It was no interruption: the agent goes on where he was silenced. What the caller did up to number `said` needs no answer."""

    said: int = 0


@dataclass(frozen=True, slots=True)
class HangUp:
    """The call is over."""

    reason: str


@dataclass(frozen=True, slots=True)
class FailCall:
    """Nothing can be said any more."""

    code: str


Effect = FinalizeStt | StartReply | CancelReply | ResumePlayout | JudgePause | PrepareReply | DropPrepared | HangUp | FailCall
