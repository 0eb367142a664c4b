"""Rapport: a SMART on FHIR app that keeps the working alliance beside the diabetes record."""

__version__ = "0.1.0"
