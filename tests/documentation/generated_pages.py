"""The pages of docs/ that are made from the code: settings, instruments, the schema of launch.json, the addresses for machines."""

from collections.abc import Mapping

import simplejson
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import Library, load_library
from smart_app.cli.instruments.text import Standing, doubted, permission, standing, structures
from smart_app.registration import launch_schema, load_registration
from smart_app.settings import InstrumentSettings, Settings
from smart_app.web.pages.openapi import openapi

_CONFIGURATION = """# Configuration

Every setting is an environment variable. This page is made from `smart_app/settings.py` by `make docs`; edit it there.

| variable | default | meaning |
|---|---|---|
"""
_INSTRUMENTS = """# Instruments

Every instrument Rapport carries. This page is made from `fhir_mappings/instruments/` by `make docs`; edit the files there.
Wording is never shipped without the holder's leave: where it is missing, a site brings it as a [wording pack](wording-packs.md) or fills
the form in from the licensed sheet. To add an instrument, and for those that are not built, see [add an instrument](add-an-instrument.md).

| instrument | items | forms | scored? | wording and licence | how to get permission |
|---|---|---|---|---|---|
"""


def generated_pages() -> Mapping[str, str]:
    """Every such page's text by its name in docs/."""
    return {
        "configuration.md": configuration_page(),
        "instruments.md": instruments_page(load_library()),
        "launch.schema.json": schema_file(),
        "openapi.json": openapi_file(),
    }


def configuration_page() -> str:
    """The text of docs/configuration.md."""
    fields = sorted(Settings.model_fields.items(), key=lambda one: one[0] in InstrumentSettings.model_fields)
    rows = (f"| `RAPPORT_{name.upper()}` | {_default(field)} | {field.description} |" for name, field in fields)
    return _CONFIGURATION + "\n".join(rows) + "\n"


def schema_file() -> str:
    """The text of docs/launch.schema.json."""
    return f"{simplejson.dumps(launch_schema(), indent=2)}\n"


def openapi_file() -> str:
    """The text of docs/openapi.json."""
    return f"{simplejson.dumps(openapi(load_registration()), indent=2)}\n"


def instruments_page(library: Library) -> str:
    """The text of docs/instruments.md."""
    return _INSTRUMENTS + "\n".join(_row(one) for one in structures(library)) + "\n"


def _default(field: FieldInfo) -> str:
    """A field's default as it would be written in the environment."""
    value = field.default
    if value is PydanticUndefined:
        return "none: must be set"
    if value is None or value == "":
        return "not set"
    return f"`{','.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


def _row(one: Instrument) -> str:
    cells = (
        f"**{one.title}**<br>`{one.slug}` {one.version}",
        str(len(one.items)) if one.items else "none",
        ", ".join(one.forms) or "none",
        _scored(one),
        f"{_licence_class(one)} {one.rights.holder}: {one.rights.licence}. {one.rights.terms}",
        permission(one.rights),
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _scored(one: Instrument) -> str:
    sentences: dict[Standing, str] = {
        "scored": "Yes: every part of its key is verified.",
        "needs confirmation": f"Not before the site confirms its key. Not verified: {doubted(one)}.",
        "no key": "No: no scoring key is known; a pack may bring it.",
        "described only": "No: only described.",
    }
    return sentences[standing(one)]


def _licence_class(one: Instrument) -> str:
    """What of it ships."""
    if not one.items:
        return "Nothing ships but this description."
    return "Ships with wording." if one.rights.wording_ships else "Ships without wording."
