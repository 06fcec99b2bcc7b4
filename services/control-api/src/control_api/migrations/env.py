"""Alembic's entry; `control_api.migrate` hands over the connection."""

from alembic import context

from control_api.db.all_tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
