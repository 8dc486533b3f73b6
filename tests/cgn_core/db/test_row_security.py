"""On PostgreSQL the database shows the application one agency's rows, however a query is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from any_rows import fill, reflected
from sqlalchemy import Connection, TextClause, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cgn_core.db.migrate import upgrade_database
from cgn_core.db.models import Agency, AuditLine, Model, Workspace
from cgn_core.db.row_security import AGENCY_ROWS, CROSSINGS, NOBODYS
from cgn_core.db.scope import Crossing, Scope, acting_for, current_scope, enter, set_for_process
from cgn_core.db.session import engine, make_engine, transaction
from cgn_core.errors import SetupError

TABLES = {table.name: table for table in Model.metadata.sorted_tables}


def test_every_table_says_whose_its_rows_are() -> None:
    """A new table is named in one of the two lists, or this fails."""
    assert set(AGENCY_ROWS) | set(NOBODYS) == {*TABLES, "alembic_version"}
    assert not set(AGENCY_ROWS) & set(NOBODYS)
    with_agency = {name for name, table in TABLES.items() if "agency_id" in table.columns}
    assert with_agency <= {name for name, rule in AGENCY_ROWS.items() if rule == "agency_id = cgn_agency()"}
    for name, table in TABLES.items():
        targets = {key.column.table.name for key in table.foreign_keys}
        assert name in AGENCY_ROWS or not targets, f"{name} refers to {targets}, so its rows are somebody's"


on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def rules(database_url: str, postgres_urls: Any) -> Any:
    """The addresses of the owner and of the application, which is who asks here."""
    assert database_url == postgres_urls.application
    return postgres_urls


def changed(connection: Connection, statement: Any) -> int:
    """How many rows a statement reaches; 0 where the application may not do such a thing to the table at all."""
    try:
        return connection.execute(statement).rowcount
    except DBAPIError as error:
        if "permission denied" not in str(error):
            raise
        return 0


@contextmanager
def seeing(scope: Scope) -> Iterator[Connection]:
    before = current_scope()
    set_for_process(None)  # as in a web process; tests see everything otherwise
    try:
        with acting_for(scope), engine().connect() as connection:
            yield connection
    finally:
        set_for_process(before)


def everything_in(name: str) -> TextClause:
    return text(f'SELECT * FROM "{name}"')  # noqa: S608 - a table of our own


def counts(scope: Scope) -> dict[str, int]:
    with seeing(scope) as connection:
        return {name: len(connection.execute(everything_in(name)).all()) for name in TABLES}


@pytest.fixture
def filled(rules: Any) -> UUID:
    """A row in every table, all of one agency; returns its id. There is another agency besides."""
    owner = make_engine(rules.owner)
    with owner.begin() as connection:
        fill(connection, rows=1)
        agency_id: UUID = connection.execute(select(TABLES["agencies"].c.id)).scalar_one()
    with Session(owner) as session, session.begin():
        session.add(Agency(name="Another"))
    owner.dispose()
    return agency_id


@on_postgresql
def test_an_unfiltered_select_shows_the_own_agencys_rows_and_nothing_of_another(filled: UUID) -> None:
    own, others, nobodys = counts(filled), counts(uuid4()), counts(None)
    for name in AGENCY_ROWS:
        expected = 0 if AGENCY_ROWS[name] == "false" else 1
        assert (name, own[name], others[name], nobodys[name]) == (name, expected, 0, 0)
    assert {name: counts(Crossing.EVERYTHING)[name] for name in ("agencies", "ledger_scores")} == {
        "agencies": 2, "ledger_scores": 1
    }  # fmt: skip


@on_postgresql
@pytest.mark.parametrize("crossing", [Crossing.SIGN_IN, Crossing.QUEUE, Crossing.MEASURES])
def test_what_crosses_agencies_sees_the_tables_that_it_says_and_no_other(filled: UUID, crossing: Crossing) -> None:
    del filled
    seen = {name for name, count in counts(crossing).items() if count}
    assert seen - set(NOBODYS) == set(CROSSINGS[crossing])


def test_a_sign_in_and_a_queue_see_no_number_of_any_creator() -> None:
    numbers = {
        "arrival_pieces", "arrivals", "competitors", "data_versions", "files", "ledger", "ledger_scores",
        "model_versions", "promotions", "uploads",
    }  # fmt: skip
    assert not numbers & {*CROSSINGS[Crossing.SIGN_IN], *CROSSINGS[Crossing.QUEUE]}


@on_postgresql
@pytest.mark.parametrize("name", sorted(AGENCY_ROWS))
def test_nothing_of_another_agency_can_be_changed_deleted_or_written(filled: UUID, name: str) -> None:
    with seeing(filled if AGENCY_ROWS[name] != "false" else Crossing.SIGN_IN) as connection:
        table = reflected(connection).tables[name]
        row = dict(connection.execute(select(table)).one()._mapping)
    key = next(iter(table.primary_key.columns))
    with seeing(uuid4()) as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(table.insert().values(row))
    said = str(refused.value)
    assert "row-level security" in said, said
    for statement in (table.delete(), table.update().values({key.name: row[key.name]})):
        with seeing(uuid4()) as connection:
            assert changed(connection, statement) == 0


@on_postgresql
def test_the_applications_role_owns_nothing_and_may_make_change_or_empty_no_table(rules: Any) -> None:
    del rules
    with seeing(Crossing.EVERYTHING) as connection:
        me = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(text(me)).one() == (False, False, False, False)
        owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        assert connection.execute(text(owned)).scalar() == 0
    for statement in (
        "CREATE TABLE more (id integer)",
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
        "DROP POLICY agency ON users",
        "DROP TRIGGER audit_log_changed ON audit_log",
        "TRUNCATE users CASCADE",
        "DELETE FROM audit_log",
        "UPDATE audit_log SET number = 1",
        "UPDATE alembic_version SET version_num = '0001'",
    ):
        with seeing(Crossing.EVERYTHING) as connection, pytest.raises(DBAPIError, match=r"permission denied|must be"):
            connection.execute(text(statement))


@on_postgresql
def test_a_scope_ends_with_its_transaction_and_its_thread_of_work(filled: UUID) -> None:
    with seeing(filled) as connection:
        assert connection.execute(select(TABLES["workspaces"])).all()
        connection.rollback()
        enter(None)
        assert current_scope() is None
        assert connection.execute(select(TABLES["workspaces"])).all() == []  # the same connection, a new transaction


@on_postgresql
def test_the_rules_are_put_in_force_once_and_again_when_they_differ(rules: Any) -> None:
    owner = make_engine(rules.owner)
    policies = "SELECT oid, polname, polrelid FROM pg_policy ORDER BY oid"
    with owner.connect() as connection:
        before = connection.execute(text(policies)).all()
    upgrade_database(owner, application_url=rules.application)
    with owner.begin() as connection:
        assert connection.execute(text(policies)).all() == before
        connection.execute(text("COMMENT ON FUNCTION cgn_agency() IS 'of an older release'"))
        connection.execute(text("CREATE POLICY left_over ON users USING (true)"))
    upgrade_database(owner, application_url=rules.application)
    with owner.connect() as connection:
        after = connection.execute(text(policies)).all()
    owner.dispose()
    assert sorted(row[1:] for row in after) == sorted(row[1:] for row in before)
    assert after != before


@on_postgresql
def test_the_role_that_owns_the_tables_is_refused_as_the_applications(rules: Any) -> None:
    owner = make_engine(rules.owner)
    with pytest.raises(SetupError, match="must name another role"):
        upgrade_database(owner, application_url=rules.owner)
    owner.dispose()


@on_postgresql
@pytest.mark.parametrize(
    ("made", "refused"),
    [
        ("CREATE ROLE passes_by LOGIN BYPASSRLS", "sees the rows of all agencies; name an ordinary one"),
        (
            "CREATE ROLE passes_by LOGIN; GRANT {me} TO passes_by",
            "owns tables, or belongs to the role that does",
        ),
    ],
)
def test_a_role_above_the_rules_is_refused_as_the_applications(rules: Any, made: str, refused: str) -> None:
    owner = make_engine(rules.owner)
    with owner.begin() as connection:
        for statement in made.split("; "):
            connection.execute(text(statement.format(me=make_url(rules.owner).username)))
    try:
        with pytest.raises(SetupError, match=refused):
            upgrade_database(owner, application_url=rules.application.replace("cgn_tested", "passes_by"))
    finally:
        with owner.begin() as connection:
            connection.execute(text("DROP ROLE passes_by"))
        owner.dispose()


@on_postgresql
def test_the_roles_password_is_set_and_is_not_told(rules: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The server gets what it stores of it, so that not even its log of statements can hold it."""
    owner = make_engine(rules.owner)
    url = rules.application.replace("cgn_tested", "with_password:hush-hush")
    upgrade_database(owner, application_url=url)
    with owner.begin() as connection:
        stored = connection.execute(text("SELECT rolpassword FROM pg_authid WHERE rolname = 'with_password'")).scalar()
        connection.execute(text("DROP OWNED BY with_password"))
        connection.execute(text("DROP ROLE with_password"))
    owner.dispose()
    assert stored.startswith("SCRAM-SHA-256$")
    assert "hush-hush" not in caplog.text


@on_postgresql
def test_a_query_that_forgot_its_filter_still_shows_only_the_own_agency(
    rules: Any, agency: Agency, new_workspace: Callable[..., Workspace]
) -> None:
    """Through the ORM and the product's own sessions, as a service with a mistake would."""
    del rules
    other = Agency(name="Southshore")
    with transaction() as session:
        session.add(other)
        session.flush()
        session.add(Workspace(agency_id=other.id, handle="theirs"))
    new_workspace(agency, "ours")
    with acting_for(agency.id), transaction() as session:
        assert [row.handle for row in session.scalars(select(Workspace))] == ["ours"]
        assert session.scalars(select(AuditLine)).all() == []
