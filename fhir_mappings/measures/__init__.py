"""Diabetes measures as data: their files, units, and how an Observation becomes a value."""
