"""Commands on the public API: agents, calls, numbers."""

import json
import re
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from callstage.options import DEFAULT_HOME, ApiKeyOption, ApiUrlOption, HomeOption, JsonOption
from callstage.rows import Row, rows_in

if TYPE_CHECKING:
    from callstage.platform_api import PlatformApi

agents = typer.Typer(no_args_is_help=True, help="Agents of the tenant.")
calls = typer.Typer(no_args_is_help=True, help="Calls and their transcripts.")
numbers = typer.Typer(no_args_is_help=True, help="Phone numbers and where they lead.")

_AGENT_COLUMNS = ("agent_id", "display_name", "language", "channel", "deployment", "deployed_at", "has_undeployed_changes")
_CALL_COLUMNS = ("call_id", "started_at", "agent_id", "channel", "caller_phone", "duration_ms", "ended_reason", "fault")
_NUMBER_COLUMNS = ("number", "inboundRoute", "routeTarget", "aiTransferType", "aiTransferTarget", "live")

# Times come as ISO 8601.
_MICROSECONDS = re.compile(r"(?<=\d\d:\d\d:\d\d)\.\d+")

# More of a kind than any tenant has.
_ALL = 10_000

LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]


@agents.command("list")
def list_agents(home: HomeOption = DEFAULT_HOME, api_url: ApiUrlOption = "", api_key: ApiKeyOption = "", as_json: JsonOption = False) -> None:
    """All agents."""
    with _api(home, api_url, api_key) as api:
        _show_rows(api.rows("/v1/agents", "agents", limit=_ALL), _AGENT_COLUMNS, as_json)


@agents.command("show")
def show_agent(
    agent_id: str, home: HomeOption = DEFAULT_HOME, api_url: ApiUrlOption = "", api_key: ApiKeyOption = "", as_json: JsonOption = False
) -> None:
    """One agent with its stages and tools."""
    with _api(home, api_url, api_key) as api:
        agent = api.one(f"/v1/agents/{quote(agent_id, safe='')}", "agent")
        if as_json:
            _show_json(agent)
            return
        _show_fields(agent)
        _show_rows(rows_in(agent, "stages"), ("name", "tools", "transitions"), False, title="Stages")
        _show_rows(rows_in(agent, "tool_definitions"), ("name", "kind", "description"), False, title="Tools")


@agents.command("deploy")
def deploy_agent(
    agent_id: str, home: HomeOption = DEFAULT_HOME, api_url: ApiUrlOption = "", api_key: ApiKeyOption = "", as_json: JsonOption = False
) -> None:
    """Make the draft what callers reach."""
    with _api(home, api_url, api_key) as api:
        answer = api.post(f"/v1/agents/{quote(agent_id, safe='')}/deploy", {})
        if as_json:
            _show_json(answer)
        else:
            print(f"{agent_id} is deployed (deployment {answer.get('deployment', '?')}).")
            for finding in rows_in(answer, "findings"):
                print(f"  {finding.get('severity', 'note')}: {finding.get('message', '')}")


@calls.command("list")
def list_calls(
    limit: LimitOption = 20, home: HomeOption = DEFAULT_HOME, api_url: ApiUrlOption = "", api_key: ApiKeyOption = "", as_json: JsonOption = False
) -> None:
    """The latest calls."""
    with _api(home, api_url, api_key) as api:
        _show_rows(api.rows("/v1/calls", "calls", limit=limit), _CALL_COLUMNS, as_json)


@calls.command("show")
def show_call(
    call_id: str, home: HomeOption = DEFAULT_HOME, api_url: ApiUrlOption = "", api_key: ApiKeyOption = "", as_json: JsonOption = False
) -> None:
    """One call with its transcript and tool runs."""
    with _api(home, api_url, api_key) as api:
        call = api.one(f"/v1/calls/{quote(call_id, safe='')}", "call")
        if as_json:
            _show_json(call)
            return
        _show_fields(call)
        _show_rows(rows_in(call, "transcript"), ("turn", "role", "stage", "text"), False, title="Transcript")
        _show_rows(rows_in(call, "tool_runs"), ("tool", "status", "duration_ms", "arguments", "result"), False, title="Tools")
        _show_waterfalls(call)


@numbers.command("list")
def list_numbers(home: HomeOption = DEFAULT_HOME, api_url: ApiUrlOption = "", api_key: ApiKeyOption = "", as_json: JsonOption = False) -> None:
    """All numbers."""
    with _api(home, api_url, api_key) as api:
        _show_rows(api.rows("/v1/numbers", "numbers", limit=_ALL), _NUMBER_COLUMNS, as_json)


def _show_waterfalls(call: Row) -> None:
    # Only this command draws.
    from rich.console import Console

    from callstage.waterfall import print_waterfalls

    print_waterfalls(Console(), call)


@contextmanager
def _api(home: Path, api_url: str, api_key: str) -> "Generator[PlatformApi]":
    """An open client; an error becomes one line on stderr and exit code 1 (2 when there is no platform at all)."""
    # `--help` needs no HTTP client.
    from callstage_domain.errors import CallstageError

    from callstage.platform_api import PlatformApi
    from callstage.target import NoPlatform, Target

    try:
        with PlatformApi(Target.load(home.resolve(), control_api=api_url, api_key=api_key)) as api:
            yield api
    except CallstageError as err:
        print(f"callstage: {err.message}", file=sys.stderr)
        sys.exit(2 if isinstance(err, NoPlatform) else 1)


def _show_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _show_fields(row: Row) -> None:
    """The plain values of an object, one per line."""
    plain = {name: value for name, value in row.items() if not isinstance(value, list | dict) and value not in (None, "")}
    width = max((len(name) for name in plain), default=0)
    for name, value in plain.items():
        print(f"{name:<{width}}  {value}")


def _show_rows(rows: Sequence[Row], columns: Sequence[str], as_json: bool, *, title: str = "") -> None:
    if as_json:
        _show_json(rows)
        return
    if not rows:
        print(f"{title}: none" if title else "None.")
        return
    present = [column for column in columns if any(row.get(column) not in (None, "") for row in rows)]
    # Nothing is cut: an id or a time that is shortened to fit cannot be used again.
    table = [[column.replace("_", " ").upper() for column in present], *([_cell(row.get(column)) for column in present] for row in rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(present))]
    if title:
        print(f"\n{title}")
    for line in table:
        print("  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value)
    if isinstance(value, dict):
        return f"{value['on_tool']} → {value['to_stage']}" if {"on_tool", "to_stage"} <= value.keys() else json.dumps(value, ensure_ascii=False)
    return _MICROSECONDS.sub("", str(value))
