"""The accounts a workspace is compared with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from cgn_core.access import Action, Actor
from cgn_core.db.competitors import editable_competitors, readable_competitors
from cgn_core.db.models import Competitor, Upload, Workspace
from cgn_core.db.session import one_or_not_found
from cgn_core.db.uploads import readable_uploads
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput, NotImportable
from cgn_core.ingest.storage import daily_from_bytes, daily_to_bytes
from cgn_core.services.audit import AuditAction, SubjectKind, record
from cgn_core.services.data_versions import current_daily, hash_daily, join_daily, overview_of
from cgn_core.services.imports import read_upload
from cgn_core.services.upload_previews import upload_competitors, upload_creators
from cgn_core.services.workspaces import clean_handle
from cgn_core.stats.benchmarks import Benchmark, growth_benchmark
from cgn_core.tables import DAYS_PER_WEEK, Daily

LEVEL = 0.9
MOST_COMPETITORS = 50
CADENCE_WEEKS = 8


@dataclass(frozen=True)
class CompetitorView:
    """One competitor; growth is followers per week, cadence pieces per week over its last eight weeks."""

    id: UUID
    name: str
    file_name: str
    rows: int
    first_date: date
    last_date: date
    followers: float | None
    last_week_growth: float | None
    cadence: dict[str, float]
    has_growth: bool
    """Whether its growth is known at all; without it the account can't be ranked."""


