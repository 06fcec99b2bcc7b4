"""Prints docs/writing-tools.md: what tool code has in scope, from the stubs and limits that the sandbox itself uses."""

from callstage_contracts.tool_stubs import TOOL_STUBS
from callstage_domain.builtin_tools import BUILTIN_TOOLS, STANDARD_WEBHOOK_TOOLS
from tool_sandbox.execution.limits import MAX_CODE_BYTES
from tool_sandbox.settings import SandboxSettings

PAGE = """# Writing tools

A code tool is the body of an async Python function. It runs in an isolated worker of tool-sandbox: no network, no files, no environment, no imports
beyond the sandbox's own few modules. What it can reach are the objects below, and each of their calls is checked, counted and written down.

```python
found = await server.search_read("res.partner", domain=[["phone", "=", args["phone"]]], fields=["name"], limit=1)
if not found:
    return {{"status": "not_found"}}
session["customer_id"] = found[0]["id"]
order = await server.create("sale.order", vals={{"partner_id": found[0]["id"]}})
logger.info("order %s", order)
return {{"status": "created", "order": order}}
```

| in scope | is |
| --- | --- |
| `args` | the tool's parameters, checked against its JSON Schema before the code runs; of a preload tool the call's metadata and the caller lookup |
| `server` | the agent's backend, Odoo or ERPNext |
| `session` | a dict that lives as long as the conversation; what is put there becomes a variable of prompts |
| `kwargs` | `kwargs.get("integrations", {{}})`: accounts that are attached to the agent, `email`, `calendar` and `whatsapp`; each may be missing |
| `logger` | lines that are kept with the run, as those of `print` |

`return` gives the result. A dict is taken as it is, anything else becomes `{{"result": …}}`. `_run_llm` in it decides who speaks next: `True` the
model, at once; `False` nobody, the result is only remembered; left out, the model, unless the tool leads to another stage.

## The types

Code is checked against these stubs while you write, at every deploy, and when a language model has written it.

```python
{stubs}```

## Integrations

```python
mail = kwargs.get("integrations", {{}}).get("email")
if mail:
    await mail.send(to=args["email"], subject="Your order", body_text="Thank you.")
```

`email` sends over SMTP or Gmail, `calendar` reads and books in Google Calendar or Outlook, `whatsapp` sends over Twilio. Times are ISO 8601; one
without zone is a time of the calendar's own. `book` refuses a time that is taken, outside of working hours or too soon, and names free ones.
Appointments carry a key of the run: however often a lost answer is asked for again, there is one event.

## Errors

A backend's refusal is a `BackendError` with the backend's own words; its five kinds can be told apart. What the code does not catch ends the run: the
model is told in a sentence, with the line of the code, and the caller never hears of it.

Whoever wrote the code sees the line and the types of the names in scope there, never the values: `order: dict[str, int]`, `rows: list[dict] (3)`.
They are in `line` and `scope` of what `…/try` answers, and in `result` of the failed run under `/v1/tool-runs` and of the call. For them the run
is played once more from its record, with the same clock and the same random numbers; nothing is sent. A run that took more than half a second of its
own has none.

## Limits

| what | limit | setting |
| --- | --- | --- |
{limits}
| code | {code_kib} KiB | – |

## Once, and only once

Every run has a key, every call to the backend a number. A run that was cut off is repeated from the record: calls that had their answer are not
made again. A write whose answer never came is looked for: a record that Odoo has since the run began, by the same user and with the same values,
was the one; values that stand in the record were written; a record that is gone was deleted. When nobody can know, the run ends as *unknown*:
nothing is ever sent a second time. ERPNext does not tell when a document was made, so that a `create` that was cut off stays unknown there.

## Before it goes live

* `POST /v1/tools/check` checks code and says what it can do: models read and written, methods called, integrations used. When that cannot be
  read from the code (a model name that is computed), it says so. The findings of an agent, its deploys and generated tools also name the hosts:
  those of the backend, the accounts and the webhook that are connected.
* `POST /v1/agents/{{agent_id}}/tools/{{tool}}/try` runs it; with `"dry_run": true` reads go through and writes are shown instead of sent. A record
  that was only rehearsed has an id that no backend gives (-1, or `REHEARSED-1` with ERPNext) and can be read back by it.
* `POST /v1/agents/{{agent_id}}/tools/generate` has a language model write it, with the resources of the agent; `…/tools/template` makes one without.

## Built-in tools

They act on the call and need no code. Stages name them like any other tool.

{builtin}

`collect_digits` answers `{{"digits": "4711", "status": "complete"}}`; the status is `timeout` when nothing or too little was typed and
`interrupted` when the caller spoke instead: what he said is the next turn. Only a complete number triggers a transition. Keys cut the agent's
question short. With `is_sensitive` the model gets a placeholder such as `[keypad-1f2e3d4c]`. Given to another tool as an argument it becomes the
digits for that tool alone; transcript, journal, events, logs and results show the placeholder, and the recording pauses while the caller types.
The digits are kept in the memory of one process: when that is lost, the caller is asked again. Numbers of fewer than four digits are hidden where
they were typed, but not looked for in results.

`send_dtmf` plays the tones into the line, 120 ms each; they are not stopped by the other side's voice. One run may take 30 s.

## Webhook tools that are there already

{standard}
"""
_LIMITS = (
    ("tool_timeout_s", "one run", "s"),
    ("preload_timeout_s", "one run before the greeting ends", "s"),
    ("tool_memory_mib", "memory", "MiB"),
    ("tool_result_kib", "result", "KiB"),
    ("tool_host_calls", "calls to the outside", ""),
    ("tool_log_lines", "log lines", ""),
    ("webhook_timeout_s", "a webhook's answer", "s"),
)


def main() -> None:
    """Print the page."""
    fields = SandboxSettings.model_fields
    limits = "\n".join(f"| {what} | {fields[name].default:g} {unit} | `CALLSTAGE_{name.upper()}` |" for name, what, unit in _LIMITS)
    standard = "\n".join(
        f"* `{tool.name}`: {tool.description} Parameters: {', '.join(f'`{name}`' for name in tool.parameters['properties'])}."
        for tool in STANDARD_WEBHOOK_TOOLS.values()
    )
    builtin = "\n".join(
        f"* `{tool.name}`: {tool.description} Parameters: {', '.join(f'`{name}`' for name in tool.parameters['properties'])}."
        for tool in BUILTIN_TOOLS.values()
    )
    print(PAGE.format(stubs=TOOL_STUBS, limits=limits, code_kib=MAX_CODE_BYTES // 1024, standard=standard, builtin=builtin), end="")


if __name__ == "__main__":
    main()
