"""Scenarios: plans that were tried on the Predictor, kept in the ledger with what was answered."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.model_versions import readable_model_versions
from cgn_core.db.models import LedgerEntry, ModelVersion
from cgn_core.db.row_kinds import Occasion
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.services.ledger import append, last_usual
from cgn_core.services.model_summaries import summary_of
from cgn_core.stats.predictive import predict
from cgn_core.stats.training import Training

MOST_A_WEEK = 500
"""Scenarios of one workspace and week; a script that tries them all would fill the ledger."""

logger = logging.getLogger(__name__)


def keep_scenario(
    session: Session, actor: Actor, workspace_id: UUID | str, plan: Mapping[str, Any], *, model_number: int
) -> bool:
    """Keep the forecast that the Predictor showed for a plan; whether it was written.

    It is worked out anew from the model that the page showed, so nothing a browser claims is believed. A plan that is
    kept already, has no answer, or is of a week that pages no longer show is not written again.

    Args:
        session: the transaction.
        actor: who saw it; seeing is enough.
        workspace_id: whose forecast it is.
        plan: pieces per lever; those left out are as usual.
        model_number: of the model version that answered.

    Raises:
        NotFound: no such workspace or version, or not the actor's to see.
        InvalidInput: an unknown lever, or a count that is negative or no number.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor).with_for_update(), workspace_id)
    for name, count in plan.items():
        if isinstance(count, bool) or not isinstance(count, int | float):
            raise InvalidInput(f"A plan needs a number for {name!r}.")
    version = session.scalar(
        readable_model_versions(actor).where(
            ModelVersion.workspace_id == workspace.id, ModelVersion.number == model_number
        )
    )
    if version is None:
        raise NotFound
    shown, level = last_usual(session, workspace), summary_of(version).forecast.level
    answer = predict(Training.from_json(version.training).fit.predictor, plan, level=level)
    if shown is None or shown.model_version_id != version.id or answer.plan == shown.plan:
        return False
    if answer.median is None or answer.expected is None or answer.low is None or answer.high is None:
        return False
    kept = session.scalars(
        select(LedgerEntry.plan).where(
            LedgerEntry.workspace_id == workspace.id,
            LedgerEntry.model_version_id == version.id,
            LedgerEntry.week_start == shown.week_start,
            LedgerEntry.occasion == Occasion.SCENARIO,
        )
    ).all()
    if answer.plan in kept:
        return False
    if len(kept) >= MOST_A_WEEK:
        logger.warning("workspace %s: %s scenarios are kept for this week, no more are", workspace.id, len(kept))
        return False
    append(
        session,
        LedgerEntry(
            workspace_id=workspace.id,
            number=0,
            model_version_id=version.id,
            week_start=shown.week_start,
            plan=answer.plan,
            level=level,
            median=answer.median,
            expected=answer.expected,
            low=answer.low,
            high=answer.high,
            naive=shown.naive,
            chain_hash="",
            occasion=Occasion.SCENARIO,
        ),
    )
    return True
