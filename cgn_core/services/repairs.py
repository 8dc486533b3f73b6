"""Repairs of a workspace's daily table: what looks odd, what a repair would do, and doing it as a new version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import DataVersion, Workspace
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput
from cgn_core.figures.data_calendar import DayState
from cgn_core.figures.wording import counted
from cgn_core.ingest.oddities import Oddity, oddities
from cgn_core.ingest.repairs import Repair, apply_repairs, repaired_cells, repairs_from_json
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.data_versions import (
    content_of,
    current_daily,
    current_version,
    hash_daily,
    store_version,
    table_of,
)
from cgn_core.services.imports import Imported
from cgn_core.services.remembered import Remembered
from cgn_core.services.retrainings import enqueue_retraining
from cgn_core.tables import Daily, Provenance

CELLS_SHOWN = 12
LONGEST_REASON = 300


@dataclass(frozen=True)
class DataCalendar:
    """Where each number of a daily table comes from."""

    first_day: date | None
    """None while there are no data."""
    states: dict[str, tuple[DayState, ...]]
    """By column, one state a day from ``first_day`` on."""


@dataclass(frozen=True)
class ChangedCell:
    """One number before and after a repair; None where none is known."""

    day: date
    column: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class RepairPreview:
    """What repairs would do."""

    based_on: int
    """The version they were tried on."""
    sentences: tuple[str, ...]
    days: int
    cells: int
    """Numbers that would change."""
    removed_days: int
    """Days that would leave either end of the table."""
    weeks_before: int
    weeks_after: int
    """Weeks whose growth is known on all seven days, which a model learns from."""
    changed: tuple[ChangedCell, ...]
    """The first of them."""


_oddities = Remembered[tuple[Oddity, ...]](128)
"""By table."""
_calendars = Remembered[DataCalendar](64)
"""By table and repairs: of two years each has ten thousand states."""


def find_oddities(session: Session, actor: Actor, workspace_id: UUID | str) -> tuple[Oddity, ...]:
    """What looks wrong in the current daily table; nothing while there is none.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = current_version(session, workspace)
    return () if version is None else _oddities.of(content_of(version), lambda: oddities(table_of(version)))


def data_calendar(session: Session, actor: Actor, workspace_id: UUID | str) -> DataCalendar:
    """Every day of the current daily table and where its numbers come from.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = current_version(session, workspace)
    if version is None:
        return DataCalendar(first_day=None, states={})
    repairs = tuple(_repairs_in_force(session, workspace))
    return _calendars.of((content_of(version), repairs), lambda: _calendar(table_of(version), repairs))


def _calendar(daily: Daily, repairs: Sequence[Repair]) -> DataCalendar:
    return DataCalendar(
        first_day=daily.frame["date"].iloc[0].date(),
        states={name: _states(daily, repairs, name) for name in daily.columns},
    )


def preview_repairs(session: Session, actor: Actor, workspace_id: UUID | str, wanted: object) -> RepairPreview:
    """What repairs would change; nothing is stored.

    Args:
        session: the transaction.
        actor: who asks.
        workspace_id: whose data.
        wanted: a list of repairs as JSON, untrusted.

    Raises:
        NotFound: no such workspace, not the actor's to edit, or it has no data.
        Forbidden: the actor's role imports nothing.
        InvalidInput: these are no repairs, or they would leave or change nothing.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
    actor.require(Action.IMPORT_DATA)
    return _preview(session, workspace, repairs_from_json(wanted))[0]


