from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Job, JobState, ModelVersion, Promotion, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.errors import Cancelled, Forbidden, InvalidInput, LostClaim
from cgn_core.jobs import Claim, JobKind, claimed
from cgn_core.services import retrain_all
from cgn_core.services.imports import Imported
from cgn_core.services.models import current_model
from cgn_core.services.retrain_all import request_retraining_of_all
from cgn_core.services.retrainings import request_retraining

ImportCsv = Callable[..., list[Imported]]
Work = Callable[[], list[UUID]]
HANDLES = ("ada", "bea", "cleo", "dora", "ella")
pytestmark = pytest.mark.usefixtures("sent_jobs")


@pytest.fixture
def five(session: Session, owner: Actor, make_csv: Callable[..., bytes], import_csv: ImportCsv) -> dict[str, UUID]:
    """Five creators without a model, one of them with too few weeks for one; the imports' own jobs are cancelled."""
    found = {
        each.handle: each.workspace_id
        for handle, days in zip(HANDLES, (210, 210, 210, 210, 40), strict=True)
        for each in import_csv(owner, data=make_csv(handle, days=days), key=handle)
    }
    session.execute(update(Job).values(state=JobState.CANCELLED))
    session.commit()
    return found


def versions() -> dict[UUID, list[tuple[int, UUID | None]]]:
    found: dict[UUID, list[tuple[int, UUID | None]]] = {}
    with reading() as session:
        for row in session.scalars(select(ModelVersion).order_by(ModelVersion.number)):
            found.setdefault(row.workspace_id, []).append((row.number, row.job_id))
    return found


def jobs() -> list[Job]:
    with reading() as session:
        rows = list(session.scalars(select(Job).where(Job.kind == JobKind.RETRAIN_ALL).order_by(Job.created_at)))
        session.expunge_all()
    return rows


def test_each_creator_with_enough_weeks_gets_one_model_and_the_others_are_named(
    session: Session, owner: Actor, five: dict[str, UUID], work: Work
) -> None:
    first = request_retraining_of_all(session, owner, key="once")
    assert request_retraining_of_all(session, owner, key="once") == first
    session.commit()
    assert work() == [first]
    (job,) = jobs()
    assert versions() == {five[handle]: [(1, first)] for handle in HANDLES[:4]}
    assert (job.result["trained"], job.result["left_out"], job.result["handles"]) == (4, 1, ["ella"])
    assert job.message.startswith("Trained 4 creators; left out @ella: ")
    model = current_model(session, owner, five["ada"])
    assert model is not None
    assert model.summary.number == 1
    assert {each.model for each in model.training.ranking} >= {"huber", "ols", "single_lever"}
    assert model.training.fit.effects


def test_too_many_for_one_job_are_parts_of_their_own(
    session: Session, owner: Actor, five: dict[str, UUID], work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrain_all, "PART", 2)
    request_retraining_of_all(session, owner, key="parts")
    session.commit()
    work()
    whole, *parts = jobs()
    assert [str(part.id) for part in parts] == whole.result["parts"]
    assert [(part.params["part"], part.params["of"], len(part.params["workspaces"])) for part in parts] == [
        (1, 3, 2),
        (2, 3, 2),
        (3, 3, 1),
    ]
    assert versions() == {}
    work()
    assert sorted(versions(), key=str) == sorted((five[handle] for handle in HANDLES[:4]), key=str)
    assert {part.state for part in jobs()} == {JobState.DONE}


def test_a_champion_of_another_form_is_judged_on_the_same_weeks(
    session: Session, owner: Actor, five: dict[str, UUID], work: Work
) -> None:
    request_retraining(session, owner, five["ada"], key="alone", model="tukey")
    session.commit()
    work()
    request_retraining_of_all(session, owner, key="all", workspace_ids=[five["ada"]])
    session.commit()
    work()
    model = current_model(session, owner, five["ada"])
    assert model is not None
    assert "tukey" in {each.model for each in model.training.ranking} or model.training.chosen == "tukey"


def test_what_was_stored_before_a_job_was_begun_again_is_not_trained_again(
    session: Session, owner: Actor, five: dict[str, UUID], work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrain_all, "TOGETHER", 2)
    monkeypatch.setattr(retrain_all, "PARTS", 1)
    job_id = request_retraining_of_all(session, owner, key="again")
    session.commit()
    steps: list[int] = []
    real = Claim.step

    def second_is_lost(claim: Claim) -> Any:
        steps.append(1)
        if len(steps) == 2:
            with transaction() as own:  # as the reconciler does when the worker goes silent
                own.execute(update(Job).where(Job.id == job_id).values(state=JobState.QUEUED))
        return real(claim)

    monkeypatch.setattr(Claim, "step", second_is_lost)
    work()
    before = versions()
    assert len(before) in {1, 2}  # the first two, of whom one may have too few weeks
    (job,) = jobs()
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    work()
    assert versions() == {five[handle]: [(1, job_id)] for handle in HANDLES[:4]}
    (job,) = jobs()
    assert (job.state, job.attempts, job.result["trained"]) == (JobState.DONE, 2, 4)
    with reading() as own:
        assert len(own.scalars(select(Promotion)).all()) == 4


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_step_of_a_stale_or_cancelled_claim_writes_nothing(
    session: Session, owner: Actor, five: dict[str, UUID], *, cancelled: bool
) -> None:
    del five
    job_id = request_retraining_of_all(session, owner, key="stale")
    session.commit()
    with claimed(job_id) as claim:
        assert claim is not None
        with transaction() as own:
            change = {"cancel_requested": True} if cancelled else {"fence": Job.fence + 1}
            own.execute(update(Job).where(Job.id == job_id).values(change))
        with pytest.raises(Cancelled if cancelled else LostClaim), claim.step() as own:
            own.add(Workspace(agency_id=owner.agency_id, handle="never"))
        raise LostClaim
    with reading() as own:
        assert own.scalar(select(Workspace.id).where(Workspace.handle == "never")) is None


def test_only_ones_own_workspaces_are_retrained_and_only_by_those_who_may(
    session: Session, owner: Actor, outsider: Actor, viewer: Actor, five: dict[str, UUID]
) -> None:
    with pytest.raises(InvalidInput, match=r"No workspace has data"):
        request_retraining_of_all(session, outsider, key="k", workspace_ids=list(five.values()))
    with pytest.raises(Forbidden):
        request_retraining_of_all(session, viewer, key="k")
    job_id = request_retraining_of_all(session, owner, key="k", workspace_ids=[five["ada"]])
    assert session.get_one(Job, job_id).params["workspaces"] == [str(five["ada"])]
