"""One module per step of the schema, applied in order; a released step is never changed."""
