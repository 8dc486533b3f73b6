"""Log lines: JSON for machines, one readable line per event where a person looks; no address and no secret in either.

Every module logs through the standard library. What happens while a request is answered or a job is done carries
``request_id`` or ``job_id``: both are context variables that the edges bind.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from cgn_core.logs.redaction import redacted_deeply
from cgn_core.settings import Settings, settings

Event = MutableMapping[str, Any]

GUNICORN = ("gunicorn.error", "gunicorn.access")
"""Loggers with handlers of their own, which would write in another form."""
NOISY = ("kombu", "amqp", "matplotlib", "urllib3", "PIL")
"""Libraries that tell at INFO what only their authors want to know."""

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127)} | {10: "\\n", 13: "\\r", 9: "\\t"}
_SAID_FIRST = ("timestamp", "level", "logger", "event", "exception", "process")


def configure(process: str, *, chosen: Settings | None = None) -> None:
    """Write this process' log lines to standard error in the configured form, and hand errors on where that is wanted.

    Args:
        process: what it is, for whoever reads the lines of several: ``web``, ``worker``, ``reconciler``.
        chosen: settings other than this process' own.

    Raises:
        SetupError: errors shall be handed on, and what does it isn't installed.
    """
    used = chosen or settings()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(process, as_json=wants_json(used, is_terminal=sys.stderr.isatty())))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(used.log_level.upper())
    for name in GUNICORN:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    if used.sentry_dsn:
        from cgn_core.logs.error_reports import hand_on_errors

        hand_on_errors(process, used)


def wants_json(used: Settings, *, is_terminal: bool) -> bool:
    """Whether lines are JSON: as configured, else everywhere but on a terminal and in the embedded product's files."""
    if used.log_format == "auto":
        return not (used.embedded or is_terminal)
    return used.log_format == "json"


def formatter(process: str, *, as_json: bool) -> logging.Formatter:
    """What turns a log record into its line."""

    def name_process(_logger: Any, _method: str, event: Event) -> Event:
        event["process"] = process
        return event

    before: list[Callable[[Any, str, Event], Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        name_process,
        without_personal_data,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, to_json if as_json else to_line],
    )


def without_personal_data(_logger: Any, _method: str, event: Event) -> Event:
    """Redact every text of an event, its trace too."""
    for name, value in event.items():
        if not name.startswith("_"):  # the formatter's own affairs
            event[name] = redacted_deeply(value)
    return event


def to_json(_logger: Any, _method: str, event: Event) -> str:
    """One JSON object on one line, what it is about first."""
    ordered = {name: event[name] for name in _SAID_FIRST if name in event}
    return json.dumps(ordered | dict(event), ensure_ascii=False, default=str)


def to_line(_logger: Any, _method: str, event: Event) -> str:
    """``time LEVEL logger: what happened  name=value``; a trace follows, indented, as no event begins."""
    named = " ".join(
        f"{name}={_visible(value)}" for name, value in event.items() if name not in _SAID_FIRST and value is not None
    )
    line = f"{event['timestamp']} {event['level'].upper():<8} {event.get('logger', '')}: {_visible(event['event'])}"
    trace = str(event.get("exception") or "")
    indented = "".join(f"\n    {part.translate(_CONTROL)}" for part in trace.splitlines())
    return f"{line}  {named}".rstrip() + indented


def _visible(value: Any) -> str:
    # A name or a path with a line break in it could pretend to be another event, or drive the reader's terminal.
    return str(value).translate(_CONTROL)
