"""Time zones by their IANA names, and the one this machine goes by. Nothing here tells the time."""

import os
import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from smart_app.errors import ConfigurationError

# The setting.
TIME_ZONE = "RAPPORT_TIME_ZONE"
# Regions and cities. Not among them: what a machine's own folder of zones holds besides (`localtime`, `posixrules`, `right/…`).
ZONE_NAME = r"[A-Z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*"
_EXPECTED = "the IANA name of a time zone, such as Europe/Berlin or America/Los_Angeles"
_LOCAL_TIME = Path("/etc/localtime")
# Where a file of the zone database lies, up to its name: `/usr/share/zoneinfo/`, on macOS also `zoneinfo.default`.
_DATABASE = re.compile(r".*/zoneinfo[^/]*/(?:posix/)?")


def site_zone(name: str) -> ZoneInfo:
    """The time zone of the site: the one named, else the machine's own where `name` is "". Raises ConfigurationError for a name that is
    none, and where the machine has none to go by: a guess would date visits wrong."""
    try:
        return zone_named(name) if name else zone_of_machine()
    except ValueError as wrong:
        told = "cannot be used" if name else "is not set"
        remedy = f"The clinic's time zone {told}: set {TIME_ZONE} to {_EXPECTED}."
        raise ConfigurationError(remedy, where=TIME_ZONE, detail=str(wrong)) from wrong


def day_ends(now: datetime) -> datetime:
    """The instant, in UTC, at which the day of `now` ends where its zone is, however long a change of clocks makes that day."""
    tomorrow = now.date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=now.tzinfo).astimezone(UTC)


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that IANA name. ValueError, with what was expected, for any other text."""
    if not re.fullmatch(ZONE_NAME, name):
        raise ValueError(f"must be {_EXPECTED}")
    try:
        return ZoneInfo(name)
    # ZoneInfoNotFoundError is a KeyError; of a name that is a folder or no zone's file it is the error of opening or reading that.
    except (KeyError, OSError, ValueError) as unknown:
        raise ValueError(f"must be {_EXPECTED}; {name!r} is not known here") from unknown


def zone_of_machine(*, variable: str | None = None, local_time: Path = _LOCAL_TIME) -> ZoneInfo:
    """The zone the machine's own clock is shown in: `variable` (TZ when not given), else where /etc/localtime leads; UTC where TZ is empty
    and where there is neither, as POSIX has it. ValueError where that zone has no IANA name to be known by."""
    named = os.environ.get("TZ") if variable is None else variable
    if named == "" or (named is None and not local_time.exists()):
        return ZoneInfo("UTC")
    if named is not None:
        return _named_or_below(named.removeprefix(":"), told_by=f"TZ is {named!r}")
    return _named_or_below(str(local_time), told_by=f"{local_time} is a file without a name")


def _named_or_below(text: str, *, told_by: str) -> ZoneInfo:
    """A name, or the path of a file of the zone database or of a link to one."""
    name = str(Path(text).resolve()) if text.startswith("/") else text
    try:
        return zone_named(_DATABASE.sub("", name))
    except ValueError as unknown:
        raise ValueError(f"this machine does not say its own by name: {told_by}") from unknown
