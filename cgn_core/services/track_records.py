"""How the forecasts that were shown did, once their weeks were complete: error, coverage, and against the naive one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import LedgerEntry, LedgerScore, ModelVersion
from cgn_core.db.row_kinds import Occasion
from cgn_core.db.session import kept, one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.services.ledger import is_untouched
from cgn_core.stats.model_choice import DOUBT, FEWEST_ORIGINS, doubt
from cgn_core.stats.scores import share_interval

SHARE_LEVEL = 0.95
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class KeptForecast:
    """A forecast beside what came; followers per week, None while the week isn't complete."""

    number: int
    model_number: int
    week_start: date
    made_at: datetime
    plan: dict[str, float]
    level: float
    median: float
    expected: float
    low: float
    high: float
    naive: float
    actual: float | None
    posted: dict[str, float] | None
    median_as_posted: float | None

    @property
    def held(self) -> bool | None:
        """Whether the growth fell into the interval."""
        return None if self.actual is None else self.low <= self.actual <= self.high


@dataclass(frozen=True)
class Score:
    """Of the last forecast shown for each complete week; errors are mean absolute ones, followers per week."""

    weeks: int
    held: int
    """Weeks whose growth fell into the interval."""
    coverage: float
    coverage_low: float
    coverage_high: float
    """The interval of the coverage at 95 %: what chance leaves open with so few weeks."""
    promised: float
    """Mean level of the intervals."""
    mae: float
    naive_mae: float
    """Of the week before, taken as forecast."""
    beats_naive: bool | None
    """Whether its errors are smaller beyond chance; None where too few weeks judge."""


@dataclass(frozen=True)
class TrackRecord:
    """Every forecast that was shown, and how those did whose week is complete."""

    forecasts: tuple[KeptForecast, ...]
    """For posting as usual, what every page shows; newest first."""
    scenarios: tuple[KeptForecast, ...]
    """For plans that somebody tried; they don't count in the score, as few of them are what is then posted."""
    score: Score | None
    """None while no week is complete."""
    next_week_ends: date | None
    """Sunday of the earliest week that waits for its score; None where none waits."""
    is_untouched: bool
    """Whether every forecast is still what was written."""


def track_record(
    session: Session, actor: Actor, workspace_id: UUID | str, *, until: datetime | None = None
) -> TrackRecord:
    """Every forecast that was shown for a workspace, and how those did whose week is complete.

    Args:
        session: to read with.
        actor: who asks.
        workspace_id: whose forecasts.
        until: as it was known then; None is now.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    question = ("track record", actor, str(workspace_id), until)
    return kept(session, question, lambda: _track_record(session, actor, workspace_id, until))


def _track_record(session: Session, actor: Actor, workspace_id: UUID | str, until: datetime | None) -> TrackRecord:
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    shown = () if until is None else (LedgerEntry.created_at <= until,)
    scored = () if until is None else (LedgerScore.scored_at <= until,)
    rows = session.execute(
        select(LedgerEntry, LedgerScore, ModelVersion.number)
        .join(ModelVersion, ModelVersion.id == LedgerEntry.model_version_id)
        .outerjoin(LedgerScore, and_(LedgerScore.entry_id == LedgerEntry.id, *scored))
        .where(LedgerEntry.workspace_id == workspace.id, *shown)
        .order_by(LedgerEntry.number)
    ).all()
    usual, scenarios = (
        tuple(_kept(entry, score, number) for entry, score, number in reversed(rows) if entry.occasion is occasion)
        for occasion in (Occasion.USUAL, Occasion.SCENARIO)
    )
    waiting = [each.week_start for each in usual if each.actual is None]
    return TrackRecord(
        forecasts=usual,
        scenarios=scenarios,
        score=_score(_last_of_each_week(usual)),
        next_week_ends=min(waiting) + WEEK - timedelta(days=1) if waiting else None,
        is_untouched=is_untouched([entry for entry, _, _ in rows]),
    )


def _last_of_each_week(newest_first: Sequence[KeptForecast]) -> list[KeptForecast]:
    """What was shown last before each week: a week that was forecast twice counts once. Oldest first."""
    found: dict[date, KeptForecast] = {}
    for each in newest_first:
        found.setdefault(each.week_start, each)
    return sorted(found.values(), key=lambda each: each.week_start)


def _score(shown: Sequence[KeptForecast]) -> Score | None:
    scored = [(each, each.actual) for each in shown if each.actual is not None]
    if not scored:
        return None
    errors = np.array([abs(actual - each.median) for each, actual in scored])
    naive = np.array([abs(actual - each.naive) for each, actual in scored])
    held = sum(bool(each.held) for each, _ in scored)
    low, high = share_interval(held, len(scored), level=SHARE_LEVEL)
    return Score(
        weeks=len(scored),
        held=held,
        coverage=held / len(scored),
        coverage_low=low,
        coverage_high=high,
        promised=sum(each.level for each, _ in scored) / len(scored),
        mae=float(errors.mean()),
        naive_mae=float(naive.mean()),
        beats_naive=doubt(naive - errors) <= DOUBT if len(scored) >= FEWEST_ORIGINS else None,
    )


def _kept(entry: LedgerEntry, score: LedgerScore | None, model_number: int) -> KeptForecast:
    return KeptForecast(
        number=entry.number,
        model_number=model_number,
        week_start=entry.week_start,
        made_at=entry.created_at,
        plan=_floats(entry.plan),
        level=entry.level,
        median=entry.median,
        expected=entry.expected,
        low=entry.low,
        high=entry.high,
        naive=entry.naive,
        actual=score.actual if score else None,
        posted=_floats(score.posted) if score else None,
        median_as_posted=score.median_as_posted if score else None,
    )


def _floats(stored: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in stored.items()}
