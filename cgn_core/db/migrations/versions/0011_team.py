"""Invitations, password resets, removed members, and an agency's colour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agencies", sa.Column("brand_colour", sa.String(), nullable=False, server_default="#4C5FD5"))
    op.add_column("users", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        _to("invitations", "agency_id", "agencies"),
        _to("invitations", "invited_by", "users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_table(
        "invitation_workspaces",
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        _to("invitation_workspaces", "invitation_id", "invitations"),
        _to("invitation_workspaces", "workspace_id", "workspaces"),
        sa.PrimaryKeyConstraint("invitation_id", "workspace_id", name=op.f("pk_invitation_workspaces")),
    )
    op.create_table(
        "invitation_links",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _to("invitation_links", "invitation_id", "invitations"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_invitation_links")),
    )
    op.create_table(
        "reset_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_requests")),
    )
    op.create_table(
        "password_resets",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _to("password_resets", "user_id", "users"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_password_resets")),
    )
    for table, column in (
        ("invitations", "agency_id"),
        ("invitations", "email"),
        ("invitations", "expires_at"),
        ("invitation_workspaces", "workspace_id"),
        ("invitation_links", "invitation_id"),
        ("password_resets", "user_id"),
        ("password_resets", "expires_at"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def downgrade() -> None:
    for table in (
        "password_resets",
        "reset_requests",
        "invitation_links",
        "invitation_workspaces",
        "invitations",
    ):
        op.drop_table(table)
    # Making these tables anew, as Alembic would on SQLite, would delete all that hangs on their rows.
    op.execute("ALTER TABLE users DROP COLUMN removed_at")
    op.execute("ALTER TABLE agencies DROP COLUMN brand_colour")


def _to(table: str, column: str, target: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete=ondelete
    )
