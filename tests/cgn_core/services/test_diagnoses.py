from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.figures.locales import retold
from cgn_core.services import drift_watch
from cgn_core.services.diagnoses import ModelDiagnosis, diagnose_model
from cgn_core.services.imports import Imported, load_daily
from cgn_core.services.model_lights import model_lights
from cgn_core.services.workspaces import get_workspace
from cgn_core.stats.diagnostics import diagnose_fit
from cgn_core.stats.judged_series import judged_series
from cgn_core.stats.judged_weeks import judged_weeks
from cgn_core.stats.lights import Light


def judged(session: Session, actor: Actor, workspace: Workspace) -> ModelDiagnosis:
    found = diagnose_model(session, actor, workspace.id)
    assert found is not None
    return found


def lights_of(session: Session, actor: Actor, workspace: Workspace, found: ModelDiagnosis) -> dict[str, Light]:
    card = get_workspace(session, actor, workspace.id).card
    return {each.topic: each for each in model_lights(card, found)}


def test_the_model_in_force_is_judged_as_the_library_judges_it(
    session: Session, viewer: Actor, trained: Workspace
) -> None:
    found, daily = judged(session, viewer, trained), load_daily(session, viewer, trained.id)
    fit = found.model.training.fit
    assert found.fit == diagnose_fit(daily, fit)
    assert found.series == judged_series(judged_weeks(daily, fit))
    assert found.drift == drift_watch.look(daily)
    assert found.refusal == ""
    # Asked again nothing is worked out again.
    assert judged(session, viewer, trained).fit is found.fit


def test_without_a_model_there_is_nothing_to_judge(session: Session, viewer: Actor, workspace: Workspace) -> None:
    assert diagnose_model(session, viewer, workspace.id) is None


def test_every_light_tells_cause_evidence_and_remedy(session: Session, viewer: Actor, trained: Workspace) -> None:
    lights = lights_of(session, viewer, trained, judged(session, viewer, trained))
    assert list(lights)[:5] == ["naive", "intervals", "drift", "cadence", "data"]
    assert {"stability", "memory", "form", "influence", "collinearity", "spread", "shape"} <= set(lights)
    for each in lights.values():
        assert each.colour in {"green", "amber", "red"}
        assert all((each.cause, each.evidence, each.advice)), each
        assert (each.advice == "Nothing.") == (each.colour == "green"), each


def test_a_fall_that_the_model_has_not_seen_asks_for_a_retraining_and_then_for_care(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[Imported]],
    work: Callable[[], list[UUID]],
    sent_jobs: list[object],
) -> None:
    del sent_jobs
    import_csv(strategist, workspace, data=make_csv(days=224))
    work()
    import_csv(strategist, workspace, data=make_csv(days=315, falls_after=224), key="fall")
    found = judged(session, strategist, workspace)
    assert (found.model.data_version, found.drift_data_version) == (1, 2)
    assert found.fit is not None
    assert found.fit.weeks <= 32, "the fit is judged on the data that it was made from"
    assert found.drift is not None
    assert found.drift.alarm
    light = lights_of(session, strategist, workspace, found)["drift"]
    assert light.colour == "red"
    assert light.advice.startswith("Retrain")
    assert light.cause == retold(found.drift.sentence)
    assert "false alarms a year" in light.evidence
    work()
    light = lights_of(session, strategist, workspace, judged(session, strategist, workspace))["drift"]
    assert light.colour == "amber"
    assert "knows of it" in light.advice


@pytest.mark.parametrize(
    ("coverage", "colour", "words"),
    [
        (0.9, "green", "as often as they promise"),
        (1.0, "amber", "more often"),
        (0.78, "amber", "less often"),
        (0.5, "red", "less often"),
        (None, "amber", "not measured"),
    ],
)
def test_intervals_are_judged_by_what_chance_leaves(
    session: Session, viewer: Actor, trained: Workspace, coverage: float | None, colour: str, words: str
) -> None:
    found = judged(session, viewer, trained)
    forecast = replace(found.model.summary.forecast, level=0.9)
    summary = replace(found.model.summary, coverage=coverage, origins=60, forecast=forecast)
    light = lights_of(session, viewer, trained, replace(found, model=replace(found.model, summary=summary)))[
        "intervals"
    ]
    assert light.colour == colour
    assert words in light.cause


def test_no_better_than_naive_and_old_data_say_what_to_do(session: Session, viewer: Actor, trained: Workspace) -> None:
    found = judged(session, viewer, trained)
    summary = replace(found.model.summary, verdict="no_better_than_naive")
    weak = replace(found, model=replace(found.model, summary=summary))
    card = get_workspace(session, viewer, trained.id).card
    old, fresh = replace(card, data_age_days=30), replace(card, data_age_days=0, is_current_data=False)
    lights = {each.topic: each for each in model_lights(old, weak)}
    assert lights["naive"].colour == "amber"
    assert lights["naive"].cause == found.model.training.reason
    assert lights["data"].cause == "Data are 30 days old."
    changed = {each.topic: each for each in model_lights(fresh, weak)}["data"]
    assert changed.colour == "amber"
    assert changed.advice.startswith("Retrain")


def test_posting_beyond_what_was_tried_is_named(session: Session, viewer: Actor, trained: Workspace) -> None:
    found = judged(session, viewer, trained)
    assert found.drift is not None
    drift = replace(found.drift, cadence_outside=("reels", "stories"))
    light = lights_of(session, viewer, trained, replace(found, drift=drift))["cadence"]
    assert light.colour == "amber"
    assert "reels and stories" in light.cause


def test_a_fit_that_cannot_be_judged_leaves_the_lights_of_its_forecasts(
    session: Session, viewer: Actor, trained: Workspace
) -> None:
    found = replace(judged(session, viewer, trained), fit=None, series=None, drift=None, refusal="Too few weeks.")
    assert list(lights_of(session, viewer, trained, found)) == ["naive", "intervals", "data"]
