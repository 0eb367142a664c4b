"""Why something is said, as a page and as data."""
