"""`rapport docs`: write the pages that are made from the code."""

from pathlib import Path

import click
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from fhir_mappings.library import load_library
from smart_app.cli.instrument_text import instruments_page
from smart_app.settings import InstrumentSettings, Settings

_HEAD = """# Configuration

Every setting is an environment variable. This page is made from `smart_app/settings.py` by `make docs`; edit it there.

| variable | default | meaning |
|---|---|---|
"""


def _default(field: FieldInfo) -> str:
    """A field's default as it would be written in the environment."""
    value = field.default
    if value is PydanticUndefined:
        return "none: must be set"
    if value is None or value == "":
        return "not set"
    return f"`{','.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


def configuration_page() -> str:
    """The text of docs/configuration.md."""
    fields = sorted(Settings.model_fields.items(), key=lambda one: one[0] in InstrumentSettings.model_fields)
    rows = (f"| `RAPPORT_{name.upper()}` | {_default(field)} | {field.description} |" for name, field in fields)
    return _HEAD + "\n".join(rows) + "\n"


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("docs"), show_default=True)
def docs(folder: Path) -> None:
    """Write the generated pages of the documentation."""
    for name, text in (("configuration.md", configuration_page()), ("instruments.md", instruments_page(load_library()))):
        page = folder / name
        page.write_text(text, encoding="utf-8")
        click.echo(f"wrote {page}")
