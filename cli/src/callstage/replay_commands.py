"""`callstage replay` and `callstage fixture`: a recorded call once more through today's code, and as a test without the people in it."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import quote

import typer

from callstage.options import DEFAULT_HOME, ApiKeyOption, ApiUrlOption, HomeOption, JsonOption

if TYPE_CHECKING:
    from agent_runtime.conversation.recording import Recording
    from agent_runtime.replay.difference import Difference
    from callstage_domain.agent import AgentSnapshot

    from callstage.platform_api import PlatformApi

SAME, DIFFERENT, UNUSABLE = 0, 1, 2
CallArgument = Annotated[str, typer.Argument(metavar="CALL|FILE", help="Id of a call, or a file that `fixture` or `replay --save` wrote.")]


def replay(
    call: CallArgument,
    deployment: Annotated[int | None, typer.Option(min=0, help="Decide as this deployment of the agent would. Default: the one of the call.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Decide as the agent's draft would.")] = False,
    save: Annotated[Path | None, typer.Option(help="Write the recording to this file, as it is, with everything personal in it.")] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Write today's turn-taking and prompts into this FILE: the change is wanted.")] = False,
    home: HomeOption = DEFAULT_HOME,
    api_url: ApiUrlOption = "",
    api_key: ApiKeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Replay a recorded call offline and compare every decision. Exit code: 0 the same, 1 something differs, 2 it cannot be replayed."""
    # Only these commands need the runtime.
    from agent_runtime.replay.player import replay as play
    from callstage_domain.errors import CallstageError

    try:
        recordings = _recordings(call, home, api_url, api_key)
        if accept:
            recordings = _accept(Path(call), recordings)
        if save is not None:
            _write(save, recordings)
        snapshot = _other_agent(recordings[0], deployment, draft, home, api_url, api_key)
        outcomes = [play(recording, snapshot=snapshot) for recording in recordings]
    except (CallstageError, OSError) as err:
        _give_up(err)
    decisions = sum(outcome.decisions for outcome in outcomes)
    differences = [difference for outcome in outcomes for difference in outcome.differences]
    if as_json:
        print(json.dumps({"decisions": decisions, "differences": [_as_row(difference) for difference in differences]}, indent=2, ensure_ascii=False))
    else:
        _show(recordings, decisions, differences)
    sys.exit(DIFFERENT if differences else SAME)


def fixture(
    call: CallArgument,
    home: HomeOption = DEFAULT_HOME,
    api_url: ApiUrlOption = "",
    api_key: ApiKeyOption = "",
) -> None:
    """Print a recorded call as a test fixture: names, numbers, addresses and every other word that could name somebody are replaced."""
    from agent_runtime.replay.anonymous import anonymous
    from agent_runtime.replay.fixture import fixture_text
    from agent_runtime.replay.player import replay as play
    from callstage_domain.errors import CallerError, CallstageError

    try:
        recordings = _recordings(call, home, api_url, api_key)
        made = anonymous(recordings)
        for was, now in zip(recordings, made, strict=True):
            if play(was).is_same and not play(now).is_same:
                raise CallerError("replacing personal words changes a decision of this call; it cannot become a fixture")
    except (CallstageError, OSError) as err:
        _give_up(err)
    sys.stdout.write(fixture_text(made))


def _recordings(call: str, home: Path, api_url: str, api_key: str) -> "list[Recording]":
    """All parts. Raises CallerError."""
    from agent_runtime.replay.fixture import recordings_in
    from callstage_domain.errors import CallerError

    if Path(call).is_file():
        found = recordings_in(Path(call).read_bytes())
    else:
        with _api(home, api_url, api_key) as api:
            found = recordings_in(json.dumps(api.get(f"/v1/calls/{quote(call, safe='')}/journal")).encode())
    if not found:
        raise CallerError(f"nothing was recorded of {call}: the call is running or too old, or its agent does not keep journals (keep_journal)")
    return found


def _other_agent(recording: "Recording", deployment: int | None, draft: bool, home: Path, api_url: str, api_key: str) -> "AgentSnapshot | None":
    from callstage_domain.agent import AgentSnapshot

    if deployment is None and not draft:
        return None
    path = f"/v1/agents/{quote(recording.agent_id, safe='')}"
    with _api(home, api_url, api_key) as api:
        if draft:
            # A test session compiles the draft into deployment 0.
            api.post(f"{path}/test-session", {})
        answer = api.get(f"{path}/deployments/{0 if draft else deployment}")
    return AgentSnapshot.model_validate(answer["snapshot"])


def _api(home: Path, api_url: str, api_key: str) -> "PlatformApi":
    from callstage.platform_api import PlatformApi
    from callstage.target import Target

    return PlatformApi(Target.load(home.resolve(), control_api=api_url, api_key=api_key))


def _write(path: Path, recordings: "list[Recording]") -> None:
    from agent_runtime.replay.fixture import fixture_text

    path.write_text(fixture_text(recordings))


def _accept(path: Path, recordings: "list[Recording]") -> "list[Recording]":
    from agent_runtime.replay.player import accepted
    from callstage_domain.errors import CallerError

    if not path.is_file():
        raise CallerError("only a file can be changed; write one with --save first")
    made = [accepted(recording) for recording in recordings]
    _write(path, made)
    return made


def _show(recordings: "list[Recording]", decisions: int, differences: "list[Difference]") -> None:
    parts = "" if len(recordings) == 1 else f" in {len(recordings)} processes"
    print(f"call {recordings[0].call_id}: {decisions} decisions{parts}: " + (f"{len(differences)} differ" if differences else "same"))
    if any(recording.is_cut for recording in recordings):
        print("The call was longer than what is kept; its end is not compared.")
    for number, difference in enumerate(differences, 1):
        print(f"\n{number}. " + "\n".join(difference.lines()))
    if len(differences) > 1:
        print("\nThe first one counts: what was recorded goes on from there, so that later ones may only follow from it.")


def _as_row(difference: "Difference") -> dict[str, Any]:
    return {name: getattr(difference, name) for name in ("index", "at_ms", "what", "recorded", "today", "after")}


def _give_up(error: Exception) -> NoReturn:
    print(f"callstage: {getattr(error, 'message', error)}", file=sys.stderr)
    sys.exit(UNUSABLE)
