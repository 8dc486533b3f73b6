"""What was trained, promoted, forecast and scored is kept by the database itself, whoever asks it to change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.cli.prepare import upgrade
from cgn_core.db.migrate import move_database
from cgn_core.db.models import Job, LedgerEntry, LedgerScore, ModelVersion, Promotion, User, Workspace
from cgn_core.db.session import make_engine, owner_url, transaction
from cgn_core.services import imports
from cgn_core.services.registry import promote
from cgn_core.services.removals import delete_workspace
from cgn_core.services.track_records import track_record

MakeCsv = Callable[..., bytes]
ImportCsv = Callable[..., list[imports.Imported]]

pytestmark = pytest.mark.usefixtures("sent_jobs")
KEPT: tuple[Any, ...] = (ModelVersion, Promotion, LedgerEntry, LedgerScore)
LET_GO = {"job_id", "promoted_by"}


@pytest.fixture
def scored(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: MakeCsv,
    import_csv: ImportCsv,
    work: Callable[[], list[UUID]],
) -> Workspace:
    """A row in each of the tables, one promotion by hand among them."""
    import_csv(strategist, trained, data=make_csv(days=217))
    work()
    promote(session, strategist, trained.id, 1, reason="to have one by hand")
    session.commit()
    return trained


def refused(statement: Any) -> str:
    """What the database says to a statement; "" where it lets it through."""
    try:
        with transaction() as own:
            own.execute(statement)
    except DatabaseError as error:
        return str(error)
    return ""


def test_every_column_of_what_is_kept_is_refused_to_change(session: Session, scored: Workspace) -> None:
    del scored
    session.rollback()
    columns = 0
    for kept in KEPT:
        with transaction() as own:
            first = own.scalars(select(kept)).first()
            values = {column.name: getattr(first, column.name) for column in kept.__table__.columns}
        for name, value in values.items():
            # Setting what is there already is a change too: it is how a rewritten row would come in.
            said = refused(update(kept).values({name: value}))
            assert ("can't be changed" in said) != (name in LET_GO and value is None), (kept.__tablename__, name)
            columns += 1
    assert columns == sum(len(kept.__table__.columns) for kept in KEPT)


def test_what_is_kept_is_not_deleted_on_its_own_and_goes_with_its_workspace(
    session: Session, scored: Workspace, owner: Actor
) -> None:
    session.rollback()
    for kept in KEPT:
        assert "can't be deleted on its own" in refused(delete(kept)), kept.__tablename__
    assert "together with a line of the audit log" in refused(delete(Workspace).where(Workspace.id == scored.id))
    with transaction() as own:
        delete_workspace(own, owner, scored.id, typed="lena.moves")
    with transaction() as own:
        for kept in KEPT:
            assert own.scalars(select(kept)).first() is None, kept.__tablename__


def test_the_job_and_the_person_that_a_row_names_may_go(session: Session, scored: Workspace, strategist: Actor) -> None:
    session.rollback()
    assert refused(delete(Job).where(Job.workspace_id == scored.id)) == ""
    assert refused(delete(User).where(User.id == strategist.user_id)) == ""
    with transaction() as own:
        assert set(own.scalars(select(ModelVersion.job_id))) == {None}
        assert set(own.scalars(select(Promotion.promoted_by))) == {None}


def test_rows_from_before_the_triggers_and_the_scenarios_stay_whole_and_are_guarded_from_then_on(
    session: Session, scored: Workspace, strategist: Actor, database_url: str
) -> None:
    before = track_record(session, strategist, scored.id)
    session.rollback()
    del database_url
    made = make_engine(owner_url())
    move_database(made, "0004")
    with made.begin() as connection:
        assert connection.execute(update(Promotion).values(reason="as anybody could")).rowcount > 0
    made.dispose()
    upgrade()
    assert before.is_untouched
    assert track_record(session, strategist, scored.id) == before
    session.rollback()
    assert "can't be changed" in refused(update(Promotion).values(reason="as nobody can"))
    assert "can't be changed" in refused(update(LedgerEntry).values(occasion="scenario"))
