"""structlog: JSON lines on stderr. Personal data only under keys beginning with `pii.`, which are dropped unless debugging."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from callstage_domain.ids import trace_id_of

from callstage_kit.settings import ServiceSettings


def configure_logs(service: str, settings: ServiceSettings) -> None:
    """Once per process, before anything logs."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    is_for_people = settings.log_format == "console"
    renderer = _for_people() if is_for_people else structlog.processors.JSONRenderer()
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        *([] if is_for_people else [_add_trace_id]),
        # People read it beside the name of the process, which the supervisor puts in front.
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if is_for_people else "iso", utc=not is_for_people),
        _adds({} if is_for_people else {"service": service, "instance": settings.instance}),
        structlog.processors.format_exc_info,
    ]
    if level > logging.DEBUG:
        shared.insert(0, _drop_personal_data)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _for_people() -> structlog.dev.ConsoleRenderer:
    """Tracebacks as Python writes them: with `rich` installed structlog would draw boxes with every local variable, which takes seconds."""
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


def _adds(fields: dict[str, str]) -> structlog.types.Processor:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.update(fields)
        return event

    return add


def _add_trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """From log to trace: whatever names a call names its trace, too."""
    if "call_id" in event:
        event["trace_id"] = trace_id_of(str(event["call_id"]))
    return event


def _drop_personal_data(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in [key for key in event if key.startswith("pii.")]:
        del event[key]
    return event
