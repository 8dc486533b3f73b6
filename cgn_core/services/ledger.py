"""The ledger: every forecast that was shown before its week, kept as it was, and scored once the week is complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.db.models import LedgerEntry, LedgerScore, ModelVersion, Workspace
from cgn_core.db.row_kinds import Occasion
from cgn_core.services.hash_chain import first_broken, linked
from cgn_core.services.model_summaries import summary_of
from cgn_core.stats.predictive import predict
from cgn_core.stats.training import Training
from cgn_core.tables import Daily


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
    last = last_usual(session, workspace)
    if last is not None and (last.model_version_id, last.week_start) == (version.id, week.date()):
        return None
    entry = LedgerEntry(
        workspace_id=workspace.id,
        number=0,
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
    return append(session, entry)


def last_usual(session: Session, workspace: Workspace) -> LedgerEntry | None:
    """The forecast that pages show since somebody or something last changed it."""
    usual = select(LedgerEntry).where(LedgerEntry.workspace_id == workspace.id, LedgerEntry.occasion == Occasion.USUAL)
    return session.scalars(usual.order_by(LedgerEntry.number.desc()).limit(1)).first()


def append(session: Session, entry: LedgerEntry) -> LedgerEntry:
    """Number an entry, chain it to the one before it, and write it. The caller has locked the workspace."""
    kept = select(LedgerEntry).where(LedgerEntry.workspace_id == entry.workspace_id)
    last = session.scalars(kept.order_by(LedgerEntry.number.desc()).limit(1)).first()
    entry.number = last.number + 1 if last else 1
    entry.chain_hash = chained(last.chain_hash if last else "", entry)
    session.add(entry)
    session.flush()
    return entry


def chained(before: str, entry: LedgerEntry) -> str:
    """SHA-256 in hex over an entry and the hash of the one before it."""
    said = [
        str(entry.workspace_id), entry.number, str(entry.model_version_id), entry.week_start.isoformat(),
        entry.plan, entry.level, entry.median, entry.expected, entry.low, entry.high, entry.naive,
        entry.created_at.isoformat(),
    ]  # fmt: skip
    if entry.occasion is not Occasion.USUAL:  # entries from before there were occasions keep their hashes
        said.append(entry.occasion.value)
    return linked(before, said)


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


def is_untouched(entries: Sequence[LedgerEntry]) -> bool:
    """Whether all entries of a workspace, oldest first, are still what was written."""
    return first_broken(entries, chained) is None
