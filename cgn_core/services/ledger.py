"""The ledger: every forecast that was shown before its week, kept as it was, and scored once the week is complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import LedgerEntry, LedgerScore, ModelVersion, Workspace
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.services.model_summaries import summary_of
from cgn_core.stats.predictive import predict
from cgn_core.stats.training import Training
from cgn_core.tables import Daily


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
class TrackRecord:
    """How the forecasts that were shown did; errors are mean absolute ones, followers per week."""

    forecasts: tuple[KeptForecast, ...]
    """Newest first."""
    scored: int
    held: int
    mae: float | None
    naive_mae: float | None
    is_untouched: bool
    """Whether every forecast is still what was written."""


def record(
    session: Session, workspace: Workspace, version: ModelVersion, training: Training, daily: Daily
) -> LedgerEntry | None:
    """Keep the forecast that pages show from now on; None where its week is known or it is what they showed before.

    The caller has locked the workspace.

    Args:
        session: the transaction.
        workspace: whose forecast it is.
        version: that comes into force.
        training: what it holds.
        daily: what it was trained on.
    """
    shown = summary_of(version).forecast
    grown = daily.weekly().set_index("week_start")["net_growth"].dropna()
    week = pd.Timestamp(shown.week_start)
    if week in grown.index or grown.empty:
        return None
    last = session.scalars(
        select(LedgerEntry).where(LedgerEntry.workspace_id == workspace.id).order_by(LedgerEntry.number.desc()).limit(1)
    ).first()
    if last is not None and (last.model_version_id, last.week_start) == (version.id, week.date()):
        return None
    entry = LedgerEntry(
        workspace_id=workspace.id,
        number=last.number + 1 if last else 1,
        model_version_id=version.id,
        week_start=week.date(),
        plan=dict(training.fit.predictor.usual),
        level=shown.level,
        median=shown.median,
        expected=shown.expected,
        low=shown.low,
        high=shown.high,
        naive=float(grown.iloc[-1]),
        chain_hash="",
    )
    entry.chain_hash = chained(last.chain_hash if last else "", entry)
    session.add(entry)
    session.flush()
    return entry


def chained(before: str, entry: LedgerEntry) -> str:
    """SHA-256 in hex over an entry and the hash of the one before it."""
    said = [
        before, str(entry.workspace_id), entry.number, str(entry.model_version_id), entry.week_start.isoformat(),
        entry.plan, entry.level, entry.median, entry.expected, entry.low, entry.high, entry.naive,
        entry.created_at.isoformat(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def score_complete_weeks(session: Session, workspace: Workspace, daily: Daily) -> int:
    """Score every forecast whose week is complete and observed by now; how many that were. Done once each.

    The caller has locked the workspace.
    """
    waiting = session.execute(
        select(LedgerEntry, ModelVersion)
        .join(ModelVersion, ModelVersion.id == LedgerEntry.model_version_id)
        .outerjoin(LedgerScore, LedgerScore.entry_id == LedgerEntry.id)
        .where(LedgerEntry.workspace_id == workspace.id, LedgerScore.entry_id.is_(None))
    ).all()
    if not waiting:
        return 0
    weekly = daily.weekly()
    complete = weekly[weekly["is_target"]].set_index("week_start")
    scored = 0
    for entry, version in waiting:
        week = pd.Timestamp(entry.week_start)
        if week not in complete.index:
            continue
        row: dict[Any, Any] = complete.loc[week].to_dict()
        posted = {name: float(row[name]) for name in entry.plan if name in row and pd.notna(row[name])}
        predictor = Training.from_json(version.training).fit.predictor
        answer = predict(predictor, posted, level=entry.level, answer_refused=True)
        session.add(
            LedgerScore(
                entry_id=entry.id,
                data_version=workspace.data_version,
                actual=float(row["net_growth"]),
                posted=posted,
                median_as_posted=answer.median,
            )
        )
        scored += 1
    session.flush()
    return scored


def track_record(session: Session, actor: Actor, workspace_id: UUID | str) -> TrackRecord:
    """Every forecast that was shown for a workspace, and how those did whose week is complete.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    rows = session.execute(
        select(LedgerEntry, LedgerScore, ModelVersion.number)
        .join(ModelVersion, ModelVersion.id == LedgerEntry.model_version_id)
        .outerjoin(LedgerScore, LedgerScore.entry_id == LedgerEntry.id)
        .where(LedgerEntry.workspace_id == workspace.id)
        .order_by(LedgerEntry.number)
    ).all()
    kept = tuple(_kept(entry, score, number) for entry, score, number in reversed(rows))
    last_words = [each for each in _last_of_each_week(kept) if each.actual is not None]
    return TrackRecord(
        forecasts=kept,
        scored=len(last_words),
        held=sum(bool(each.held) for each in last_words),
        mae=_mean([abs(each.actual - each.median) for each in last_words if each.actual is not None]),
        naive_mae=_mean([abs(each.actual - each.naive) for each in last_words if each.actual is not None]),
        is_untouched=_is_untouched([entry for entry, _, _ in rows]),
    )


def _last_of_each_week(newest_first: Sequence[KeptForecast]) -> list[KeptForecast]:
    """What was shown last before each week: a week that was forecast twice counts once."""
    found: dict[date, KeptForecast] = {}
    for each in newest_first:
        found.setdefault(each.week_start, each)
    return list(found.values())


def _is_untouched(entries: Sequence[LedgerEntry]) -> bool:
    before = ""
    for place, entry in enumerate(entries, start=1):
        if entry.number != place or entry.chain_hash != chained(before, entry):
            return False
        before = entry.chain_hash
    return True


def _kept(entry: LedgerEntry, score: LedgerScore | None, model_number: int) -> KeptForecast:
    return KeptForecast(
        number=entry.number,
        model_number=model_number,
        week_start=entry.week_start,
        made_at=entry.created_at,
        plan=_floats(entry.plan),
        level=entry.level,
        median=entry.median,
        low=entry.low,
        high=entry.high,
        naive=entry.naive,
        actual=score.actual if score else None,
        posted=_floats(score.posted) if score else None,
        median_as_posted=score.median_as_posted if score else None,
    )


def _floats(stored: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in stored.items()}


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
