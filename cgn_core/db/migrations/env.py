"""Runs migrations on the connection that upgrade_database hands over."""

from __future__ import annotations

from alembic import context

from cgn_core.db.models import Model

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,  # true of SQLite too, once BEGIN is ours and not the driver's
)
with context.begin_transaction():
    context.run_migrations()
