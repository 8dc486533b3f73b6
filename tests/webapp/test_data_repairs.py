from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash
from sqlalchemy import select

from cgn_core.access import Actor
from cgn_core.db.models import DataVersion, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.services import imports
from cgn_core.services.imports import Imported

DAY = "2026-10-14"


def callback(portal: Dash, name: str) -> str:
    return next(
        output
        for output, declared in portal.callback_map.items()
        if "callback" in declared and f"{declared['callback'].__module__}.{declared['callback'].__name__}" == name
    )


def by_hand(workspace_id: object, **given: Any) -> dict[str, Any]:
    values = {"look.n_clicks": 1, "kind.value": "missing", "column.value": "follows", "first.value": DAY, **given}
    return {"repairs-of-workspace.data": str(workspace_id)} | {f"repairs-{key}": value for key, value in values.items()}


def test_days_known_to_be_wrong_are_previewed_reasoned_and_repaired(
    portal: Dash, browser: Callable[..., Any], owner: Actor, imported: Imported
) -> None:
    who, place = browser(owner), imported.workspace_id
    seen = who.call(callback(portal, "webapp.pages.data_repairs.look_by_hand"), by_hand(place))
    assert "1 number on 1 day would change. Weeks to learn from: 12 before, 11 after." in seen.text
    wanted = seen.json["response"]["repairs-wanted"]["data"]
    with reading() as session:
        assert session.scalars(select(DataVersion.number)).all() == [1]
    values = {"repairs-make.n_clicks": 1, "repairs-wanted.data": wanted, "repairs-of-workspace.data": str(place)}
    make = callback(portal, "webapp.pages.data_repairs.make")
    assert "Say why" in who.call(make, values).text
    done = who.call(make, {**values, "repairs-reason.value": "counted twice"})
    assert "A retraining is queued" in done.text
    shown = who.page(f"/workspaces/{place}/data")
    assert "Undo the last repair" in shown
    assert "Why: counted twice" in shown
    assert "Repair: follows treated as missing: 14 Oct 2026" in shown
    drawn = who.call(
        callback(portal, "webapp.pages.data_calendar.show"),
        {"calendar-of-workspace.data": str(place), "calendar-column.value": "follows"},
    )
    assert "83 observed, 1 repaired" in drawn.text
    assert "repaired: changed by a person's choice" in drawn.text
    assert "data changed since" in who.call(make, {**values, "repairs-reason.value": "again"}).text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"first.value": "soon"}, "like “2026-03-01”"),
        ({"kind.value": "cap"}, "at which number to cap"),
        ({"kind.value": "cap", "cap.value": 1e6}, "changes nothing"),
        ({"last.value": "2026-01-01"}, "swap them"),
        ({"column.value": "saves"}, "no saves"),
        ({"kind.value": "drop_days", "first.value": "2020-01-01", "last.value": "2030-01-01"}, "would be left"),
    ],
)
def test_a_repair_that_cannot_be_is_a_sentence(
    portal: Dash, browser: Callable[..., Any], owner: Actor, imported: Imported, given: dict[str, Any], said: str
) -> None:
    look = callback(portal, "webapp.pages.data_repairs.look_by_hand")
    answer = browser(owner).call(look, by_hand(imported.workspace_id, **given))
    assert said in answer.text
    assert answer.json["response"]["repairs-wanted"]["data"] is None


def test_what_looks_odd_offers_its_repairs_and_pressing_one_previews_it(
    portal: Dash, browser: Callable[..., Any], owner: Actor, imported: Imported
) -> None:
    data = f"date,follows\n{DAY},90000\n".encode()
    with transaction() as session:
        view = imports.read_upload(session, owner, workspace_id=imported.workspace_id, file_name="slip.csv", data=data)
        assert view.id is not None
        imports.import_upload(session, owner, view.id, key="slip")
    who = browser(owner)
    shown = who.call(
        callback(portal, "webapp.pages.data_repairs.show"), {"repairs-of-workspace.data": str(imported.workspace_id)}
    )
    assert "Growth is far above the usual on 14 Oct 2026" in shown.text
    assert "Cap follows at 68, the most on any other day" in shown.text
    repair = {"kind": "cap", "column": "follows", "first_day": DAY, "last_day": DAY, "cap": 68.0}
    values = {
        "repairs-choice": [({"place": 0}, 1)],
        "repairs-offered.data": [[repair]],
        "repairs-of-workspace.data": str(imported.workspace_id),
    }
    output = callback(portal, "webapp.pages.data_repairs.look_at_choice")
    seen = who.call(output, values, changed='{"place":0,"type":"repairs-choice"}.n_clicks')
    assert "follows capped at 68: 14 Oct 2026." in seen.text
    assert '"90,000"' in seen.text


def test_the_calendar_of_a_workspace_without_data_says_what_to_do(
    browser: Callable[..., Any], owner: Actor, workspace: Workspace
) -> None:
    shown = browser(owner).page(f"/workspaces/{workspace.id}/data")
    assert "No days yet" in shown
    assert "What looks odd" not in shown


def test_a_viewer_sees_the_calendar_and_no_repair(
    browser: Callable[..., Any], viewer: Actor, imported: Imported
) -> None:
    shown = browser(viewer).page(f"/workspaces/{imported.workspace_id}/data")
    assert "unless you choose it" not in shown
    assert "Where the numbers come from" in shown
    assert "Repair days" not in shown