def list_competitors(session: Session, actor: Actor, workspace_id: UUID | str) -> list[CompetitorView]:
    """A workspace's competitors by name.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    return [_view(row) for row in _rows(session, actor, workspace)]


def add_competitor(
    session: Session,
    actor: Actor,
    workspace_id: UUID | str,
    upload_id: UUID | str,
    *,
    names: Collection[str] | None = None,
) -> list[CompetitorView]:
    """Add the accounts of an uploaded file as competitors; a known name gets the newer numbers joined in.

    Args:
        session: the transaction; all accounts or none.
        actor: who uploaded the file.
        workspace_id: whom they compete with.
        upload_id: from ``imports.read_upload``.
        names: the accounts to take, by their names in the file; None takes every creator in it, else (when the
            file is of the workspace's own creator) the competitors that stand beside its numbers.

    Raises:
        NotFound: no such workspace or upload, or not the actor's.
        InvalidInput: the file has no such account, or there would be too many.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    upload = one_or_not_found(session, readable_uploads(actor), upload_id)
    tables = _accounts(upload, workspace)
    if names is not None:
        missing = set(names) - set(tables)
        if missing:
            raise InvalidInput(f"{upload.file_name} holds no account called {', '.join(sorted(missing))}.")
        tables = {name: tables[name] for name in names}
    if not tables:
        raise InvalidInput(f"{upload.file_name} holds no other account than {workspace.handle}.")
    stored = [
        _store(session, workspace, clean_handle(name), daily, upload.file_name, upload.file_hash)
        for name, daily in tables.items()
    ]
    for each in stored:
        _record(session, actor, AuditAction.COMPETITOR_ADDED, each)
    return [_view(each) for each in stored]


def add_competitor_file(
    session: Session, actor: Actor, workspace_id: UUID | str, *, file_name: str, data: bytes
) -> list[CompetitorView]:
    """Read a file and add its accounts as competitors in one step.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        Forbidden: the actor's role imports nothing.
        NotImportable: the file has errors, the first of which is named; nothing was stored.
        FileTooLarge: more than the limit.
    """
    upload = read_upload(session, actor, workspace_id=workspace_id, file_name=file_name, data=data)
    if upload.id is None:
        errors = [finding.message for finding in upload.findings if finding.severity == "error"]
        raise NotImportable(errors[0] if errors else None)
    return add_competitor(session, actor, workspace_id, upload.id)


def remove_competitor(session: Session, actor: Actor, workspace_id: UUID | str, competitor_id: UUID | str) -> None:
    """Remove a competitor.

    Raises:
        NotFound: no such workspace or competitor, or not the actor's to edit.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
    actor.require(Action.EDIT_WORKSPACE)
    mine = editable_competitors(actor).where(Competitor.workspace_id == workspace.id)
    competitor = one_or_not_found(session, mine, competitor_id)
    _record(session, actor, AuditAction.COMPETITOR_REMOVED, competitor)
    session.delete(competitor)


def benchmark(session: Session, actor: Actor, workspace_id: UUID | str) -> Benchmark | None:
    """The creator's growth relative to size among its competitors; None while it has no competitor with growth.

    The interval's resampling is seeded by the data, so that the same data show the same numbers.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
        TooFewObservations: the accounts share too few weeks.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    own = current_daily(session, workspace)
    peers = {row.name: daily_from_bytes(row.table) for row in _rows(session, actor, workspace)}
    peers = {name: daily for name, daily in peers.items() if _has_growth(daily)}
    if not peers:
        return None
    rng = np.random.default_rng(int(hash_daily(own)[:16], 16))
    return growth_benchmark(own, peers, rng=rng, level=LEVEL)


def store_competitor(session: Session, workspace: Workspace, name: str, daily: Daily, *, file_name: str) -> None:
    """Add a competitor made by a job; the caller has authorised this."""
    _store(session, workspace, clean_handle(name), daily, file_name, hash_daily(daily))


def _record(session: Session, actor: Actor, action: AuditAction, competitor: Competitor) -> None:
    subject = (SubjectKind.COMPETITOR, competitor.id)
    record(session, actor, action, subject=subject, workspace_id=competitor.workspace_id, rows=competitor.rows)


def _accounts(upload: Upload, workspace: Workspace) -> dict[str, Daily]:
    creators = upload_creators(upload)
    beside = upload_competitors(upload)
    file_stem = upload.file_name.rsplit(".", 1)[0]
    named = {daily.creator or file_stem: daily for daily in creators}
    others = {name: daily for name, daily in named.items() if name.removeprefix("@") != workspace.handle}
    return others | beside if len(others) < len(named) or not others else others


def _store(
    session: Session, workspace: Workspace, name: str, daily: Daily, file_name: str, file_hash: str
) -> Competitor:
    mine = select(Competitor).where(Competitor.workspace_id == workspace.id)
    rows = session.scalars(mine.options(undefer(Competitor.table))).all()
    found = next((row for row in rows if row.name == name), None)
    if found is None and len(rows) >= MOST_COMPETITORS:
        raise InvalidInput(f"A workspace may have {MOST_COMPETITORS} competitors; remove one first.")
    joined = daily if found is None else join_daily(daily_from_bytes(found.table), daily)
    dates = joined.frame["date"]
    first_date, last_date = dates.iloc[0].date(), dates.iloc[-1].date()
    if found is None:
        found = Competitor(
            workspace_id=workspace.id,
            name=name,
            file_name=file_name,
            file_hash=file_hash,
            table=daily_to_bytes(joined),
            rows=len(dates),
            first_date=first_date,
            last_date=last_date,
        )
        session.add(found)
    else:
        found.file_name, found.file_hash, found.table = file_name, file_hash, daily_to_bytes(joined)
        found.rows, found.first_date, found.last_date = len(dates), first_date, last_date
    session.flush()
    return found


def _rows(session: Session, actor: Actor, workspace: Workspace) -> list[Competitor]:
    mine = readable_competitors(actor).where(Competitor.workspace_id == workspace.id)
    return list(session.scalars(mine.options(undefer(Competitor.table)).order_by(Competitor.name)))


def _has_growth(daily: Daily) -> bool:
    return bool(daily.net_growth().notna().any())


def _view(row: Competitor) -> CompetitorView:
    daily = daily_from_bytes(row.table)
    overview = overview_of(daily) if _has_growth(daily) else None
    recent = daily.frame.tail(CADENCE_WEEKS * DAYS_PER_WEEK)
    weeks = len(recent) / DAYS_PER_WEEK
    return CompetitorView(
        id=row.id,
        name=row.name,
        file_name=row.file_name,
        rows=row.rows,
        first_date=row.first_date,
        last_date=row.last_date,
        followers=overview.followers if overview else None,
        last_week_growth=overview.last_week_growth if overview else None,
        cadence={name: float(recent[name].sum() / weeks) for name in daily.levers},
        has_growth=overview is not None,
    )
