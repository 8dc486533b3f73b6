"""Known devices, second factors, sign-in elsewhere; a session ends with the password and role it began with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def of_user(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_user_id_users")
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.add_column(
        "agencies", sa.Column("second_factor_required", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # Sessions that began before have no stamp, so that everybody signs in once more.
    op.add_column("user_sessions", sa.Column("stamp", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "known_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
        sa.Column("last_used_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        of_user("known_devices"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
        sa.UniqueConstraint("token_hash", "user_id", name=op.f("uq_known_devices_token_hash")),
    )
    op.create_table(
        "pending_sign_ins",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("stamp", sa.String(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        of_user("pending_sign_ins"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_pending_sign_ins")),
    )
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        of_user("second_factors"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        of_user("recovery_codes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "outside_identities",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        of_user("outside_identities"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_outside_identities")),
    )
    for table in ("known_devices", "pending_sign_ins", "recovery_codes", "outside_identities"):
        op.create_index(op.f(f"ix_{table}_user_id"), table, ["user_id"], unique=False)


def downgrade() -> None:
    for table in ("outside_identities", "recovery_codes", "second_factors", "pending_sign_ins", "known_devices"):
        op.drop_table(table)
    # Making these tables anew, as Alembic would on SQLite, would delete all that hangs on their rows.
    op.execute("ALTER TABLE user_sessions DROP COLUMN stamp")
    op.execute("ALTER TABLE agencies DROP COLUMN second_factor_required")
