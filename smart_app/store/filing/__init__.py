"""Pages on their way into the record as documents."""
