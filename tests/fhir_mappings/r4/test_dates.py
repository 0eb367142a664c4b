from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.r4 import dates
from fhir_mappings.r4.dates import _WRITTEN, is_known_earlier, parse_moment, position


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2026", date(2026, 1, 1), "year"),
        ("2026-03", date(2026, 3, 1), "month"),
        ("2026-03-14", date(2026, 3, 14), "day"),
        ("2026-03-14T09:30:00", date(2026, 3, 14), "day"),
        ("2026-03-14T09:30:00+01:00", date(2026, 3, 14), "instant"),
        ("2026-03-14T23:30:00.123Z", date(2026, 3, 14), "instant"),
    ],
)
def test_dates_keep_their_precision_and_text(text: str, day: date, precision: str) -> None:
    moment = parse_moment(text)
    assert moment is not None
    assert (moment.day, moment.precision, moment.text) == (day, precision, text)
    assert (moment.instant is not None) == (precision == "instant")


@pytest.mark.parametrize("text", ["", "14.03.2026", "2026-13-01", "2026-02-30", "2026-03-14T25:00:00Z", "٢٠٢٦", None, 2026, ["2026"]])
def test_what_is_no_date_is_none(text: object) -> None:
    assert parse_moment(text) is None


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    parse_moment(text)


def test_an_instant_is_the_same_whatever_its_offset() -> None:
    moments = [parse_moment(text) for text in ("2026-03-14T09:30:00+01:00", "2026-03-14T08:30:00Z")]
    assert {moment.instant for moment in moments if moment} == {datetime(2026, 3, 14, 8, 30, tzinfo=UTC)}
    assert timedelta(0) in {moment.instant.utcoffset() for moment in moments if moment and moment.instant}


LOS_ANGELES, AUCKLAND = ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Auckland")


@pytest.mark.parametrize(
    ("text", "los_angeles", "auckland"),
    [
        ("2026-11-23T01:30:00Z", date(2026, 11, 22), date(2026, 11, 23)),
        ("2026-11-22T17:30:00-08:00", date(2026, 11, 22), date(2026, 11, 23)),
        ("2026-11-23T11:30:00.5+13:00", date(2026, 11, 22), date(2026, 11, 23)),
        ("2026-11-23", date(2026, 11, 23), date(2026, 11, 23)),
        ("2026-11", date(2026, 11, 1), date(2026, 11, 1)),
        ("2026-11-23T01:30:00", date(2026, 11, 23), date(2026, 11, 23)),
    ],
)
def test_an_instant_has_its_day_in_the_zone_and_a_bare_date_is_that_day_everywhere(text: str, los_angeles: date, auckland: date) -> None:
    for zone, day in ((LOS_ANGELES, los_angeles), (AUCKLAND, auckland)):
        moment = parse_moment(text, zone)
        assert moment is not None
        assert (moment.day, moment.text) == (day, text)


@given(
    st.integers(-2_000_000_000, 7_000_000_000),
    st.sampled_from(["America/Los_Angeles", "Pacific/Auckland", "Pacific/Apia", "Asia/Kathmandu", "UTC"]),
    st.integers(-12 * 4, 14 * 4),
)
def test_the_day_is_the_zones_whatever_offset_an_instant_was_written_with(seconds: int, zone: str, quarters: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    written = at.astimezone(timezone(timedelta(minutes=15 * quarters))).isoformat()
    moment = parse_moment(written, ZoneInfo(zone))
    assert moment is not None
    assert (moment.day, moment.instant) == (at.astimezone(ZoneInfo(zone)).date(), at)


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("9999-12-31T23:59:59Z", AUCKLAND, date(9999, 12, 31)),
        ("9999-12-31T23:59:59.5-10:00", UTC, date(9999, 12, 31)),
        ("0001-01-01T00:00:00Z", LOS_ANGELES, date(1, 1, 1)),
        ("0001-01-01T00:00:00+14:00", UTC, date(1, 1, 1)),
    ],
)
def test_the_ends_of_the_calendar_are_dates_in_every_zone(text: str, zone: tzinfo, day: date) -> None:
    moment = parse_moment(text, zone)
    assert moment is not None
    assert (moment.day, moment.text, moment.precision, moment.instant) == (day, text, "instant", datetime.fromisoformat(text))
    assert position(moment)[0] == day


