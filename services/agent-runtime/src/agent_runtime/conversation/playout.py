"""The account of the agent's voice: what was sent of each utterance, and what the caller has heard of it."""

from collections.abc import Callable

from agent_runtime.conversation.inbox import PlayoutReport
from agent_runtime.conversation.latency import count_turn_end, observe
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.saying import agent_says
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.conversation.turns.agent_says import AgentSays
from agent_runtime.conversation.turns.events import PlayoutFinished, PlayoutStarted, TurnEvent
from agent_runtime.conversation.utterance import Utterance
from agent_runtime.stages.entries import Heard, Progress, Replied
from agent_runtime.stages.history import heard_text, unheard_sentences
from agent_runtime.stages.state import Spoken


class Playout:
    """One call. Utterances play in the order in which they were added, and leave when they are settled: nothing more of them will be heard."""

    def __init__(self, record: ConversationRecord, transcript: Transcript, clock_ms: Callable[[], float]) -> None:
        self._record = record
        self._transcript = transcript
        self._clock_ms = clock_ms
        self._utterances: list[Utterance] = []
        self._rest: list[str] = []

    def add(self, utterance: Utterance) -> None:
        """It plays after those before it."""
        self._utterances.append(utterance)

    def drop(self, utterance: Utterance) -> None:
        """It stayed without a sentence."""
        utterance.is_settled = True
        self._utterances.remove(utterance)

    def take_over(self, spoken: Spoken, heard_ms: float, sent_ms: float) -> None:
        """An utterance of a lost process whose audio the caller's end holds: it plays on to `sent_ms` and can be cut off like any other."""
        lost = unheard_sentences(spoken, sent_ms)
        whole = len(spoken.sentences) - len(lost)
        durations_ms = list(spoken.durations_ms[:whole])
        sentences, torn_ms = list(spoken.sentences[:whole]), sent_ms - sum(durations_ms)
        words = spoken.words[: whole + 1]
        if lost and torn_ms > 0:
            sentences.append(heard_text(lost[:1], spoken.durations_ms[whole : whole + 1], torn_ms, words[whole:]))
            durations_ms.append(torn_ms)
        utterance = Utterance(spoken.utterance, self._record.state.stage, sentences=sentences, durations_ms=durations_ms, is_torn=bool(lost))
        utterance.words = list(words)
        now_ms = self._clock_ms()
        utterance.heard_ms, utterance.heard_at_ms, utterance.started_at_ms = heard_ms, now_ms, now_ms - heard_ms
        self._utterances.append(utterance)
        if not spoken.is_complete:
            # Its place in the history is before whatever follows.
            self._record.add(Replied(utterance=spoken.utterance, text=" ".join(sentences).strip(), is_torn=True))

    def unheard_ms(self) -> float:
        """How much audio the caller still has to hear."""
        return sum(utterance.sent_ms - utterance.heard_ms for utterance in self._utterances if utterance.is_outstanding)

    def knows(self, utterance_id: str) -> bool:
        """True when that utterance (any, for an empty id) can still be cut off."""
        return any(utterance.is_outstanding and utterance_id in ("", utterance.id) for utterance in self._utterances)

    def says(self) -> AgentSays:
        """What the caller hears at this moment."""
        return agent_says([utterance for utterance in self._utterances if not utterance.is_settled], self._clock_ms())

    def report(self, report: PlayoutReport) -> list[TurnEvent]:
        """What the gateway says about the playout, as events for the turn machine."""
        utterance = next((known for known in self._utterances if known.id == report.utterance and not known.is_settled), None)
        if utterance is None:
            return []
        now_ms = self._clock_ms()
        utterance.late_ms = report.late_ms or utterance.late_ms
        events: list[TurnEvent] = []
        utterance.heard_ms, utterance.heard_at_ms = max(utterance.heard_ms, report.heard_ms), now_ms
        if utterance.started_at_ms is None:
            utterance.started_at_ms = now_ms - report.heard_ms
            self._began_to_play(utterance)
            events.append(PlayoutStarted())
        if report.is_finished:
            self.settle(utterance, utterance.sent_ms, was_cut=False)
            if not any(known.is_outstanding for known in self._utterances):
                events.append(PlayoutFinished())
        elif utterance.is_kept and not report.is_started:
            self._record.add(Progress(utterance=utterance.id, heard_ms=report.heard_ms))
        return events

    def stopped_at(self, utterance_id: str, heard_ms: float) -> None:
        """So far that utterance was heard, exactly; it does not play at this moment, or plays on from here."""
        for utterance in self._utterances:
            if utterance.id == utterance_id:
                utterance.heard_ms, utterance.heard_at_ms = heard_ms, self._clock_ms()

    def cut_off(self, cut: tuple[str, float] | None) -> bool:
        """Settle everything. `cut` is the gateway's own account of the utterance that played. True: the gateway holds more that has to go."""
        now_ms = self._clock_ms()
        open_ones = [utterance for utterance in self._utterances if not utterance.is_settled]
        playing = next((known for known in open_ones if cut is not None and known.id == cut[0]), None)
        was_passed = playing is not None
        rest: list[str] = []
        needs_clear = False
        for utterance in open_ones:
            if utterance is playing and cut is not None:
                heard_ms, was_passed = min(cut[1], utterance.sent_ms), False
            elif was_passed:
                heard_ms = utterance.sent_ms
            else:
                heard_ms = utterance.estimated_heard_ms(now_ms) if playing is None else 0.0
                needs_clear = needs_clear or utterance.sent_ms > 0
            if utterance.is_kept:
                rest += utterance.rest(heard_ms)
            self.settle(utterance, heard_ms, was_cut=not was_passed or utterance is playing)
        if open_ones:
            self._rest = rest
        return needs_clear

    def take_rest(self) -> list[str]:
        """Sentences that were cut off last, for going on after a false alarm; once."""
        rest, self._rest = self._rest, []
        return rest

    def settle(self, utterance: Utterance, heard_ms: float, *, was_cut: bool) -> None:
        """So much of it was heard, and no more will be."""
        utterance.is_settled = True
        self._utterances = [known for known in self._utterances if known is not utterance]
        if utterance.on_settled is not None:
            utterance.on_settled(was_cut)
        if not utterance.is_kept:
            return
        text = utterance.text_heard(heard_ms) if was_cut else " ".join(utterance.sentences)
        turn = self._record.state.turns
        self._record.add(Heard(utterance=utterance.id, text=text.strip(), was_cut=was_cut or utterance.is_torn))
        if not text:
            return
        clock = utterance.clock
        latency = clock.parts() if clock is not None and clock.times.speech_end_ms is not None and not clock.is_told else None
        waterfall = self._record.parts.told(clock, utterance.voice, first_packet_ms=utterance.started_at_ms, late_ms=utterance.late_ms)
        if clock is not None:
            clock.is_told = True
        started_ms = utterance.started_at_ms if utterance.started_at_ms is not None else self._clock_ms()
        self._transcript.assistant(
            text,
            turn=turn,
            stage=utterance.stage,
            started_ms=started_ms,
            ended_ms=self._clock_ms(),
            was_cut=was_cut,
            latency=latency,
            waterfall=waterfall,
        )

    def _began_to_play(self, utterance: Utterance) -> None:
        clock = utterance.clock
        if clock is not None and clock.heard_ms is None:
            clock.heard_ms = utterance.started_at_ms
            parts = clock.parts()
            observe(parts)
            count_turn_end(clock.times)
            waterfall = self._record.parts.shown(clock, utterance.voice, first_packet_ms=utterance.started_at_ms, late_ms=utterance.late_ms)
            self._transcript.latency(parts, waterfall)
