"""Alembic's environment: the connection comes from `smart_app.store.migrate`, which holds the lock and the transaction."""

from alembic import context

from smart_app.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
