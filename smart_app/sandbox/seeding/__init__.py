"""Filling a FHIR server, ours or another, with personas or a file's resources."""
