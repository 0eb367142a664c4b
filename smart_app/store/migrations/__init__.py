"""Schema migrations, run by `smart_app.store.migrate`."""
