"""Log lines: JSON or readable, with the ids of what they belong to, without people and without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

import pytest
import structlog

from cgn_core.logs.configuration import formatter, wants_json
from cgn_core.logs.redaction import redacted
from cgn_core.settings import Settings


def written(message: str, *arguments: object, as_json: bool = True, failed: bool = False, **extra: Any) -> str:
    """The line that a process called ``web`` would write."""
    trace: Any = None
    if failed:
        try:
            int("lena@agency.example is\ntaken")
        except ValueError:
            trace = sys.exc_info()
    record = logging.getLogger("webapp.tests").makeRecord(
        "webapp.tests", logging.WARNING, "f.py", 1, message, arguments, trace, extra=extra
    )
    return formatter("web", as_json=as_json).format(record)


def test_a_json_line_is_one_object_with_the_ids_of_what_it_belongs_to() -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-12345678", job_id="j-1"):
        line = written("answered %d", 3, status=200, failed=True)
    assert "\n" not in line
    said = json.loads(line)
    assert said["event"] == "answered 3"
    assert (said["level"], said["logger"], said["process"]) == ("warning", "webapp.tests", "web")
    assert (said["request_id"], said["job_id"], said["status"]) == ("r-12345678", "j-1", 200)
    assert said["exception"].startswith("Traceback")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", said["timestamp"])


def test_a_readable_event_is_one_line_and_its_trace_is_indented() -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-12345678"):
        first, *rest = written("two\nlines \x1b[31m", as_json=False, failed=True, status=500).split("\n")
    assert re.match(r"\S+Z WARNING  webapp\.tests: two\\nlines \\x1b\[31m  ", first)
    assert set(first.rsplit("  ", 1)[1].split()) == {"status=500", "request_id=r-12345678"}
    assert rest
    assert all(line.startswith("    ") for line in rest)


@pytest.mark.parametrize("as_json", [True, False])
def test_no_line_names_a_person_or_a_password(*, as_json: bool) -> None:
    line = written(
        "mira@northlight.example at %s",
        "postgresql://cgn:hush@db:5432/cgn",
        as_json=as_json,
        failed=True,
        given={"to": ["someone@else.example"]},
    )
    for personal in ("mira", "hush", "lena@", "someone@"):
        assert personal not in line
    assert "db:5432/cgn" in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a.b+c@x-y.example.", "<e-mail>."),
        ("redis://:p@ss@localhost:1/0", "redis://<credentials>@localhost:1/0"),
        ("https://example.com/a@b", "https://example.com/a@b"),
        ("@lena.moves grew", "@lena.moves grew"),
        ('unique "uq"\nDETAIL:  Key (name)=(Lena M) exists.\nend', 'unique "uq"\nDETAIL:  <row>\nend'),
    ],
)
def test_what_is_redacted(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_redacting_takes_no_longer_for_a_long_word() -> None:
    assert redacted("a" * 2_000_000) == "a" * 2_000_000  # else the test's time-out


@pytest.mark.parametrize(
    ("chosen", "is_terminal", "as_json"),
    [
        ({}, False, True),
        ({}, True, False),
        ({"embedded": True}, False, False),
        ({"embedded": True, "log_format": "json"}, False, True),
        ({"log_format": "lines"}, False, False),
    ],
)
def test_lines_are_json_except_where_a_person_reads_them(
    *, chosen: dict[str, Any], is_terminal: bool, as_json: bool
) -> None:
    assert wants_json(Settings(**chosen), is_terminal=is_terminal) is as_json
