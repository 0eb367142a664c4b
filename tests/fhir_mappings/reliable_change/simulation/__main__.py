"""`python -m tests.fhir_mappings.reliable_change.simulation`: measure anew and write the figures into the package."""

from pathlib import Path

import click

from tests.fhir_mappings.reliable_change.simulation.figures import as_toml, figures

_FILE = Path(__file__).parents[4] / "fhir_mappings/reliable_change/signals/files/unchanged_rates.toml"
_FILE.write_text(as_toml(figures()), encoding="utf-8")
click.echo(f"wrote {_FILE.name}")
