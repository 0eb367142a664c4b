"""Synthetic people to demonstrate and test with: compact data in `cases/*.toml`, turned into FHIR R4 resources dated relative to today."""
