"""A workspace's data under the same tests as ``cgn diagnose``: drift, saturation, carry-over, the health of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.data_versions import readable_data_versions
from cgn_core.db.models import DataVersion
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import InvalidInput, NotFound, StatisticsError
from cgn_core.services import drift_watch
from cgn_core.services.data_versions import content_of, current_version, table_of
from cgn_core.services.models import ModelView, current_model
from cgn_core.services.remembered import Remembered
from cgn_core.services.validations import MODELS
from cgn_core.services.workspaces import minutes_of
from cgn_core.stats.diagnosis import Diagnosis, diagnose
from cgn_core.stats.diagnostics import Diagnostics, diagnose_fit
from cgn_core.stats.drift import Drift
from cgn_core.stats.judged_series import JudgedSeries, judged_series
from cgn_core.stats.judged_weeks import judged_weeks

FALSE_ALARMS_A_YEAR = 0.5
FEWEST_ALARMS, MOST_ALARMS = 0.05, 12.0


@dataclass(frozen=True)
class ModelDiagnosis:
    """The model in force under its tests on the data it was trained on, and drift up to the newest week."""

    model: ModelView
    fit: Diagnostics | None
    """None where the fit can't be judged; ``refusal`` says why."""
    series: JudgedSeries | None
    """Its weeks one by one."""
    refusal: str
    drift: Drift | None
    """Of the workspace's current data, with the bounds that a training sets; None where they can't be learned from."""
    drift_data_version: int


_diagnoses = Remembered[Diagnosis](16)
"""By table and settings: one takes up to seconds, and the same data have the same."""
_judgements = Remembered[tuple[Diagnostics, JudgedSeries]](256)
"""By table and model."""
_drifts = Remembered[Drift](256)
"""By table."""


def diagnose_model(session: Session, actor: Actor, workspace_id: UUID | str) -> ModelDiagnosis | None:
    """Judge the model in force; None while there is none.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    model = current_model(session, actor, workspace.id)
    if model is None:
        return None
    tables = {
        version.number: version
        for version in session.scalars(
            readable_data_versions(actor).where(
                DataVersion.workspace_id == workspace.id,
                DataVersion.number.in_({model.data_version, workspace.data_version}),
            )
        )
    }
    fit: Diagnostics | None = None
    series: JudgedSeries | None = None
    refusal = ""
    try:
        fit, series = _judged(tables[model.data_version], model)
    except InvalidInput as error:
        refusal = error.message
    try:
        drift = _drift(tables[workspace.data_version])
    except StatisticsError:
        drift = None  # a repair may have left fewer weeks than the model was trained on
    return ModelDiagnosis(
        model=model,
        fit=fit,
        series=series,
        refusal=refusal,
        drift=drift,
        drift_data_version=workspace.data_version,
    )


def diagnose_workspace(
    session: Session,
    actor: Actor,
    workspace_id: UUID | str,
    *,
    model: str = "daily",
    false_alarms_per_year: float = FALSE_ALARMS_A_YEAR,
) -> Diagnosis:
    """Diagnose the current data; the draws are seeded by them, so that the same data have the same diagnosis.

    Args:
        session: to read with.
        actor: who asks.
        workspace_id: whose data.
        model: whose residuals are judged.
        false_alarms_per_year: what the drift alarm is set to.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
        InvalidInput: no such model, or a rate of alarms outside its bounds.
        TooFewObservations, ConstantSeries: the history can't be learned from.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    if model not in MODELS:
        raise InvalidInput(f"{model!r} is no model; there are {', '.join(MODELS)}.")
    if not FEWEST_ALARMS <= false_alarms_per_year <= MOST_ALARMS:
        raise InvalidInput(f"False alarms a year must be a number from {FEWEST_ALARMS:g} to {MOST_ALARMS:g}.")
    version = current_version(session, workspace)
    if version is None:
        raise NotFound("There are no data yet; import a file first.")
    minutes = tuple(sorted(minutes_of(workspace).items()))
    return _diagnoses.of(
        (content_of(version), minutes, model, false_alarms_per_year),
        lambda: diagnose(
            table_of(version),
            rng=np.random.default_rng(int(version.data_hash[:16], 16)),
            model=model,
            false_alarms_per_year=false_alarms_per_year,
            minutes=dict(minutes),
        ),
    )


def _judged(version: DataVersion, model: ModelView) -> tuple[Diagnostics, JudgedSeries]:
    def judge() -> tuple[Diagnostics, JudgedSeries]:
        daily, fit = table_of(version), model.training.fit
        return diagnose_fit(daily, fit), judged_series(judged_weeks(daily, fit))

    return _judgements.of((content_of(version), model.id), judge)


def _drift(version: DataVersion) -> Drift:
    return _drifts.of(content_of(version), lambda: drift_watch.look(table_of(version)))
