"""Pages of what the record has not taken."""
