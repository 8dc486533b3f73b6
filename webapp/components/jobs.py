"""Jobs as rows: what, how far, for how long, asked by whom, and what one can do about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dash.development.base_component import Component

from cgn_core.services.jobs import JobView
from webapp import routes
from webapp.components.alerts import Tone, chip
from webapp.components.attributes import aria
from webapp.components.markup import dcc, html
from webapp.components.numbers import ago, duration, moment, percent, plural, retold
from webapp.components.presses import writes_press
from webapp.components.tables import Column, data_table

STATES: dict[str, tuple[str, Tone]] = {
    "queued": ("Waiting", "muted"),
    "running": ("Running", "accent"),
    "done": ("Done", "up"),
    "failed": ("Failed", "down"),
    "cancelled": ("Cancelled", "caution"),
}
CANCEL, RETRY = "jobs-cancel", "jobs-retry"
SHORTEST = timedelta(seconds=1)


def jobs_table(jobs: Sequence[JobView], *, now: datetime, may_act: bool) -> Component:
    """The newest jobs first; buttons only for those who may use them."""
    columns = [
        Column("title", "Job", primary=True),
        Column("state", "State"),
        Column("progress", "Progress"),
        Column("by", "Asked by"),
        Column("when", "When"),
        Column("took", "Took", numeric=True),
        Column("actions", "", numeric=True),
    ]
    rows = [_row(job, now=now, may_act=may_act) for job in jobs]
    return data_table(columns, rows, caption="Jobs")


def _row(job: JobView, *, now: datetime, may_act: bool) -> dict[str, Any]:
    words, tone = STATES.get(job.state, (job.state, "muted"))
    if job.is_active and job.cancel_requested:
        words, tone = "Stopping", "caution"
    title: Any = job.title
    if job.workspace_id is not None:
        title = dcc.Link(job.title, href=routes.home(job.workspace_id))
    took = (job.finished_at or now) - job.started_at if job.started_at is not None else None
    return {
        "title": title,
        "state": chip(words, tone=tone),
        "progress": _progress(job, now),
        "by": job.requested_by_name or "the schedule",
        "when": html.Span(ago(job.created_at, now=now), className="nowrap", title=f"{moment(job.created_at)} UTC"),
        "took": html.Span(duration(took), className="nowrap"),
        "actions": _actions(job) if may_act else None,
    }


def _progress(job: JobView, now: datetime) -> Component:
    if job.state == "failed":
        return html.Span(retold(job.error) or "It failed without a reason; try again.", className="words text-down")
    if not job.is_active:
        return html.Span(_ended(job), className="words muted")
    return progress_bar(job, now=now)


def progress_bar(job: JobView, *, now: datetime) -> Component:
    """How far a job that waits or runs is, what it is at, and how long it will take at its pace."""
    left = job.time_left(now)
    words = "" if left is None else f", about {duration(max(left, SHORTEST))} left"
    share = f"{job.progress * 100:.0f}"
    bar = html.Div(
        html.Span(style={"width": f"{share}%"}),
        className="bar",
        role="progressbar",
        **aria(valuenow=share, valuemin="0", valuemax="100", label=job.title),
    )
    return html.Div(
        [bar, html.Div(f"{percent(job.progress)}: {retold(job.message)}{words}", className="muted small")],
        className="progress-cell",
    )


def _ended(job: JobView) -> str:
    """What came of it; a training says whether its model is in force, a scoring how many forecasts it scored."""
    if "scored" in job.result:
        return f"{plural(int(job.result['scored']), 'forecast')} scored"
    return retold(str(job.result.get("decision") or job.result.get("reason") or job.message))


def _actions(job: JobView) -> Component | None:
    if job.is_active and not job.cancel_requested:
        kind, words = CANCEL, "Cancel"
    elif job.may_be_retried:
        kind, words = RETRY, "Try again"
    else:
        return _result(job)
    return html.Button(
        words,
        type="button",
        className="button button-plain button-small",
        **aria(label=f"{words}: {job.title}"),
        **writes_press(kind, of=str(job.id)),
    )


def _result(job: JobView) -> Component | None:
    if job.state != "done":
        return None
    if job.file_id is not None:
        # Not a page: the browser fetches it.
        return html.A("Download", href=routes.stored_file(job.file_id), download="", className="inline-link")
    where = _where_to(job)
    return None if where is None else dcc.Link(where[0], href=where[1], className="inline-link")


def _where_to(job: JobView) -> tuple[str, str] | None:
    """What there is to see of what a job did, and the page that shows it."""
    if job.kind in {"retrain", "validate"} and job.workspace_id is not None:
        return f"See the {'model' if job.kind == 'retrain' else 'result'}", routes.model_health(job.workspace_id)
    if job.kind == "import" and "arrival" in job.result:
        return "See what was found", routes.arrived(job.result["arrival"], job.workspace_id)
    return ("See the creators", routes.PORTFOLIO) if job.kind in {"generate", "import", "retrain_all"} else None
