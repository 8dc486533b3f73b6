from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Job, JobState, Workspace
from cgn_core.errors import InvalidInput
from cgn_core.services.validations import ValidationSettings, request_validation


def test_a_validation_leaves_its_scores_on_the_job(
    session: Session, strategist: Actor, trained: Workspace, work: Callable[[], list[UUID]]
) -> None:
    asked = ValidationSettings(model="huber", initial=20, step=2)
    job_id = request_validation(session, strategist, trained.id, settings=asked, key="k")
    assert request_validation(session, strategist, trained.id, settings=asked, key="k") == job_id
    session.commit()
    work()
    job = session.get_one(Job, job_id)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert (job.result["model"], job.result["origins"], job.result["data_version"]) == ("huber", 5, 1)
    assert job.result["scores"]["mae"] > 0
    assert {"last_value", "mean", "median", "drift"} <= set(job.result["baselines"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "oracle"},
        {"initial": 5},
        {"initial": 6.5},
        {"horizon": 0},
        {"step": True},
        {"gap": -1},
        {"window": 3},
        {"level": 0.2},
        {"level": 1.0},
        {"level": float("nan")},
    ],
    ids=str,
)
def test_settings_that_no_validation_can_use_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        ValidationSettings(**wrong)
