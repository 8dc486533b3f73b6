"""The second wall on PostgreSQL: the database itself shows a transaction one agency's rows, whatever the query forgot.

Every table is named here with the agency that its rows belong to; a test fails for one that isn't. The rules are put in
force after the migrations by whoever owns the tables, and bind the application's own role, which owns nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from cgn_core.db.scope import Crossing
from cgn_core.errors import SetupError

OWN = "agency_id = cgn_agency()"
"""The row says whose it is."""


def _through(parent: str, column: str) -> str:
    """The row belongs to whomever the row belongs to that it refers to, which is under the same rules."""
    # The first half keeps out a crossing that sees the parents of all agencies.
    found = f"SELECT 1 FROM {parent} WHERE {parent}.id = {{table}}.{column}"  # noqa: S608 - names of our own
    return f"cgn_agency() IS NOT NULL AND EXISTS ({found})"


_OF_USER = _through("users", "user_id")
_OF_WORKSPACE = _through("workspaces", "workspace_id")

AGENCY_ROWS = {
    "agencies": "id = cgn_agency()",
    "api_tokens": OWN,
    "arrival_pieces": _through("arrivals", "arrival_id"),
    "arrivals": OWN,
    "audit_heads": OWN,
    "audit_log": OWN,
    "competitors": _OF_WORKSPACE,
    "data_versions": _OF_WORKSPACE,
    "files": OWN,
    "invitation_links": _through("invitations", "invitation_id"),
    "invitation_workspaces": _through("invitations", "invitation_id"),
    "invitations": OWN,
    "jobs": OWN,
    "kept_answers": _through("api_tokens", "token_id"),
    "known_devices": _OF_USER,
    "ledger": _OF_WORKSPACE,
    "ledger_scores": _through("ledger", "entry_id"),
    "model_versions": _OF_WORKSPACE,
    "outside_identities": _OF_USER,
    "password_resets": _OF_USER,
    "pending_sign_ins": _OF_USER,
    "promotions": _OF_WORKSPACE,
    "recovery_codes": _OF_USER,
    "reports": OWN,
    "reset_requests": "false",  # what somebody who isn't known typed; nobody's until they sign in
    "scenarios": _OF_WORKSPACE,
    "schedules": OWN,
    "second_factors": _OF_USER,
    "uploads": OWN,
    "user_sessions": _OF_USER,
    "users": OWN,
    "week_notes": _OF_WORKSPACE,
    "workspace_members": _OF_WORKSPACE,
    "workspaces": OWN,
}
"""By table, which rows an agency sees and writes."""

NOBODYS = {
    "alembic_version": "which schema this is",
    "heartbeats": "signs of life of our own processes",
}
"""Tables without rows of any agency, and what they hold; everybody reads and writes them."""

CROSSINGS = {
    Crossing.EVERYTHING: tuple(AGENCY_ROWS),
    Crossing.QUEUE: ("jobs",),
    Crossing.MEASURES: ("jobs", "ledger", "ledger_scores"),
    Crossing.SIGN_IN: (
        "agencies", "api_tokens", "audit_heads", "audit_log", "invitation_links", "invitation_workspaces",
        "invitations", "known_devices", "outside_identities", "password_resets", "pending_sign_ins", "recovery_codes",
        "reset_requests", "second_factors", "user_sessions", "users", "workspace_members", "workspaces",
    ),
}  # fmt: skip
"""By crossing, the tables whose rows of all agencies it sees."""

LEAST_RIGHTS = {"alembic_version": "SELECT", "audit_heads": "SELECT, INSERT, UPDATE", "audit_log": "SELECT, INSERT"}
"""Tables in which the application may do less than read, insert, change and delete."""

_FUNCTION = "CREATE FUNCTION {} LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT {} $$"
_FUNCTIONS = (
    _FUNCTION.format("cgn_agency() RETURNS uuid", "NULLIF(current_setting('cgn.agency', true), '')::uuid"),
    _FUNCTION.format("cgn_crosses(scope text) RETURNS boolean", "current_setting('cgn.crossing', true) = scope"),
)


def secure_rows(connection: Connection) -> None:
    """Put the rules in force, all anew, unless these very ones are; the caller owns the tables."""
    wanted = hashlib.sha256("\n".join(_statements()).encode()).hexdigest()
    known = "SELECT obj_description(to_regprocedure('cgn_agency()'), 'pg_proc')"
    if connection.execute(text(known)).scalar() == wanted:
        return
    release_rows(connection)
    for statement in _statements():
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"COMMENT ON FUNCTION cgn_agency() IS '{wanted}'")


def release_rows(connection: Connection) -> None:
    """Take the rules away altogether, as a schema from before them wants it."""
    existing = "SELECT policyname, tablename FROM pg_policies WHERE schemaname = current_schema()"
    for policy, table in connection.execute(text(existing)).all():
        connection.exec_driver_sql(f'DROP POLICY "{policy}" ON "{table}"')
        connection.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
    for function in ("cgn_agency()", "cgn_crosses(text)"):
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {function}")


def let_in(connection: Connection, url: str) -> None:
    """Make the application's role where it is missing, and give it what it needs and no more.

    Args:
        connection: of whoever owns the tables.
        url: names the role and its password.

    Raises:
        SetupError: the role passes by the rules: it owns the tables or is above all rules.
    """
    named = make_url(url)
    role, password = named.username or "", str(named.password or "")
    me = connection.execute(text("SELECT current_user")).scalar()
    if not role or role == me:
        raise SetupError(
            "CGN_DATABASE_URL must name another role than CGN_DATABASE_OWNER_URL does; "
            "the one that owns the tables sees the rows of all agencies."
        )
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    found = connection.execute(
        text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = :role"), {"role": role}
    )
    attributes = found.one_or_none()
    if attributes is not None and any(attributes):
        raise SetupError(f"The role {role} of CGN_DATABASE_URL sees the rows of all agencies; name an ordinary one.")
    if attributes is None:
        connection.exec_driver_sql(f"CREATE ROLE {quoted} LOGIN")
    owned = text(
        "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() "
        "AND pg_has_role(CAST(:role AS name), tableowner, 'MEMBER') LIMIT 1"
    )
    if connection.execute(owned, {"role": role}).first():
        raise SetupError(
            f"The role {role} of CGN_DATABASE_URL owns tables, or belongs to the role that does, and so sees the "
            "rows of all agencies; name another, which this command then makes."
        )
    if password and _may_set_passwords(connection):
        connection.exec_driver_sql(f"ALTER ROLE {quoted} PASSWORD '{_as_verifier(connection, password, role)}'")
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {quoted}")
    for table in (*AGENCY_ROWS, *NOBODYS):
        rights = LEAST_RIGHTS.get(table, "SELECT, INSERT, UPDATE, DELETE")
        connection.exec_driver_sql(f'GRANT {rights} ON "{table}" TO {quoted}')


def _statements() -> Iterator[str]:
    yield from _FUNCTIONS
    for table, rule in AGENCY_ROWS.items():
        condition = rule.format(table=table)
        yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
        yield f'CREATE POLICY agency ON "{table}" USING ({condition}) WITH CHECK ({condition})'
    for crossing, tables in CROSSINGS.items():
        for table in tables:
            crosses = f"cgn_crosses('{crossing}')"
            yield f'CREATE POLICY {crossing} ON "{table}" USING ({crosses}) WITH CHECK ({crosses})'


def _may_set_passwords(connection: Connection) -> bool:
    asked = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    return bool(connection.execute(text(asked)).scalar())


def _as_verifier(connection: Connection, password: str, role: str) -> str:
    """What PostgreSQL stores of a password, made here so that the password itself reaches none of its logs."""
    driver = connection.connection.driver_connection
    assert driver is not None
    made: bytes = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return made.decode()
