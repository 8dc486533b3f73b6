"""The audit page: what it shows, to whom, and how its filter goes through the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from dash import Dash

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.db.session import transaction
from cgn_core.services.audit import AuditAction, record

PATH = "/audit"


@pytest.fixture
def written(owner: Actor, workspace: Workspace) -> Workspace:
    with transaction() as session:
        record(session, owner, AuditAction.IMPORTED, workspace_id=workspace.id, rows=217, data_version=3)
        for _ in range(50):
            record(session, owner, AuditAction.SIGNED_IN)
    return workspace


def show(portal: Dash, visitor: Any, **chosen: str) -> str:
    output = next(
        name for name, declared in portal.callback_map.items()
        if "callback" in declared and declared["callback"].__module__ == "webapp.pages.audit"
    )  # fmt: skip
    values = {"audit-show.n_clicks": 1, **{f"audit-{name}.value": value for name, value in chosen.items()}}
    answer = visitor.call(output, values)
    assert answer.status_code == 200
    search: str = answer.get_json()["response"]["_pages_location"]["search"]
    return search


def test_an_owner_reads_sentences_page_by_page(browser: Callable[..., Any], owner: Actor, written: Workspace) -> None:
    del written
    first = browser(owner).page(PATH)
    assert "Signed in." in first
    assert "Imported a file" not in first
    assert "?before=2" in first
    second = browser(owner).page(PATH, "?before=2")
    assert "Imported a file into @lena.moves, 217 rows, version 3 of the data." in second


def test_the_filter_goes_into_the_address_and_the_page_reads_it_there(
    portal: Dash, browser: Callable[..., Any], owner: Actor, written: Workspace
) -> None:
    who = browser(owner)
    search = show(portal, who, what="Data and models", workspace=str(written.id), who=str(owner.user_id))
    assert parse_qs(search[1:]) == {
        "what": ["Data and models"], "workspace": [str(written.id)], "who": [str(owner.user_id)]
    }  # fmt: skip
    shown = who.page(PATH, search)
    assert "Imported a file" in shown
    assert "Signed in." not in shown
    assert f"audit.csv?who={owner.user_id}" in shown
    assert show(portal, who) == ""
    assert "Nothing that was done fits this filter." in who.page(PATH, "?what=trained")


def test_others_are_told_whose_it_is_and_get_no_file(
    browser: Callable[..., Any], strategist: Actor, viewer: Actor, outsider: Actor, written: Workspace
) -> None:
    for actor in (strategist, viewer):
        who = browser(actor)
        shown = who.page(PATH)
        assert "Ask an owner of your agency." in shown
        assert "Signed in." not in shown
        assert who.get("/audit.csv").status_code == 403
    theirs = browser(outsider)
    assert "lena.moves" not in theirs.page(PATH, f"?workspace={written.id}")
    assert b"lena.moves" not in theirs.get(f"/audit.csv?workspace={written.id}").data


@pytest.mark.parametrize(
    "search", ["?who=x", "?what=nonsense", "?since=2026-13-01", "?before=-1", "?before=²", f"?before={10**30}"]
)
def test_odd_addresses_get_a_sentence_or_the_newest_lines(
    browser: Callable[..., Any], owner: Actor, written: Workspace, search: str
) -> None:
    del written
    shown = browser(owner).page(PATH, search)
    assert "Signed in." in shown if "before" in search else "notice tone-caution" in shown


def test_the_file_holds_the_filtered_lines_and_its_making_is_a_line_too(
    browser: Callable[..., Any], owner: Actor, written: Workspace
) -> None:
    del written
    who = browser(owner)
    answer = who.get("/audit.csv?what=imported")
    assert answer.status_code == 200
    assert answer.data.decode().count("\n") == 2
    assert "Exported the audit log." in who.page(PATH)
    assert who.get("/audit.csv?since=never").status_code == 422
