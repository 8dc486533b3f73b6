"""Time-aware cross-validation of one model, on request."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Workspace
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services.data_versions import current_daily
from cgn_core.stats.validation import Grammar, cross_validate, default_initial

MODELS = ("daily", "single_lever", "ols", "huber", "tukey")
"""What can be validated on request; the naive baselines stand beside each."""
MOST_WEEKS = 520


@dataclass(frozen=True)
class ValidationSettings:
    """Which model is validated, and over which weeks. All counts are weeks."""

    model: str = "daily"
    initial: int | None = None
    """Weeks before the first forecast; None takes a quarter of the history, at least 6 and at most 26."""
    horizon: int = 1
    step: int = 1
    gap: int = 0
    window: int | None = None
    """Weeks a rolling window holds; None lets it grow."""
    level: float = 0.9

    def __post_init__(self) -> None:
        """Refuse what no validation can use; these values come from a form."""
        if self.model not in MODELS:
            raise InvalidInput(f"{self.model!r} is no model; there are {', '.join(MODELS)}.")
        smallest = {"initial": 6, "horizon": 1, "step": 1, "gap": 0, "window": 6}
        for name, least in smallest.items():
            value = getattr(self, name)
            if value is None and name in {"initial", "window"}:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_WEEKS:
                raise InvalidInput(f"The {name} must be a whole number of weeks between {least} and {MOST_WEEKS}.")
        if not isinstance(self.level, float) or not 0.5 <= self.level < 1:  # noqa: PLR2004 - below half an interval misleads
            raise InvalidInput("The level must be at least 0.5 and below 1.")


def request_validation(
    session: Session, actor: Actor, workspace_id: UUID | str, *, settings: ValidationSettings, key: str
) -> UUID:
    """Queue a validation; returns the job's id. The same ``key`` twice returns the same job.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        Forbidden: the actor's role runs no jobs.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
    actor.require(Action.RUN_JOBS)
    return enqueue(
        session,
        JobKind.VALIDATE,
        agency_id=workspace.agency_id,
        workspace_id=workspace.id,
        requested_by=actor.user_id,
        params=asdict(settings),
        key=f"validate:{workspace.id}:{key}",
    )


def run(claim: Claim) -> None:
    """Validate on the workspace's current data; the result, as ``cgn cv --json`` prints it, stays on the job.

    Raises:
        TooFewObservations: naming the weeks that are missing.
        Cancelled: somebody asked the job to stop.
        LostClaim: another worker has the job.
    """
    claim.progress(0.0, "Reading the data")
    asked = ValidationSettings(**claim.params)
    with reading() as session:
        workspace = session.get(Workspace, claim.workspace_id) if claim.workspace_id else None
        if workspace is None:
            raise NotFound
        data_version, daily = workspace.data_version, current_daily(session, workspace)
    grammar = Grammar(
        initial=asked.initial or default_initial(int(daily.weekly()["is_target"].sum())),
        horizon=asked.horizon,
        step=asked.step,
        gap=asked.gap,
        window=asked.window,
    )
    validation = cross_validate(daily, model=asked.model, grammar=grammar, level=asked.level, progress=claim.progress)
    result: dict[str, Any] = validation.to_json()
    with claim.commit() as session:
        claim.finish(session, result | {"data_version": data_version})
