"""What happened to a workspace beside its numbers, week by week: breaks, imports, changes of the model, notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.figures.locales import retold
from cgn_core.figures.wording import plural, short_day
from cgn_core.services.data_history import data_versions
from cgn_core.services.models import current_model
from cgn_core.services.notes import list_notes
from cgn_core.services.registry import promotions


class EventKind(StrEnum):
    """What happened."""

    BREAK = "break"
    IMPORT = "import"
    MODEL = "model"
    NOTE = "note"


@dataclass(frozen=True)
class Event:
    """Something that happened in a week."""

    week_start: date
    """A Monday."""
    kind: EventKind
    words: str


def events(session: Session, actor: Actor, workspace_id: UUID | str) -> list[Event]:
    """Everything that happened, oldest first.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    found = [_event(note.week_start, EventKind.NOTE, _noted(note.text, note.made_by))
             for note in list_notes(session, actor, workspace.id)]  # fmt: skip
    for version in data_versions(session, actor, workspace.id):
        by = f" by {version.created_by}" if version.created_by else ""
        what = "repaired" if version.report.get("repairs") else "imported"
        words = (
            f"Data version {version.number} {what}{by}: {plural(version.rows, 'day')} to {short_day(version.last_date)}"
        )
        found.append(_event(version.created_at.date(), EventKind.IMPORT, words))
    for change in promotions(session, actor, workspace.id):
        by = f" by {change.promoted_by}" if change.promoted_by else ""
        reason = change.reason if change.promoted_by else retold(change.reason)  # what people wrote stays
        words = f"Model {change.model_number} came into force{by}: {reason}"
        found.append(_event(change.created_at.date(), EventKind.MODEL, words))
    model = current_model(session, actor, workspace.id)
    if model is not None and model.training.drift.get("alarm"):
        drift = model.training.drift
        found.append(_event(date.fromisoformat(drift["start_week"]), EventKind.BREAK, retold(drift["sentence"])))
    return sorted(found, key=lambda each: (each.week_start, each.kind, each.words))


def _event(day: date, kind: EventKind, words: str) -> Event:
    return Event(day - timedelta(days=day.weekday()), kind, words)


def _noted(text: str, made_by: str) -> str:
    return f"{text} ({made_by})" if made_by else text
