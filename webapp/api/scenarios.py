"""Scenarios and notes: plans that the team keeps under a name, and what it pins to weeks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from cgn_core.services import notes, saved_scenarios
from webapp.api.answers import Body, nothing, reply
from webapp.api.description import operation
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("scenarios", __name__)
TAG = "Scenarios and notes"
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]


class ScenarioOut(BaseModel):
    """A plan under a name; times are UTC."""

    id: UUID
    workspace_id: UUID
    name: str
    plan: dict[str, float]
    made_by: str
    changed_at: datetime


class ScenarioList(BaseModel):
    """A workspace's scenarios."""

    items: list[ScenarioOut]


class NewScenario(Body):
    """A plan to keep."""

    name: Name
    plan: dict[str, Annotated[float, Field(ge=0, le=1e6)]] = Field(examples=[{"reels": 5}])


class NewName(Body):
    """Another name."""

    name: Name


class NoteOut(BaseModel):
    """A note on a week."""

    id: UUID
    week_start: date
    text: str
    made_by: str
    changed_at: datetime


class NoteList(BaseModel):
    """Notes, the newest week first."""

    items: list[NoteOut]


class NewNote(Body):
    """A note on the week of a day."""

    day: date
    text: Text


class NewText(Body):
    """What the note says now."""

    text: Text


class Made(BaseModel):
    """The id of what was made."""

    id: UUID


@blueprint.get("/workspaces/<workspace_id>/scenarios")
@operation(TAG, ScenarioList)
def list_scenarios(workspace_id: str) -> Response:
    """List a workspace's scenarios."""
    found = saved_scenarios.list_scenarios(db(), actor(), identifier(workspace_id))
    return reply(ScenarioList(items=[ScenarioOut.model_validate(each, from_attributes=True) for each in found]))


@blueprint.post("/workspaces/<workspace_id>/scenarios")
@operation(TAG, ScenarioOut, status=201, idempotent=True)
def save_scenario(workspace_id: str, json: NewScenario) -> Response:
    """Keep a plan for the team."""
    made = saved_scenarios.save_scenario(
        db(writes=True), actor(), identifier(workspace_id), name=json.name, plan=json.plan
    )
    return reply(_scenario(made), 201)


@blueprint.patch("/scenarios/<scenario_id>")
@operation(TAG, ScenarioOut)
def rename_scenario(scenario_id: str, json: NewName) -> Response:
    """Give a scenario another name."""
    wanted = identifier(scenario_id)
    saved_scenarios.rename_scenario(db(writes=True), actor(), wanted, json.name)
    return reply(_scenario(wanted))


@blueprint.delete("/scenarios/<scenario_id>")
@operation(TAG, status=204)
def remove_scenario(scenario_id: str) -> Response:
    """Remove a scenario."""
    saved_scenarios.remove_scenario(db(writes=True), actor(), identifier(scenario_id))
    return nothing()


@blueprint.get("/workspaces/<workspace_id>/notes")
@operation(TAG, NoteList)
def list_notes(workspace_id: str) -> Response:
    """List the notes on a workspace's weeks, the newest week first."""
    found = notes.list_notes(db(), actor(), identifier(workspace_id))
    return reply(NoteList(items=[NoteOut.model_validate(each, from_attributes=True) for each in found]))


@blueprint.post("/workspaces/<workspace_id>/notes")
@operation(TAG, Made, status=201, idempotent=True)
def pin_note(workspace_id: str, json: NewNote) -> Response:
    """Pin a note to a week."""
    made = notes.pin_note(db(writes=True), actor(), identifier(workspace_id), day=json.day.isoformat(), text=json.text)
    return reply(Made(id=made), 201)


@blueprint.patch("/notes/<note_id>")
@operation(TAG, Made)
def edit_note(note_id: str, json: NewText) -> Response:
    """Change what a note says."""
    wanted = identifier(note_id)
    notes.edit_note(db(writes=True), actor(), wanted, json.text)
    return reply(Made(id=wanted))


@blueprint.delete("/notes/<note_id>")
@operation(TAG, status=204)
def remove_note(note_id: str) -> Response:
    """Remove a note."""
    notes.remove_note(db(writes=True), actor(), identifier(note_id))
    return nothing()


def _scenario(scenario_id: UUID) -> ScenarioOut:
    found = saved_scenarios.get_scenario(db(), actor(), scenario_id)
    return ScenarioOut.model_validate(found, from_attributes=True)
