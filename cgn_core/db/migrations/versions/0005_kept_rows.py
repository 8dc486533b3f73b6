"""What was trained, promoted, forecast and scored stays as written: the database refuses to change or delete it."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MODEL_COLUMNS = (
    "id", "workspace_id", "number", "data_version", "data_hash", "code_version", "settings", "chosen", "verdict",
    "training", "summary", "created_at",
)  # fmt: skip
PROMOTION_COLUMNS = ("id", "workspace_id", "number", "model_version_id", "data_version", "kind", "reason", "created_at")
SCORE_COLUMNS = ("entry_id", "data_version", "actual", "posted", "median_as_posted", "scored_at")
LET_GO = {"model_versions": "job_id", "promotions": "promoted_by"}
"""Columns that end with the job or the person they name; they may be emptied, never filled anew."""
ROWS = {
    "model_versions": "a model version",
    "promotions": "a promotion",
    "ledger": "a forecast in the ledger",
    "ledger_scores": "a score in the ledger",
}


def upgrade() -> None:
    if _is_postgresql():
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$"
        )
    columns = {"model_versions": MODEL_COLUMNS, "promotions": PROMOTION_COLUMNS, "ledger_scores": SCORE_COLUMNS}
    for table, kept in columns.items():
        _refuse(table, "kept", f"UPDATE OF {', '.join(kept)}", f"{ROWS[table]} can't be changed")
    for table, column in LET_GO.items():
        refusal = f"{ROWS[table]} can't be changed"
        _refuse(table, "origin", f"UPDATE OF {column}", refusal, when=f"NEW.{column} IS NOT NULL")
    for table, row in ROWS.items():
        if table != "ledger_scores":
            # It goes with its workspace, which is gone by the time that its rows follow.
            owned = "EXISTS (SELECT 1 FROM workspaces WHERE workspaces.id = OLD.workspace_id)"
        else:
            owned = "EXISTS (SELECT 1 FROM ledger WHERE ledger.id = OLD.entry_id)"
        _refuse(table, "stays", "DELETE", f"{row} can't be deleted on its own", when=owned)


def downgrade() -> None:
    if _is_postgresql():
        for function in ("refuse_change", *(f"{table}_stays" for table in ROWS)):
            op.execute(f"DROP FUNCTION {function}() CASCADE")
        return
    names = [f"{table}_stays" for table in ROWS]
    names += [f"{table}_kept" for table in ("model_versions", "promotions", "ledger_scores")]
    for name in (*names, *(f"{table}_origin" for table in LET_GO)):
        op.execute(f"DROP TRIGGER {name}")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _refuse(table: str, name: str, event: str, sentence: str, *, when: str = "") -> None:
    said = sentence.replace("'", "''")
    header = f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} FOR EACH ROW"
    if not _is_postgresql():
        condition = f" WHEN {when}" if when else ""
        op.execute(f"{header}{condition} BEGIN SELECT RAISE(ABORT, '{said}'); END")
    elif event != "DELETE":
        condition = f" WHEN ({when})" if when else ""
        op.execute(f"{header}{condition} EXECUTE FUNCTION refuse_change('{said}')")
    else:
        # A condition of PostgreSQL's own triggers holds no query, so it moves into a function of the table's.
        op.execute(
            f"CREATE FUNCTION {table}_{name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {when} THEN RAISE EXCEPTION '{said}'; END IF; RETURN OLD; END $$"
        )
        op.execute(f"{header} EXECUTE FUNCTION {table}_{name}()")
