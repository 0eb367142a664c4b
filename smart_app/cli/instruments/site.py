"""The instruments of the site that the settings describe, for every command that speaks of them."""

from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path

import click
from msgspec import Struct

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import load_library
from fhir_mappings.site.installation import Installed
from smart_app.clinic_time import site_zone
from smart_app.errors import ConfigurationError
from smart_app.pack_folder import install_folder
from smart_app.settings import InstrumentSettings, read_settings


class Misused(click.ClickException):
    """The command was called wrongly: one sentence with a remedy."""

    exit_code = 2


class SiteInstruments(Struct, frozen=True, kw_only=True):
    """The site's settings and what they make of the instruments that ship."""

    settings: InstrumentSettings
    installed: Installed

    def structure(self, slug: str, version: str | None) -> Instrument:
        """That version as it ships, else the newest."""
        shipped = [one for one in self.installed.library.instruments if one.slug == slug and one.as_shipped]
        if not shipped:
            known = ", ".join(sorted({one.slug for one in self.installed.library.instruments}))
            raise Misused(f"There is no instrument {slug!r}; choose one of {known}.")
        if version is None:
            return self.installed.library.get(slug)
        found = next((one for one in shipped if one.version == version), None)
        if found is None:
            raise Misused(f"There is no version {version!r} of {slug}; choose one of {', '.join(one.version for one in shipped)}.")
        return found


def today() -> date:
    """The day at the clinic."""
    return datetime.now(site_zone(read_settings(InstrumentSettings).time_zone)).date()


def this_site(folder: Path | None = None, *, besides: Collection[str] = ()) -> SiteInstruments:
    """The site as the settings describe it, or with another folder; `besides` as for `read_settings`."""
    settings = read_settings(InstrumentSettings, besides=besides)
    try:
        day = datetime.now(site_zone(settings.time_zone)).date()
        return SiteInstruments(settings=settings, installed=install_folder(load_library(), folder or settings.packs, today=day))
    except ConfigurationError as wrong:
        raise Misused(wrong.user_message) from wrong
    except DataFileError as broken:
        raise click.ClickException(str(broken)) from broken
