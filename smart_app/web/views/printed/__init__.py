"""The history on one printed page."""
