"""Who sees and changes what: decided in one place per resource, the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import Select
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.competitors import editable_competitors, readable_competitors
from cgn_core.db.data_versions import readable_data_versions
from cgn_core.db.jobs import editable_jobs, readable_jobs
from cgn_core.db.model_versions import readable_model_versions
from cgn_core.db.models import (
    Agency,
    Competitor,
    DataVersion,
    Job,
    ModelVersion,
    Upload,
    Workspace,
    WorkspaceMember,
)
from cgn_core.db.uploads import readable_uploads
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces

SELECTS_BY_WORKSPACE = (
    readable_competitors,
    editable_competitors,
    readable_data_versions,
    readable_model_versions,
    readable_jobs,
    editable_jobs,
)
EDITABLE = {editable_competitors, editable_jobs}


@pytest.fixture
def restricted(agency: Agency, new_workspace: Callable[..., Workspace]) -> Workspace:
    return new_workspace(agency, "restricted", restricted=True)


def handles(session: Session, select: Select[Workspace]) -> set[str]:
    return {row.handle for row in session.scalars(select)}


def test_owners_see_and_change_everything_of_their_agency(
    session: Session, owner: Actor, workspace: Workspace, restricted: Workspace, other_workspace: Workspace
) -> None:
    del workspace, restricted, other_workspace
    assert handles(session, readable_workspaces(owner)) == {"lena.moves", "restricted"}
    assert handles(session, editable_workspaces(owner)) == {"lena.moves", "restricted"}


def test_strategists_see_restricted_workspaces_only_as_members(
    session: Session, strategist: Actor, workspace: Workspace, restricted: Workspace, other_workspace: Workspace
) -> None:
    del workspace, other_workspace
    assert handles(session, readable_workspaces(strategist)) == {"lena.moves"}
    session.add(WorkspaceMember(workspace_id=restricted.id, user_id=strategist.user_id))
    session.flush()
    assert handles(session, readable_workspaces(strategist)) == {"lena.moves", "restricted"}
    assert handles(session, editable_workspaces(strategist)) == {"lena.moves", "restricted"}


def test_viewers_see_what_they_were_let_into_and_change_nothing(
    session: Session, viewer: Actor, restricted: Workspace, other_workspace: Workspace
) -> None:
    del restricted, other_workspace
    assert handles(session, readable_workspaces(viewer)) == {"lena.moves"}
    assert handles(session, editable_workspaces(viewer)) == set()


def test_a_membership_never_leads_into_another_agency(
    session: Session, new_user: Callable[..., Actor], other_agency: Agency, workspace: Workspace
) -> None:
    for stranger in [new_user(other_agency, role) for role in Role]:
        session.add(WorkspaceMember(workspace_id=workspace.id, user_id=stranger.user_id))
        session.flush()
        assert handles(session, readable_workspaces(stranger)) == set()
        for selects in SELECTS_BY_WORKSPACE:
            assert list(session.scalars(selects(stranger))) == []


def fill(session: Session, workspace: Workspace) -> None:
    """One row of every resource."""
    day = date(2026, 1, 5)
    job = Job(
        agency_id=workspace.agency_id,
        workspace_id=workspace.id,
        requested_by=None,
        kind="retrain",
        queue="training",
        idempotency_key=str(workspace.id),
    )
    session.add(job)
    session.flush()
    file = {"file_name": "f.csv", "file_hash": "0", "table": b"", "rows": 1, "first_date": day, "last_date": day}
    session.add(Competitor(workspace_id=workspace.id, name="rival", **file))
    session.add(DataVersion(workspace_id=workspace.id, number=1, data_hash="0", report={}, **file))
    session.add(
        ModelVersion(
            workspace_id=workspace.id,
            number=1,
            job_id=job.id,
            data_version=1,
            data_hash="0",
            code_version="0",
            settings={},
            chosen="ols",
            verdict="beats_naive",
            training={},
        )
    )
    session.flush()


@pytest.mark.parametrize("selects", SELECTS_BY_WORKSPACE)
def test_what_hangs_on_a_workspace_is_seen_by_those_who_see_the_workspace(
    session: Session,
    selects: Callable[[Actor], Select[Competitor]],
    owner: Actor,
    strategist: Actor,
    viewer: Actor,
    outsider: Actor,
    workspace: Workspace,
    restricted: Workspace,
    other_workspace: Workspace,
) -> None:
    for place in (workspace, restricted, other_workspace):
        fill(session, place)

    def seen(actor: Actor) -> set[UUID | None]:
        return {row.workspace_id for row in session.scalars(selects(actor))}

    assert seen(owner) == {workspace.id, restricted.id}
    assert seen(strategist) == {workspace.id}
    assert seen(viewer) == (set() if selects in EDITABLE else {workspace.id})
    assert seen(outsider) == {other_workspace.id}


def test_jobs_of_the_whole_agency_are_seen_by_those_who_run_jobs(
    session: Session, agency: Agency, owner: Actor, strategist: Actor, viewer: Actor, outsider: Actor
) -> None:
    session.add(
        Job(
            agency_id=agency.id,
            workspace_id=None,
            requested_by=None,
            kind="generate",
            queue="light",
            idempotency_key="k",
        )
    )
    session.flush()
    assert [len(list(session.scalars(readable_jobs(who)))) for who in (owner, strategist, viewer, outsider)] == [
        1,
        1,
        0,
        0,
    ]


def test_an_upload_is_its_uploaders_alone(
    session: Session, agency: Agency, workspace: Workspace, owner: Actor, strategist: Actor, viewer: Actor
) -> None:
    for place in (None, workspace.id):
        session.add(
            Upload(
                agency_id=agency.id,
                workspace_id=place,
                uploaded_by=strategist.user_id,
                file_name="f.csv",
                file_hash="0",
                report={},
                tables={},
            )
        )
    session.flush()
    assert [len(list(session.scalars(readable_uploads(who)))) for who in (strategist, owner, viewer)] == [2, 0, 0]