@pytest.mark.parametrize("text", ["2026-03-14T09:30:00Z", "2026-03-14T09:30:00+01:00", "2026-03-14T09:30:00-01:00"])
def test_the_instants_that_nearly_all_are_do_not_ask_the_pattern(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer than all the rest, and every resource of a record comes by."""
    asked: list[str] = []
    monkeypatch.setattr(dates, "_any_moment", lambda text, zone: asked.append(text))
    assert (parse_moment(text), asked) == ((date(2026, 3, 14), text, "instant", datetime.fromisoformat(text)), [])
    assert (parse_moment(text.replace("T", " ")), parse_moment("2026-03-14")) == (None, None)
    assert len(asked) == 2


PARTS = st.sampled_from(["2026", "03", "14", "24", "59", "60", "٣٣", "1 ", " 1", "-1", "W1", "T1", "\ud800x"])
USUAL = st.builds(
    lambda year, month, day, hour, minute, second, zone: f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}",
    *[PARTS] * 6,
    st.sampled_from(["Z", "+01:00", "-00:30", "+25:00", "+1:000", "+0100", "+00:0x"]),
)


@given(USUAL)
def test_an_instant_is_one_that_fhir_can_write(text: str) -> None:
    moment = parse_moment(text)
    assert moment is None or (_WRITTEN.fullmatch(text) and moment.instant == datetime.fromisoformat(text))


@pytest.mark.parametrize("text", ["2026-W11-6T09:30:00+01:00", "2026-03-14 09:30:00Z", "20260314T093000Z", "2026-03-14T09:30:00+0100"])
def test_iso_8601_that_is_not_fhir_is_no_date(text: str) -> None:
    assert parse_moment(text) is None


ORDERED = [
    ("2024", "2025", True),
    ("2025", "2026-03-01", True),
    ("2025-12-31", "2026", True),
    ("2026", "2026-03-01", False),
    ("2026-03-01", "2026", False),
    ("2026", "2026", False),
    ("2026-02", "2026-03-01", True),
    ("2026-03", "2026-03-31", False),
    ("2026-03-01", "2026-03", False),
    ("2026-03-14", "2026-03-15", True),
    ("2026-03-14", "2026-03-14", False),
    ("2026-03-14", "2026-03-14T09:30:00Z", False),
    ("2026-03-14T09:30:00Z", "2026-03-14", False),
    ("2026-03-14T08:00:00", "2026-03-14T09:00:00", False),
    ("2026-03-14T23:30:00Z", "2026-03-15", True),
    ("2026-03-14T09:30:00Z", "2026-03-14T09:31:00Z", True),
    ("2026-03-14T09:30:00Z", "2026-03-14T10:30:00+01:00", False),
    ("2026-03-15T00:30:00+05:00", "2026-03-14T20:00:00Z", True),
    ("2028-02", "2028-02-29", False),
    ("9999", "9999-12-31", False),
]


@pytest.mark.parametrize(("first", "second", "known"), ORDERED)
def test_one_moment_is_known_to_be_earlier_only_where_it_cannot_be_otherwise(first: str, second: str, *, known: bool) -> None:
    one, other = parse_moment(first), parse_moment(second)
    assert one
    assert other
    assert is_known_earlier(one, other) is known
    assert not (known and is_known_earlier(other, one))


WRITTEN = st.builds(
    lambda seconds, form: datetime.fromtimestamp(seconds, UTC).strftime(form),
    st.integers(1_735_689_600, 1_830_297_600),
    st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+13:00"]),
)


@given(WRITTEN, WRITTEN, WRITTEN)
def test_what_is_known_to_be_earlier_is_an_order(first: str, second: str, third: str) -> None:
    moments = [moment for text in (first, second, third) if (moment := parse_moment(text, AUCKLAND))]
    one, other, last = moments
    assert not is_known_earlier(one, one)
    assert not (is_known_earlier(one, other) and is_known_earlier(other, one))
    assert not (is_known_earlier(one, other) and is_known_earlier(other, last)) or is_known_earlier(one, last)
    if is_known_earlier(one, other):
        assert position(one) < position(other)
