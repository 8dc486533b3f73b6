"""What pages keep of what they drew shows nothing stale and nothing of anybody else, for every page and reader."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from forty_weeks import import_and_train

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Workspace
from cgn_core.db.session import transaction
from cgn_core.services import decision_settings, profiles, workspaces
from webapp.components import kept
from webapp.pages import PAGES

OF_THE_MOMENT = re.compile(r"as of [^\"]* UTC|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
"""The minute on paper, and the keys against double clicks, which are drawn by lot."""


def shown(value: Any) -> Any:
    """What a page tells the browser, but for what changes from moment to moment.

    The order of attributes is left out: Dash draws by lot that of the first component of each kind.
    """
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shown(each) for each in value]
    if isinstance(value, str) and value[:2] in {"[{", '{"', "[["}:
        return shown(json.loads(value))  # what the browser draws by itself
    return OF_THE_MOMENT.sub("", value) if isinstance(value, str) else value


@pytest.fixture
def readers(
    browser: Callable[..., Any], owner: Actor, strategist: Actor, viewer: Actor, outsider: Actor
) -> dict[str, Any]:
    """Four people: three roles, three ways of writing numbers, two agencies."""
    with transaction() as session:
        profiles.choose_number_format(session, strategist, "de")
        profiles.choose_number_format(session, viewer, "fr")
    people = {"owner": owner, "strategist": strategist, "viewer": viewer, "outsider": outsider}
    return {name: browser(actor) for name, actor in people.items()}


def every_page(readers: dict[str, Any], filled: Workspace, empty: Workspace) -> dict[tuple[str, str, str], str]:
    wanted = [(name, page.PATH, filled) for name in readers for page in PAGES]
    wanted += [("owner", page.PATH, empty) for page in PAGES if page.PATH.startswith("/workspaces/<")]
    return {
        (name, path, workspace.handle): readers[name].page(path.replace("<workspace_id>", str(workspace.id)))
        for name, path, workspace in wanted
    }


def test_every_page_is_the_same_whether_its_parts_were_kept_or_not(
    readers: dict[str, Any],
    agency: Agency,
    owner: Actor,
    workspace: Workspace,
    new_workspace: Callable[..., Workspace],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import_and_train(owner, workspace)
    empty = new_workspace(agency, "without.data")
    every_page(readers, workspace, empty)
    again = every_page(readers, workspace, empty)
    monkeypatch.setattr(kept, "KEPT_BYTES", 0)
    kept.forget()
    anew = every_page(readers, workspace, empty)
    for where, page in again.items():
        assert shown(json.loads(page)) == shown(json.loads(anew[where])), where
    # Nobody of another agency was shown anything of it, however much was kept.
    assert all(workspace.handle not in page for (name, *_), page in again.items() if name == "outsider")


def test_a_change_of_data_settings_or_rights_shows_at_once(
    readers: dict[str, Any], owner: Actor, workspace: Workspace
) -> None:
    import_and_train(owner, workspace)
    mine, theirs = readers["owner"], readers["viewer"]
    decisions, data = f"/workspaces/{workspace.id}/decisions", f"/workspaces/{workspace.id}/data"
    mine.page(decisions)
    before = mine.page(decisions)
    with transaction() as session:
        decision_settings.save_decision_settings(
            session, owner, workspace.id, {"value_of_follower": 1.5, "cost_of_hour": 41.25}
        )
    after = mine.page(decisions)
    assert "41.25" not in before
    assert "41.25" in after
    with transaction() as session:
        workspaces.set_time_zone(session, owner, workspace.id, "Asia/Tokyo")
    assert "Asia/Tokyo" in mine.page(data)
    # A viewer may not save, and is offered no button although the owner's page was drawn a moment ago.
    assert "data-save" in mine.page(data)
    assert "data-save" not in theirs.page(data)
