"""Every answer carries an id that is found in the log, and what went wrong is found by what the page showed."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dash import Dash

from cgn_core.access import Actor
from cgn_core.db.models import User
from cgn_core.logs.configuration import formatter
from cgn_core.services import jobs as jobs_service
from webapp.request_scope import db


class Lines(logging.Handler):
    """What is logged, as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(formatter("web", as_json=True))
        self.said: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(json.loads(self.format(record)))

    def answers(self) -> list[dict[str, Any]]:
        return [line for line in self.said if line["event"] == "answered"]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root, handler = logging.getLogger(), Lines()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture(params=["sqlite"], ids=["sqlite"])
def database_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """One database is enough here."""
    del request
    return database_url


def test_an_answer_and_its_line_carry_the_same_id(browser: Callable, owner: Actor, lines: Lines) -> None:
    answer = browser(owner).get("/workspaces/5e0d6c3e-0000-4000-8000-000000000000/data/export/daily.csv")
    (line,) = lines.answers()
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"])
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["status"] == answer.status_code
    assert line["milliseconds"] >= 0
    assert "5e0d6c3e" not in json.dumps(line), "a route says which page, an address may say whose"


def test_the_id_of_a_proxy_is_kept_and_anything_else_is_not(browser: Callable, lines: Lines) -> None:
    visitor = browser(None)
    assert visitor.get("/sign-in", headers={"X-Request-ID": "proxy-0123456789"}).headers["X-Request-ID"] == (
        "proxy-0123456789"
    )
    for forged in ("short", "x" * 65, "with space 1", "a\tb345678", "ünïcödé-id"):
        assert visitor.get("/sign-in", headers={"X-Request-ID": forged}).headers["X-Request-ID"] != forged
    assert len({line["request_id"] for line in lines.answers()}) == 6


def test_health_checks_and_files_of_the_portals_own_leave_no_line(browser: Callable, lines: Lines) -> None:
    for path in ("/healthz", "/readyz", "/assets/tokens.css"):
        browser(None).get(path)
    assert [line for line in lines.answers() if line["status"] < 500] == []


def test_a_mistake_on_a_page_is_found_by_the_reference_that_it_showed(
    browser: Callable, owner: Actor, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("owner@agency.example")

    monkeypatch.setattr(jobs_service, "list_jobs", fail)
    shown = browser(owner).page("/jobs")
    found = re.search(r"Reference: ([0-9a-f]{16})\.", shown)
    assert found, shown[:500]
    traces = [line for line in lines.said if line["request_id"] == found[1] and "exception" in line]
    assert len(traces) == 1
    assert "KeyError" in traces[0]["exception"]
    assert "agency.example" not in traces[0]["exception"]


CSV = "downloads.portfolio_csv"


def test_a_mistake_of_a_route_is_found_by_the_reference_that_it_showed(
    portal: Dash, browser: Callable, owner: Actor, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(portal.server.view_functions, CSV, lambda: 1 / 0)
    answer = browser(owner).get("/portfolio.csv")
    assert answer.status_code == 500
    assert f"Reference: {answer.headers['X-Request-ID']}." in answer.get_data(as_text=True)
    failed = [line for line in lines.said if "ZeroDivisionError" in line.get("exception", "")]
    assert [line["request_id"] for line in failed] == [answer.headers["X-Request-ID"]]


def test_what_the_database_refused_is_logged_without_the_values(
    portal: Dash, browser: Callable, owner: Actor, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_one_address_twice() -> None:
        for _number in range(2):
            row = {"email": "taken@agency.example", "name": "Somebody Real", "role": owner.role, "password_hash": "!"}
            db(writes=True).add(User(agency_id=owner.agency_id, **row))
            db(writes=True).flush()

    monkeypatch.setitem(portal.server.view_functions, CSV, take_one_address_twice)
    assert browser(owner).get("/portfolio.csv").status_code == 500
    said = json.dumps(lines.said)
    assert "IntegrityError" in said
    for personal in ("taken@agency.example", "Somebody Real"):
        assert personal not in said
