"""Stored responses and scores, read back as ratings."""
