"""The pages of docs/ that are made from the code: settings, instruments, what is read, the schema of launch.json, the addresses
for machines."""

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
from tests.documentation.what_is_read import what_is_read_page

_CONFIGURATION = """# Configuration

Every setting is an environment variable. This page is made from `smart_app/settings.py` by `make docs`; edit it there.

| variable | default | meaning |
|---|---|---|
"""
_INSTRUMENTS = """# Instruments

Every instrument Rapport carries. This page is made from `fhir_mappings/instruments/files/` by `make docs`; edit the files there.
Wording is never shipped without the holder's leave: where it is missing, a site brings it as a [wording pack](wording-packs.md) or fills
the form in from the licensed sheet. To add an instrument, and for those that are not built, see [add an instrument](add-an-instrument.md).

| instrument | items | forms | scored? | wording and licence | how to get permission |
|---|---|---|---|---|---|
"""
_TIME = """
## Whose day it is
One clock counts, the clinic's: it says what is today, what day a visit has where the EHR names none (no Encounter), every clock time on
a page, and the offset that `authored`, `effectiveDateTime`, `issued` and `recorded` carry in what is written. Of what the record holds,
an instant (a time with its offset) is shown, compared and counted for a visit by its day at the clinic, whatever offset it was written
with; a bare date stays itself. An EHR that writes a day as midnight in UTC has it shown as the day before wherever the clinic is west of
Greenwich: it has to write the date alone. What only Rapport's own database keeps (expiry, audit trail) is in UTC.

`RAPPORT_TIME_ZONE` names the clinic's zone, `time_zone` of an entry in `launch.json` that of the launches of one EHR. Where neither does,
the machine's own counts: `TZ`, else the zone that `/etc/localtime` leads to, else UTC. The start says which in the log (`time_zone`), and
warns (`time_zone_not_set`) where it was nobody's choice and patients are real. It stops at a name that is none, and where the machine
goes by a zone that it does not name. Names and changes to summer time come from the machine's zone database, or where it has none from
the `tzdata` package. All instances on one database need the same zone.

Changed later, it moves the day of what was rated near midnight: two ratings of such a visit may no longer meet, and one that was shown
without rating may be kept back again.
"""


def generated_pages() -> Mapping[str, str]:
    """Every such page's text by its name in docs/."""
    return {
        "configuration.md": configuration_page(),
        "instruments.md": instruments_page(load_library()),
        "launch.schema.json": schema_file(),
        "openapi.json": openapi_file(),
        "what-is-read.md": what_is_read_page(),
    }


def configuration_page() -> str:
    """The text of docs/configuration.md."""
    fields = sorted(Settings.model_fields.items(), key=lambda one: one[0] in InstrumentSettings.model_fields)
    rows = (f"| `RAPPORT_{name.upper()}` | {_default(field)} | {field.description} |" for name, field in fields)
    return _CONFIGURATION + "\n".join(rows) + "\n" + _TIME


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
