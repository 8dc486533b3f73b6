"""What is done again and again: retrainings, nightly scores, client reports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from cgn_core.services import schedules
from cgn_core.services.schedules import ScheduleView
from webapp.api.answers import Body, Id, nothing, reply
from webapp.api.description import PREFIX, operation
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("schedules", __name__, url_prefix="/schedules")
TAG = "Schedules"
Hour = Annotated[int, Field(ge=0, le=23, description="Local to the agency.")]
Day = Annotated[int, Field(ge=1, le=31, description="Of the month, for monthly ones; 1, Monday, to 7 for weekly ones.")]
Weeks = Annotated[int, Field(ge=1, le=52, description="How far a model may fall behind.")]


class ScheduleOut(BaseModel):
    """One schedule; times are UTC."""

    id: UUID
    workspace_id: UUID | None = Field(description="Null: every workspace of the agency.")
    kind: str
    hour: int
    day: int
    weeks: int
    time_zone: str
    next_due_at: datetime
    last_due_at: datetime | None
    enabled: bool
    recipients: list[UUID] | None = Field(
        description="Members whom reports are mailed to; null where the token may not change the schedule."
    )
    sentence: str


class ScheduleList(BaseModel):
    """Schedules, the agency's own first."""

    items: list[ScheduleOut]


class NewSchedule(Body):
    """A schedule of a workspace, or of the whole agency."""

    kind: Literal["retrain_monthly", "retrain_behind", "score_nightly", "report_weekly", "report_monthly"]
    workspace_id: Id | None = None
    hour: Hour = 3
    day: Day = 1
    weeks: Weeks = 4
    recipients: list[Id] = Field(default=[], max_length=20, description="Members whom reports are mailed to.")


class ScheduleChange(Body):
    """When it is due, whom it mails, and whether it is on; what is left out stays."""

    hour: Hour | None = None
    day: Day | None = None
    weeks: Weeks | None = None
    enabled: bool | None = None
    recipients: list[Id] | None = Field(
        default=None, max_length=20, description="All members whom reports are mailed to."
    )


@blueprint.get("")
@operation(TAG, ScheduleList)
def list_schedules() -> Response:
    """List the schedules that the token sees."""
    found = schedules.list_schedules(db(), actor())
    return reply(ScheduleList(items=[_out(each) for each in found]))


@blueprint.post("")
@operation(TAG, ScheduleOut, status=201, idempotent=True)
def add_schedule(json: NewSchedule) -> Response:
    """Add a schedule."""
    made = schedules.add_schedule(db(writes=True), actor(), **json.model_dump())
    return reply(_out(schedules.get_schedule(db(), actor(), made)), 201, location=f"{PREFIX}/schedules/{made}")


@blueprint.get("/<schedule_id>")
@operation(TAG, ScheduleOut)
def read_schedule(schedule_id: str) -> Response:
    """Read a schedule."""
    return reply(_out(schedules.get_schedule(db(), actor(), identifier(schedule_id))))


@blueprint.patch("/<schedule_id>")
@operation(TAG, ScheduleOut)
def change_schedule(schedule_id: str, json: ScheduleChange) -> Response:
    """Change when a schedule is due and whom it mails; pause it, or let it go on."""
    wanted = identifier(schedule_id)
    before = schedules.get_schedule(db(writes=True), actor(), wanted)
    hour, day, weeks = (json.hour, json.day, json.weeks)
    schedules.edit_schedule(
        db(writes=True),
        actor(),
        wanted,
        hour=before.hour if hour is None else hour,
        day=before.day if day is None else day,
        weeks=before.weeks if weeks is None else weeks,
        recipients=json.recipients,
    )
    if json.enabled is not None and json.enabled != before.enabled:
        schedules.toggle(db(writes=True), actor(), wanted)
    return reply(_out(schedules.get_schedule(db(), actor(), wanted)))


@blueprint.delete("/<schedule_id>")
@operation(TAG, status=204)
def remove_schedule(schedule_id: str) -> Response:
    """Remove a schedule; what it queued stays."""
    schedules.remove_schedule(db(writes=True), actor(), identifier(schedule_id))
    return nothing()


def _out(view: ScheduleView) -> ScheduleOut:
    return ScheduleOut.model_validate(view, from_attributes=True)
