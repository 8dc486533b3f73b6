"""The schedules on the Jobs page, from adding one to bringing a removed one back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from dash import Dash
from sqlalchemy import update

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Schedule, Workspace, now
from cgn_core.db.session import reading, transaction
from cgn_core.services.schedules import ScheduleView, add_schedule, list_schedules

ADD, CHANGE, SAVE = (f"webapp.pages.schedules.{name}" for name in ("add", "change", "save"))
BUTTONS = ("schedules-pause", "schedules-remove", "schedules-undo", "schedules-edit")


def call(portal: Dash, who: Any, name: str, values: dict[str, Any], *, changed: str | None = None) -> str:
    """What a callback answers, as text."""
    outputs = [
        output
        for output, declared in portal.callback_map.items()
        if "callback" in declared and f"{declared['callback'].__module__}.{declared['callback'].__name__}" == name
    ]
    answer = who.call(outputs[0], values, changed=changed)
    assert answer.status_code == 200
    text: str = answer.text
    return text


def press(portal: Dash, who: Any, button: str, view: ScheduleView) -> str:
    values: dict[str, Any] = {name: [] for name in BUTTONS}
    values[button] = [({"schedule": str(view.id)}, 1)]
    return call(portal, who, CHANGE, values, changed=f'{{"schedule":"{view.id}","type":"{button}"}}.n_clicks')


def schedules_of(actor: Actor) -> list[ScheduleView]:
    with reading() as session:
        return list_schedules(session, actor)


def test_a_schedule_is_added_edited_paused_removed_and_brought_back(
    portal: Dash, browser: Callable[..., Any], owner: Actor
) -> None:
    who = browser(owner)
    form = {
        "schedules-add.n_clicks": 1, "schedules-kind.value": "retrain_monthly", "schedules-workspace.value": "",
        "schedules-hour.value": 3, "schedules-day.value": 15, "schedules-weeks.value": 4,
    }  # fmt: skip
    assert "Retrain every workspace on day 15 of each month at 03:00." in call(portal, who, ADD, form)
    (made,) = schedules_of(owner)
    assert "schedules-new-day" in press(portal, who, "schedules-edit", made)
    editor = {
        "schedules-save.n_clicks": 1, "schedules-editing.data": str(made.id), "schedules-new-hour.value": 5,
        "schedules-new-day.value": 31, "schedules-new-weeks.value": 4,
    }  # fmt: skip
    assert "on day 31 of each month at 05:00." in call(portal, who, SAVE, editor)
    assert "paused" in press(portal, who, "schedules-pause", made)
    removed = press(portal, who, "schedules-remove", made)
    assert "Nothing is scheduled." in removed
    assert "schedules-undo" in removed
    assert "on day 31 of each month at 05:00." in press(portal, who, "schedules-undo", made)
    (back,) = schedules_of(owner)
    assert (back.id, back.day, back.hour, back.enabled) == (made.id, 31, 5, False)


def test_a_wrong_number_in_the_editor_is_a_sentence_and_leaving_it_changes_nothing(
    portal: Dash, browser: Callable[..., Any], owner: Actor
) -> None:
    who = browser(owner)
    with transaction() as session:
        add_schedule(session, owner, "score_nightly")
    (before,) = schedules_of(owner)
    editor = {"schedules-editing.data": str(before.id), "schedules-new-day.value": 1, "schedules-new-weeks.value": 4}
    wrong = {**editor, "schedules-save.n_clicks": 1, "schedules-new-hour.value": 24}
    assert "The hour must be a whole number between 0 and 23." in call(portal, who, SAVE, wrong)
    left = {**editor, "schedules-close.n_clicks": 1, "schedules-new-hour.value": 7}
    call(portal, who, SAVE, left, changed="schedules-close.n_clicks")
    assert schedules_of(owner) == [before]


def test_times_are_the_agencys_and_one_that_waits_for_room_says_so(browser: Callable[..., Any], owner: Actor) -> None:
    with transaction() as session:
        session.execute(update(Agency).where(Agency.id == owner.agency_id).values(time_zone="Asia/Tokyo"))
        add_schedule(session, owner, "score_nightly", hour=23)
    shown = browser(owner).page("/jobs")
    assert ", 23:00" in shown
    assert '"waits"' not in shown
    with transaction() as session:
        session.execute(update(Schedule).values(next_due_at=now() - timedelta(minutes=5)))
    assert '"waits"' in browser(owner).page("/jobs")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("report_weekly", "Report on every workspace every Friday at 07:00"),
        ("report_monthly", "on day 15 of each month"),
    ],
)
def test_reports_are_scheduled_with_whom_they_are_mailed_to(
    portal: Dash, browser: Callable[..., Any], owner: Actor, kind: str, words: str
) -> None:
    form = {
        "schedules-add.n_clicks": 1, "schedules-kind.value": kind, "schedules-workspace.value": "",
        "schedules-hour.value": 7, "schedules-day.value": 15, "schedules-weeks.value": 4,
        "schedules-weekday.value": 5, "schedules-to.value": [str(owner.user_id)],
    }  # fmt: skip
    shown = call(portal, browser(owner), ADD, form)
    assert words in shown
    assert "mailed to 1 member." in shown
    (made,) = schedules_of(owner)
    assert made.recipients == (owner.user_id,)


def test_recipients_are_changed_by_those_who_may_and_told_to_nobody_else(
    portal: Dash, browser: Callable[..., Any], workspace: Workspace, owner: Actor, strategist: Actor, viewer: Actor
) -> None:
    with transaction() as session:
        add_schedule(session, owner, "report_weekly", workspace_id=workspace.id, day=5, recipients=[owner.user_id])
    who, (made,) = browser(owner), schedules_of(owner)
    assert str(owner.user_id) in press(portal, who, "schedules-edit", made)
    editor = {
        "schedules-save.n_clicks": 1, "schedules-editing.data": str(made.id), "schedules-new-hour.value": 3,
        "schedules-new-day.value": 5, "schedules-new-weeks.value": 4,
    }  # fmt: skip
    both = [str(owner.user_id), str(strategist.user_id)]
    assert "mailed to 2 members." in call(portal, who, SAVE, {**editor, "schedules-new-to.value": both})
    assert schedules_of(owner)[0].recipients == (owner.user_id, strategist.user_id)
    assert "kept on its Reports page." in call(portal, who, SAVE, {**editor, "schedules-new-to.value": []})
    call(portal, who, SAVE, {**editor, "schedules-new-to.value": None})
    assert schedules_of(owner)[0].recipients == ()
    assert [view.recipients for view in schedules_of(viewer)] == [None]
    assert "Reports page" not in browser(viewer).page("/jobs")
