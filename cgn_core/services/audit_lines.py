"""The audit log as owners read it: filtered, page by page, and as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.audit_actions import ActorKind, AuditAction
from cgn_core.db.audit_lines import readable_audit_lines
from cgn_core.db.models import Agency, AuditLine, User, Workspace
from cgn_core.errors import InvalidInput
from cgn_core.figures.locales import HOUSE, written_as
from cgn_core.ingest.storage import Cell, csv_of
from cgn_core.services.audit_words import GROUPS, Names, sentence_of

AT_ONCE = 50
MOST_IN_FILE = 100_000
SYSTEM = "system"


@dataclass(frozen=True)
class AuditFilter:
    """Which lines are wanted; what is left empty doesn't filter."""

    who: UUID | None = None
    """A user, themselves or by one of their tokens."""
    by_system: bool = False
    actions: tuple[AuditAction, ...] = ()
    workspace_id: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None
    """Both within, in the agency's time zone."""


@dataclass(frozen=True)
class LineView:
    """One line, ready for a page; ``at`` is in the agency's time zone."""

    number: int
    at: datetime
    who: str
    sentence: str


@dataclass(frozen=True)
class AuditPage:
    """Some lines, newest first."""

    lines: tuple[LineView, ...]
    older_than: int | None
    """Ask with this number for the page that follows; None where none does."""
    time_zone: str


@dataclass(frozen=True)
class AuditChoices:
    """What the filter offers: ids and names."""

    people: tuple[tuple[UUID, str], ...]
    workspaces: tuple[tuple[UUID, str], ...]


def read_filter(*, who: str = "", what: str = "", workspace: str = "", since: str = "", until: str = "") -> AuditFilter:
    """A filter from the texts of a form or an address.

    Args:
        who: a user's id, or ``system``.
        what: an action, or the name of a group of them.
        workspace: its id.
        since: first day, YYYY-MM-DD.
        until: last day, included.

    Raises:
        InvalidInput: one of them is none of these, or the days are the wrong way round.
    """
    first, last = _day(since), _day(until)
    if first and last and first > last:
        raise InvalidInput("The first day lies after the last; swap them.")
    return AuditFilter(
        who=None if who in {"", SYSTEM} else _id(who),
        by_system=who == SYSTEM,
        actions=_actions(what),
        workspace_id=_id(workspace) if workspace else None,
        first_day=first,
        last_day=last,
    )


def list_audit(
    session: Session, actor: Actor, wanted: AuditFilter, *, older_than: int | None = None, limit: int = AT_ONCE
) -> AuditPage:
    """One page of the log.

    Args:
        session: the transaction.
        actor: who reads.
        wanted: which lines.
        older_than: only lines with smaller numbers.
        limit: most lines of the page.

    Raises:
        Forbidden: the actor's role doesn't read the audit log.
    """
    actor.require(Action.READ_AUDIT)
    zone = session.get_one(Agency, actor.agency_id).time_zone
    lines = _filtered(actor, wanted, zone)
    if older_than is not None:
        lines = lines.where(AuditLine.number < older_than)
    found = session.scalars(lines.order_by(AuditLine.number.desc()).limit(limit + 1)).all()
    shown = found[:limit]
    return AuditPage(
        lines=tuple(_views(session, actor, shown, zone)),
        older_than=shown[-1].number if len(found) > limit else None,
        time_zone=zone,
    )


def audit_choices(session: Session, actor: Actor) -> AuditChoices:
    """Whom and what the log can be filtered by.

    Raises:
        Forbidden: the actor's role doesn't read the audit log.
    """
    actor.require(Action.READ_AUDIT)
    names = _names(session, actor)
    return AuditChoices(
        people=tuple(sorted(names.people.items(), key=lambda one: one[1].casefold())),
        workspaces=tuple(sorted(names.workspaces.items(), key=lambda one: one[1])),
    )


def audit_csv(session: Session, actor: Actor, wanted: AuditFilter) -> bytes:
    """The newest lines, at most 100,000, as a CSV that no spreadsheet takes a formula from.

    Raises:
        Forbidden: the actor's role doesn't read the audit log.
    """
    actor.require(Action.READ_AUDIT)
    zone = session.get_one(Agency, actor.agency_id).time_zone
    lines = _filtered(actor, wanted, zone).order_by(AuditLine.number.desc()).limit(MOST_IN_FILE)
    names = _names(session, actor)
    columns: dict[str, list[Cell]] = {
        name: []
        for name in ("number", "at", "who", "what", "action", "actor_id", "workspace_id", "subject_id", "chain_hash")
    }
    with written_as(HOUSE):  # what a program reads has the same numbers whoever fetched it
        for line in session.scalars(lines).yield_per(1000):
            cells: tuple[Cell, ...] = (
                line.number, line.at.astimezone(UTC).isoformat(timespec="seconds"), _who(line, names),
                sentence_of(line, names), line.action.value, _text(line.actor_id), _text(line.workspace_id),
                _text(line.subject_id), line.chain_hash,
            )  # fmt: skip
            for column, cell in zip(columns.values(), cells, strict=True):
                column.append(cell)
    return csv_of(columns)


def _filtered(actor: Actor, wanted: AuditFilter, zone: str) -> Select[AuditLine]:
    lines = readable_audit_lines(actor)
    if wanted.who is not None:
        lines = lines.where(AuditLine.actor_id == wanted.who)
    if wanted.by_system:
        lines = lines.where(AuditLine.actor_kind == ActorKind.SYSTEM)
    if wanted.actions:
        lines = lines.where(AuditLine.action.in_(wanted.actions))
    if wanted.workspace_id is not None:
        lines = lines.where(AuditLine.workspace_id == wanted.workspace_id)
    if wanted.first_day is not None:
        lines = lines.where(AuditLine.at >= _midnight(wanted.first_day, zone))
    if wanted.last_day is not None:
        lines = lines.where(AuditLine.at < _midnight(wanted.last_day, zone, later=timedelta(days=1)))
    return lines


def _views(session: Session, actor: Actor, lines: Sequence[AuditLine], zone: str) -> Iterable[LineView]:
    names = _names(session, actor)
    for line in lines:
        yield LineView(line.number, line.at.astimezone(ZoneInfo(zone)), _who(line, names), sentence_of(line, names))


def _names(session: Session, actor: Actor) -> Names:
    people = select(User.id, User.name).where(User.agency_id == actor.agency_id)
    workspaces = select(Workspace.id, Workspace.handle).where(Workspace.agency_id == actor.agency_id)
    return Names(
        people=dict(session.execute(people).all()),
        workspaces=dict(session.execute(workspaces).all()),
    )


def _who(line: AuditLine, names: Names) -> str:
    if line.actor_kind is ActorKind.SYSTEM:
        return "The portal"
    return "An API token" if line.actor_kind is ActorKind.TOKEN else names.person(line.actor_id)


def _actions(what: str) -> tuple[AuditAction, ...]:
    if not what:
        return ()
    if what in GROUPS:
        return GROUPS[what]
    try:
        return (AuditAction(what),)
    except ValueError:
        raise InvalidInput(f"{what[:60]!r} is nothing that the audit log tells of.") from None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("Choose whom and which workspace from the lists.") from None


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text[:30]!r} is no day; write it as 2026-11-29.") from None


def _midnight(day: date, zone: str, *, later: timedelta = timedelta(0)) -> datetime:
    try:
        return datetime.combine(day + later, time.min, ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        raise InvalidInput("That day lies too far away.") from None


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
