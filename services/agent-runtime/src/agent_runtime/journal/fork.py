"""Another way from a point of a conversation that was: the entries up to a turn of its caller, with every loose end tied (rule D4). Pure."""

from collections.abc import Sequence

from agent_runtime.stages.entries import Entry, Heard, Opened, Overheard, Progress, StepTaken, ToolFinished, ToolsRequested, UserSaid


def user_turns(entries: Sequence[Entry]) -> list[str]:
    """What the caller said, turn by turn."""
    return [entry.text for entry in entries if isinstance(entry, UserSaid)]


def before_turn(entries: Sequence[Entry], user_turn: int) -> list[Entry] | None:
    """The journal as it stood before that turn (from 0); None when there is no such turn.

    What the turn found unfinished is finished as it was later: tools with their outcomes, utterances with what was heard of them. So
    nothing runs or is said again that belongs to the time before.
    """
    places = [index for index, entry in enumerate(entries) if isinstance(entry, UserSaid)]
    if not 0 <= user_turn < len(places):
        return None
    cut = places[user_turn]
    kept = [entry for entry in entries[:cut] if not isinstance(entry, Overheard | Progress)]
    return [*kept, *_ends(kept, entries[cut:])]


def call_of_turn(entries: Sequence[Entry], user_turn: int) -> Opened | None:
    """The call in which that turn was said."""
    opened: Opened | None = None
    for entry in entries:
        if isinstance(entry, Opened):
            opened = entry
        elif isinstance(entry, UserSaid):
            if user_turn == 0:
                return opened
            user_turn -= 1
    return None


def _ends(kept: Sequence[Entry], later: Sequence[Entry]) -> list[Entry]:
    """The later entries that end what `kept` began."""
    open_speech: set[str] = set()
    open_tools = False
    for entry in kept:
        utterance = getattr(entry, "utterance", "")
        if isinstance(entry, Heard):
            open_speech.discard(utterance)
        elif utterance:
            open_speech.add(utterance)
        if isinstance(entry, ToolsRequested | StepTaken):
            open_tools = isinstance(entry, ToolsRequested)
    ends: list[Entry] = []
    for entry in later:
        if isinstance(entry, Heard) and entry.utterance in open_speech:
            open_speech.discard(entry.utterance)
            ends.append(entry)
        elif open_tools and (isinstance(entry, ToolFinished | StepTaken) or entry.kind in ("stage_moved", "end_requested")):
            ends.append(entry)
            open_tools = not isinstance(entry, StepTaken)
        elif isinstance(entry, ToolsRequested):
            open_tools = False
    return ends
