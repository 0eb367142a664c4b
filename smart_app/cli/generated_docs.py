"""`rapport docs`: write the pages that are made from the code."""

from pathlib import Path

import click
import simplejson
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from fhir_mappings.instruments.library import load_library
from smart_app.cli.instruments.text import instruments_page
from smart_app.registration import launch_schema, load_registration
from smart_app.settings import InstrumentSettings, Settings
from smart_app.web.pages.openapi import openapi

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


def schema_file() -> str:
    """The text of docs/launch.schema.json."""
    return f"{simplejson.dumps(launch_schema(), indent=2)}\n"


def openapi_file() -> str:
    """The text of docs/openapi.json."""
    return f"{simplejson.dumps(openapi(load_registration()), indent=2)}\n"


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("docs"), show_default=True)
def docs(folder: Path) -> None:
    """Write the generated pages of the documentation."""
    made = {
        "configuration.md": configuration_page(),
        "instruments.md": instruments_page(load_library()),
        "launch.schema.json": schema_file(),
        "openapi.json": openapi_file(),
    }
    for name, text in made.items():
        page = folder / name
        page.write_text(text, encoding="utf-8")
        click.echo(f"wrote {page}")