def repair_data(
    session: Session, actor: Actor, workspace_id: UUID | str, wanted: object, *, based_on: int, reason: str, key: str
) -> Imported:
    """Make repairs the next version of the daily table and queue a retraining; undoing it works as for an import.

    Args:
        session: the transaction; everything or nothing.
        actor: who decided it.
        workspace_id: whose data.
        wanted: a list of repairs as JSON, untrusted.
        based_on: the version that the preview was made of.
        reason: why, in the person's words.
        key: idempotency key of the retraining.

    Raises:
        NotFound: no such workspace, not the actor's to edit, or it has no data.
        Forbidden: the actor's role imports nothing.
        InvalidInput: no repairs, no reason, nothing would change, or the data changed since the preview.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    actor.require(Action.IMPORT_DATA)
    repairs, why = repairs_from_json(wanted), " ".join(reason.split())[:LONGEST_REASON]
    if not why:
        raise InvalidInput("Say why, in a few words; the reason stays with the version.")
    if based_on != workspace.data_version:
        raise InvalidInput("The data changed since this preview; look at the repair again.")
    preview, repaired = _preview(session, workspace, repairs)
    stored = [repair.to_json() for repair in repairs]
    version = store_version(
        session,
        workspace,
        repaired,
        file_name=_title(repairs),
        file_hash=hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest(),
        report={"format": "repair", "repairs": stored, "reason": why, "findings": [], "answers": {}},
        created_by=actor.user_id,
    )
    job_id = enqueue_retraining(session, workspace, requested_by=actor.user_id, key=f"{key}:v{version.number}")
    details = {"data_version": version.number, "days": preview.days, "cells": preview.cells}
    record(session, actor, AuditAction.DATA_REPAIRED, subject=None, workspace_id=workspace.id, **details)
    cells = counted(preview.cells, "number")
    days = counted(preview.days, "day")
    return Imported(
        workspace_id=workspace.id,
        handle=workspace.handle,
        changed=True,
        data_version=version.number,
        job_id=job_id,
        message=f"{workspace.handle}: {cells} on {days} repaired, which is version {version.number}. "
        "A retraining is queued; undo brings the numbers back.",
    )


def _preview(session: Session, workspace: Workspace, repairs: Sequence[Repair]) -> tuple[RepairPreview, Daily]:
    before = current_daily(session, workspace)
    after = apply_repairs(before, repairs)
    if hash_daily(after) == hash_daily(before):
        raise InvalidInput("This repair changes nothing; choose other days or another column.")
    names = list(before.columns)
    old = before.frame.set_index("date")[names]
    new = after.frame.set_index("date")[names].reindex(old.index)
    old_values, new_values = old.to_numpy(), new.to_numpy()
    differs = ~((old_values == new_values) | (np.isnan(old_values) & np.isnan(new_values)))
    removed = ~old.index.isin(after.frame["date"])
    changed = tuple(
        ChangedCell(
            day=old.index[row].date(),
            column=names[column],
            before=_known(old_values[row, column]),
            after=_known(new_values[row, column]),
        )
        for row, column in np.argwhere(differs)[:CELLS_SHOWN].tolist()
    )
    preview = RepairPreview(
        based_on=workspace.data_version,
        sentences=tuple(repair.sentence for repair in repairs),
        days=int((differs.any(axis=1) | removed).sum()),
        cells=int(differs.sum()),
        removed_days=int(removed.sum()),
        weeks_before=int(before.weekly()["is_target"].sum()),
        weeks_after=int(after.weekly()["is_target"].sum()),
        changed=changed,
    )
    return preview, after


def _repairs_in_force(session: Session, workspace: Workspace) -> list[Repair]:
    """Every repair on the way from the first version to the current one, oldest first."""
    query = select(DataVersion.number, DataVersion.based_on, DataVersion.report)
    versions = {row.number: row for row in session.execute(query.filter_by(workspace_id=workspace.id))}
    path, number = [], workspace.data_version
    while number in versions:
        stored = versions[number].report.get("repairs")
        path.append(repairs_from_json(stored) if stored else ())
        number = versions[number].based_on
    return [repair for repairs in reversed(path) for repair in repairs]


def _states(daily: Daily, repairs: Sequence[Repair], name: str) -> tuple[DayState, ...]:
    states = [DayState[each.name] for each in sorted(Provenance)]
    codes = np.searchsorted(sorted(Provenance), daily.provenance[name].to_numpy()).tolist()
    repaired = repaired_cells(daily, repairs, name).tolist()
    return tuple(
        DayState.REPAIRED if is_repaired else states[code] for code, is_repaired in zip(codes, repaired, strict=True)
    )


def _title(repairs: Sequence[Repair]) -> str:
    """What the list of versions calls them."""
    more = len(repairs) - 1
    return f"Repair: {repairs[0].sentence.rstrip('.')}" + (f", and {more} more" if more else "")


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
