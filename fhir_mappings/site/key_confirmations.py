"""A site's confirmations of scoring keys: who compared which key with which source, and when. They are kept in one file,
`confirmations.toml`, beside the wording packs; each holds for exactly the key that was confirmed. Format: docs/wording-packs.md."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Annotated

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ConfigDict, Field

from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Line
from fhir_mappings.instruments.instrument import Confirmation, Instrument
from fhir_mappings.instruments.scoring_key import fingerprint
from fhir_mappings.site.wording_packs import AHEAD, PAGE, Day, check_size

FILE = "confirmations.toml"
_Short = Annotated[str, Field(max_length=60)]


class _Row(Strict):
    model_config = ConfigDict(strict=True)

    instrument: _Short
    version: _Short
    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    by: Line
    on: Day
    source: Line


class _ConfirmationsFile(Strict):
    model_config = ConfigDict(strict=True)

    confirmation: list[_Row] = Field(default_factory=list)


class Confirmed(Struct, frozen=True, kw_only=True):
    """One recorded act: `key` is the fingerprint of the key that was confirmed."""

    slug: str
    version: str
    key: str
    confirmation: Confirmation

    def fits(self, instrument: Instrument) -> bool:
        """Whether it is this instrument's key, as it stands, that was confirmed."""
        return (self.slug, self.version) == (instrument.slug, instrument.version) and self.key == fingerprint(instrument)


def read_confirmations(text: str, *, file: str, today: date) -> tuple[Confirmed, ...]:
    """Every confirmation of the file, in its order. DataFileError names the first thing that is wrong."""
    check_size(text, file=file, page=PAGE)
    rows = parse_toml(text, _ConfirmationsFile, file=file, page=PAGE).confirmation
    for place, row in enumerate(rows):
        if row.on > today + AHEAD:
            raise DataFileError(file, f"confirmation.{place}.on", f"{row.on} lies in the future", page=PAGE)
    return tuple(
        Confirmed(slug=row.instrument, version=row.version, key=row.key, confirmation=Confirmation(by=row.by, on=row.on, source=row.source))
        for row in rows
    )


def confirmed(instruments: Iterable[Instrument], confirmations: Iterable[Confirmed]) -> tuple[Instrument, ...]:
    """The instruments, those with a confirmation of their key as it stands carrying it; the last one in the file counts."""
    known = tuple(confirmations)
    return tuple(_confirmed(one, [each for each in known if each.fits(one)]) for one in instruments)


def _confirmed(instrument: Instrument, fitting: list[Confirmed]) -> Instrument:
    return replace(instrument, confirmation=fitting[-1].confirmation) if fitting and instrument.scales else instrument


def as_toml(one: Confirmed) -> str:
    """One confirmation as it stands in the file. Every JSON string is a TOML basic string but for the delete character, which no
    field may hold."""
    said = one.confirmation
    pairs = {"instrument": one.slug, "version": one.version, "key": one.key, "by": said.by}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in pairs.items()]
    return "\n".join(("[[confirmation]]", *lines, f"on = {said.on}", f"source = {json.dumps(said.source, ensure_ascii=False)}", ""))
