from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Job, JobState, Workspace
from cgn_core.db.session import transaction
from cgn_core.jobs import JobKind, claimed, enqueue
from cgn_core.services import imports, scorings
from cgn_core.services.scorings import request_scoring
from cgn_core.services.track_records import track_record

pytestmark = pytest.mark.usefixtures("sent_jobs")


def score(job_id: UUID) -> dict[str, int]:
    with claimed(job_id) as claim:
        assert claim is not None
        scorings.run(claim)
    with transaction() as session:
        return dict(session.get_one(Job, job_id).result)


def test_a_night_scores_every_complete_week_of_the_agency_and_a_second_one_nothing(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    agency_id = trained.agency_id
    first = request_scoring(session, strategist, trained.id, key="k")
    session.commit()
    assert score(first) == {"scored": 0, "workspaces": 1}
    import_csv(strategist, trained, data=make_csv(days=217))
    session.execute(update(Job).where(Job.state == JobState.QUEUED).values(state=JobState.CANCELLED))
    session.commit()
    found = []
    for night in ("one", "two"):
        with transaction() as own:
            job_id = enqueue(own, JobKind.SCORE, agency_id=agency_id, key=night)
        found.append(score(job_id))
    assert found == [{"scored": 1, "workspaces": 1}, {"scored": 0, "workspaces": 0}]
    score_now = track_record(session, strategist, trained.id).score
    assert score_now is not None
    assert score_now.weeks == 1
