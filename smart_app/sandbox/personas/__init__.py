"""Synthetic people to demonstrate and test with: compact data in `cases/*.toml`, turned into FHIR R4 resources dated relative to today."""

from smart_app.sandbox.personas.build import build, build_all, build_staff, load_personas

__all__ = ["build", "build_all", "build_staff", "load_personas"]
