"""Rows that contradict themselves are nobody's: a select asks for the agency as well as for the workspace or person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from cgn_core.db.files import EVERYTHING, readable_files
from cgn_core.db.models import Arrival, Job, Report, Schedule, StoredFile, Upload, Workspace, WorkspaceMember, now
from cgn_core.db.session import reading, transaction

from .matrix import Matrix
from .people import SIGNED_IN, Person
from .test_selects import live_selects


def test_a_row_of_one_agency_in_a_workspace_or_by_a_user_of_another_is_seen_by_nobody(matrix: Matrix) -> None:
    outsider = matrix.world.people[Person.OUTSIDER]
    agency, user = matrix.world.agency_id, outsider.user_id
    place = UUID(matrix.world.own[Person.OUTSIDER]["workspace"])
    file = {"file_name": "crooked.csv"}
    crooked: list[Any] = [
        Job(
            agency_id=agency, workspace_id=place, requested_by=user, kind="retrain", queue="light",
            idempotency_key=str(uuid4()),
        ),
        Schedule(
            agency_id=agency, workspace_id=place, kind="score_nightly", hour=1, day=1, weeks=1, next_due_at=now(),
            created_by=user,
        ),
        *(
            StoredFile(
                agency_id=agency, workspace_id=where, job_id=None, made_for=user, purpose="report", name="crooked.html",
                media_type="text/html", size=1, content=b".",
            )
            for where in (place, None)
        ),
        Report(
            agency_id=agency, workspace_id=place, job_id=None, made_for=user, data_version=1, model_number=None,
            basis={}, figures={},
        ),
        Upload(agency_id=agency, workspace_id=None, uploaded_by=user, file_hash="0", report={}, tables={}, **file),
        Arrival(agency_id=agency, workspace_id=None, uploaded_by=user, size=1, **file),
    ]  # fmt: skip
    with transaction() as session:
        session.add_all(crooked)
        session.flush()
        ids = {row.id for row in crooked}
    for person in SIGNED_IN:
        for name, select in live_selects():
            with reading() as session:
                seen = {getattr(row, "id", None) for row in session.scalars(select(matrix.world.people[person]))}
            assert not ids & seen, f"{name} for {person}"
            matrix.cells += 1


def test_a_membership_never_leads_into_another_agency(matrix: Matrix) -> None:
    theirs = UUID(matrix.world.theirs["workspace"])
    outsider = matrix.world.people[Person.OUTSIDER]
    with transaction() as session:
        session.add(WorkspaceMember(workspace_id=theirs, user_id=outsider.user_id))
    for role in type(outsider.role):
        actor = type(outsider)(user_id=outsider.user_id, agency_id=outsider.agency_id, role=role)
        for name, select in live_selects():
            with reading() as session:
                rows = session.scalars(select(actor)).all()
                places = {row.id if isinstance(row, Workspace) else getattr(row, "workspace_id", None) for row in rows}
            assert theirs not in places, f"{name} for {role}"
            matrix.cells += 1


def test_whoever_acts_for_some_workspaces_only_sees_no_others(matrix: Matrix) -> None:
    theirs, place = (UUID(ids["workspace"]) for ids in (matrix.world.theirs, matrix.world.own[Person.OWNER]))
    limited = replace(matrix.world.people[Person.OWNER], only=frozenset({place}))
    for name, select in live_selects():
        with reading() as session:
            rows = session.scalars(select(limited)).all()
            places = {row.id if isinstance(row, Workspace) else getattr(row, "workspace_id", None) for row in rows}
        assert theirs not in places, name
        matrix.cells += 1


def test_a_file_of_everything_is_its_makers_alone(matrix: Matrix) -> None:
    maker = matrix.world.people[Person.OWNER]
    with transaction() as session:
        made = StoredFile(
            agency_id=maker.agency_id, workspace_id=UUID(matrix.world.theirs["workspace"]), job_id=None,
            made_for=maker.user_id, purpose=EVERYTHING, name="all.zip", media_type="application/zip", size=1,
            content=b".",
        )  # fmt: skip
        session.add(made)
        session.flush()
        identity = made.id
    for person in SIGNED_IN:
        with reading() as session:
            seen = {file.id for file in session.scalars(readable_files(matrix.world.people[person]))}
        assert (identity in seen) == (person is Person.OWNER), person
        matrix.cells += 1
