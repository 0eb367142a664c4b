"""The clinic's time zone: named in a setting or an entry, else the machine's own; what is no name stops the start."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from smart_app.clinic_time import site_zone, zone_named, zone_of_machine
from smart_app.errors import ConfigurationError

NO_NAMES = [
    "Mars/Olympus", "Europe", "Europe/Berlin ", "europe/berlin", "UTC+1", "+01:00", "CET-1CEST", "localtime", "posixrules", "right/UTC",
    "../UTC", "Europe/../UTC", "/usr/share/zoneinfo/UTC", "Europe/Berlin\n", "zone.tab", "\0", " ",
]  # fmt: skip


class TestNames:
    @pytest.mark.parametrize("name", ["Europe/Berlin", "America/Los_Angeles", "America/Argentina/Buenos_Aires", "Etc/GMT+8", "UTC"])
    def test_an_iana_name_is_a_zone(self, name: str) -> None:
        assert zone_named(name) == ZoneInfo(name)

    @pytest.mark.parametrize("name", [*NO_NAMES, ""])
    def test_anything_else_is_none_and_the_sentence_says_what_is_wanted(self, name: str) -> None:
        with pytest.raises(ValueError, match="must be the IANA name of a time zone, such as Europe/Berlin"):
            zone_named(name)


class TestTheSetting:
    def test_it_is_the_sites_zone_whatever_the_machine_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        assert site_zone("Pacific/Auckland").key == "Pacific/Auckland"

    @pytest.mark.parametrize("name", NO_NAMES)
    def test_what_is_no_name_stops_the_start_and_says_what_to_do(self, name: str) -> None:
        with pytest.raises(ConfigurationError, match="time zone cannot be used: set RAPPORT_TIME_ZONE to the IANA name") as refused:
            site_zone(name)
        assert refused.value.where == "RAPPORT_TIME_ZONE"

    def test_not_set_the_machines_own_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        assert site_zone("").key == "Asia/Tokyo"

    def test_not_set_and_none_to_be_had_stops_the_start_rather_than_guess(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        with pytest.raises(ConfigurationError, match="time zone is not set: set RAPPORT_TIME_ZONE to the IANA name") as refused:
            site_zone("")
        assert "TZ is 'CET-1CEST,M3.5.0,M10.5.0/3'" in refused.value.detail


class TestTheMachinesOwn:
    @pytest.fixture
    def local_time(self, tmp_path: Path) -> Path:
        """A link as systems make it, to a file of the zone database."""
        (tmp_path / "zoneinfo" / "Europe").mkdir(parents=True)
        (tmp_path / "zoneinfo" / "Europe" / "Berlin").write_bytes(b"TZif")
        link = tmp_path / "localtime"
        link.symlink_to(tmp_path / "zoneinfo" / "Europe" / "Berlin")
        return link

    @pytest.mark.parametrize(
        "told", ["Asia/Tokyo", ":Asia/Tokyo", "/usr/share/zoneinfo/Asia/Tokyo", ":/usr/share/zoneinfo/posix/Asia/Tokyo"]
    )
    def test_tz_comes_first_in_every_form_that_holds_a_name(self, local_time: Path, told: str) -> None:
        assert zone_of_machine(variable=told, local_time=local_time).key == "Asia/Tokyo"

    def test_tz_may_lead_to_the_link_too(self, local_time: Path) -> None:
        assert zone_of_machine(variable=f":{local_time}").key == "Europe/Berlin"

    def test_without_it_the_link_says_which(self, local_time: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TZ", raising=False)
        assert zone_of_machine(local_time=local_time).key == "Europe/Berlin"

    def test_neither_and_an_empty_tz_mean_utc(self, local_time: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert zone_of_machine(variable="", local_time=local_time).key == "UTC"
        monkeypatch.delenv("TZ", raising=False)
        assert "TZ" not in os.environ
        assert zone_of_machine(local_time=tmp_path / "nothing").key == "UTC"

    def test_a_copied_file_has_no_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TZ", raising=False)
        (tmp_path / "localtime").write_bytes(b"TZif")
        with pytest.raises(ValueError, match="a file without a name"):
            zone_of_machine(local_time=tmp_path / "localtime")
