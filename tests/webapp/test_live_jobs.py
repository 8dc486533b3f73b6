"""What moves on a page without being asked: how often it looks at the jobs, and who works."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dash import Dash

from cgn_core.access import Actor
from cgn_core.db.models import Heartbeat, Job, JobState, now
from cgn_core.db.session import transaction
from cgn_core.services.imports import Imported


def callback(portal: Dash, name: str) -> str:
    return next(
        output
        for output, declared in portal.callback_map.items()
        if "callback" in declared and f"{declared['callback'].__module__}.{declared['callback'].__name__}" == name
    )


def test_the_pulse_is_quick_after_a_request_slower_later_and_stops_when_nothing_runs(
    portal: Dash, browser: Callable[..., Any], owner: Actor, imported: Imported
) -> None:
    who = browser(owner)
    pulse = callback(portal, "webapp.shell.take_pulse")

    def asked(seconds_ago: float) -> None:
        with transaction() as session:
            session.get_one(Job, imported.job_id).created_at = now() - timedelta(seconds=seconds_ago)

    asked(0.0)
    busy = who.call(pulse).json["response"]
    assert busy["shell-clock"]["interval"] <= 150
    assert busy["shell-clock"]["disabled"] is False
    assert busy["shell-pulse"]["data"]["headline"] == "Retraining of @lena.moves"
    same = {"shell-pulse.data": busy["shell-pulse"]["data"], "shell-finished.data": busy["shell-finished"]["data"]}
    asked(4.0)
    later = who.call(pulse, same).json["response"]
    assert set(later) == {"shell-clock"}, "what didn't change isn't sent again"
    assert 400 < later["shell-clock"]["interval"] < 700
    asked(60.0)
    assert who.call(pulse, same).json["response"]["shell-clock"]["interval"] == 1000
    with transaction() as session:
        job = session.get_one(Job, imported.job_id)
        job.state, job.finished_at = JobState.CANCELLED, now()
    idle = who.call(pulse, {**same, "shell-clock.interval": 1000}).json["response"]
    assert idle["shell-clock"] == {"interval": 12_000, "disabled": False}
    assert idle["shell-finished"]["data"] != busy["shell-finished"]["data"]
    still = {**same, "shell-clock.interval": 12_000}
    # An arrival's look may be answered after somebody has just asked for something.
    assert who.call(pulse, still, changed="shell-arrived.data").json["response"]["shell-clock"]["disabled"] is False
    assert who.call(pulse, still).json["response"]["shell-clock"]["disabled"] is True


def test_whoever_asks_for_a_job_wakes_the_page_s_clock(portal: Dash) -> None:
    asking = {}
    for declared in portal.callback_map.values():
        work = declared.get("callback")
        module = sys.modules.get(getattr(work, "__module__", ""))
        if work is None or module is None or not module.__name__.startswith("webapp.pages"):
            continue
        text = inspect.getsource(work)
        # What it calls in its own module belongs to it.
        called = {name for name in re.findall(r"\b(_\w+)\(", text) if inspect.isfunction(getattr(module, name, None))}
        text += "".join(inspect.getsource(getattr(module, name)) for name in called)
        if re.search(r"\brequest_(?!scope)\w+\(", text):
            asking[f"{module.__name__}.{work.__name__}"] = "wake()" in text
    assert len(asking) > 10
    assert [name for name, wakes in asking.items() if not wakes] == []


def test_the_jobs_page_shows_who_works_and_since_when_one_is_silent(
    portal: Dash, browser: Callable[..., Any], owner: Actor, viewer: Actor
) -> None:
    who = browser(owner)
    assert "No worker is at work" in who.page("/jobs")
    with transaction() as session:
        session.add(Heartbeat(name="worker:alpha:11"))
        session.add(Heartbeat(name="worker:beta:12", seen_at=now() - timedelta(minutes=5)))
    shown = who.page("/jobs")
    assert "No worker is at work" not in shown
    assert "alpha:11" in shown
    assert re.search(r"Silent since \d\d:\d\d UTC", shown)
    drawn = who.call(callback(portal, "webapp.pages.workers.refresh_workers")).get_data(as_text=True)
    assert "Silent since" in drawn
    assert "alpha:11" not in browser(viewer).page("/jobs")
