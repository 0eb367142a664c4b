"""What `rapport demo --check` finds wrong with a page, a plain sentence each: what was looked for, and what stood there.

Judged from what was given and from the page alone, as a tester would. A result is there where a row names its id, or where a row of its
measure's table has its day and its number; a row without an id stands for one result.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct

from smart_app.cli.demo.html_visitor import Page, PageTable
from smart_app.cli.demo.seeded_results import MONTHS, SeededResult, ShownNumber, day_text, days_of, numbers_of, unit_in, value_in_words

# A day as the page writes it, and what a cell says of a number: a sign, the number, the second one of a pair.
_DAY = re.compile(rf"(?<![\w-])(?:\d\d-(?:{'|'.join(MONTHS)})-\d{{1,4}}|(?:(?:{'|'.join(MONTHS)})-)?\d{{4}})(?![\w-])")
_CELL = re.compile(r"(?P<sign>[<>]=?)?\s*(?P<number>\d+(?:\.\d+)?)(?:/(?P<second>\d+(?:\.\d+)?))?\b(?P<rest>.*)")
_ID = re.compile(r"Observation/[A-Za-z0-9.-]+")
_VALUES, _LEFT_OUT, _READS = ": Table of ", "not shown", "What was searched"
_WRITTEN, _NOT_WRITTEN = "Table of what was written", "Table of what was not written"
_SAVED, _WHOLE, _SAME = "Saved in the record", "complete", "same"
_TALLY = re.compile(r"\b(?:All \d+|\d+ of \d+) reads? complete\.")
_ALL_WHOLE = re.compile(r"All \d+ reads? complete\.")
# What a notice says of values that were read and cannot be drawn is no matter of a read; they stand in the list of what is not shown.
_UNUSABLE = re.compile(r"This page is incomplete\. \d+ HbA1c values? could not be used; see “Not shown”\.")
_PLACES = Decimal("0.01")


class SentRating(Struct, frozen=True, kw_only=True):
    """A rating that was sent: whose it is ("patient" or "clinician"), what was answered to each scored item, and on which day."""

    informant: str
    answers: Mapping[str, str]
    day: date

    @property
    def total(self) -> str:
        """The mean of what was answered, as the check-in's total is defined, in two places."""
        numbers = [Decimal(answer) for answer in self.answers.values()]
        return str((sum(numbers, Decimal(0)) / len(numbers)).quantize(_PLACES, ROUND_HALF_UP))


def missing_from(page: Page, results: Iterable[SeededResult], zone: ZoneInfo) -> Iterator[SeededResult]:
    """The results the page neither shows nor lists as not shown."""
    rows = _Rows(page)
    for one in (one for one in results if one.reference not in rows.named):
        if not rows.take(one.titles, days_of(one.observation, zone), numbers_of(one.observation)):
            yield one


def results_not_found(page: Page, results: Iterable[SeededResult], zone: ZoneInfo) -> list[str]:
    """A sentence for each result that the page neither shows nor lists as not shown."""
    return [_missed(page, one, zone) for one in missing_from(page, results, zone)]


def _missed(page: Page, result: SeededResult, zone: ZoneInfo) -> str:
    title, days = " or ".join(sorted(result.titles)), days_of(result.observation, zone)
    looked_for = f"{title} {value_in_words(result.observation)} of {' or '.join(days) or 'no day'} ({result.reference})"
    return f"{looked_for} is not on the page and not listed as not shown; {_instead(page, result.titles, days, title=title)}."


def _instead(page: Page, titles: Iterable[str], days: Sequence[str], *, title: str) -> str:
    """What the tables of those titles have on those days."""
    tables = [table for table in page.tables if _VALUES in table.label and _is_of(table, titles)]
    if not tables:
        return f"the page has no table of {title}"
    rows = [row for table in tables for row in table.rows if set(days) & _days_in(row)]
    shown = "; ".join(", ".join(cell for cell in row[1:] if cell) for row in rows)
    return f"its table of {title} has {f'“{shown}” for that day' if shown else 'nothing of that day'}"


def _is_of(table: PageTable, titles: Iterable[str]) -> bool:
    """Whether a table is labelled `Title: Table of 4 values` by one of the titles, or by one after more words (`Laboratory HbA1c`)."""
    label = table.label.partition(_VALUES)[0]
    return any(label == title or label.endswith(f" {title}") for title in titles)


def _days_in(row: Sequence[str]) -> set[str]:
    return {found for cell in row for found in _DAY.findall(cell)}


class _Rows:
    """The rows of a page's tables of values and of what is not shown: the ids `named` in any, and the rows by the day they show, each to
    be taken once."""

    def __init__(self, page: Page) -> None:
        self.named: set[str] = set()
        self._by_day: dict[str, list[tuple[PageTable, list[str]]]] = defaultdict(list)
        self._taken: set[int] = set()
        for table in (one for one in page.tables if _VALUES in one.label or _LEFT_OUT in one.label):
            for row in table.rows:
                self.named.update(found for cell in row for found in _ID.findall(cell))
                for day in _days_in(row):
                    self._by_day[day].append((table, row))

    def take(self, titles: Iterable[str], days: Sequence[str], numbers: Sequence[ShownNumber]) -> bool:
        """Whether a row that nobody took yet shows one of the days and one of the numbers."""
        for table, row in (one for day in days for one in self._by_day.get(day, ())):
            if id(row) not in self._taken and _is_of(table, titles) and _shows(row, numbers):
                self._taken.add(id(row))
                return True
        return False


def _shows(row: Sequence[str], numbers: Sequence[ShownNumber]) -> bool:
    shown = [number for cell in row if (number := _shown_in(cell)) is not None]
    return any(one.is_shown_as(other) for one in numbers for other in shown)


def _shown_in(cell: str) -> ShownNumber | None:
    """The number a cell of values begins with."""
    found = None if _DAY.fullmatch(cell) else _CELL.fullmatch(cell)
    if found is None:
        return None
    second = Decimal(found["second"]) if found["second"] else None
    return ShownNumber(sign=found["sign"] or "", number=Decimal(found["number"]), second=second, unit=unit_in(found["rest"]))


def ratings_not_found(page: Page, ratings: Iterable[SentRating]) -> list[str]:
    """A sentence for each rating whose total does not stand, alone, in its informant's column of a row of its day."""
    return [sentence for one in ratings if (sentence := _unrated(page, one)) is not None]


def _unrated(page: Page, rating: SentRating) -> str | None:
    column, day = _column(rating.informant), day_text(rating.day)
    tables = _tables_with(page, column)
    looked_for = f"The {rating.informant}'s rating of {day}, total {rating.total}, is not on the page"
    if not tables:
        return f"{looked_for}; no table of ratings has a column “{column}”."
    shown = [cell for table in tables for cell in _column_of_day(table, column, day)]
    if rating.total in shown:
        return None
    return f"{looked_for}; for that day its table has {' and '.join(f'“{cell}”' for cell in shown) or 'no row'}."


def totals_shown(page: Page, day: date) -> set[str]:
    """What the page has as totals of that day, whoever gave them."""
    columns = [_column(informant) for informant in ("patient", "clinician")]
    return {cell for one in columns for table in _tables_with(page, one) for cell in _column_of_day(table, one, day_text(day))}


def _column(informant: str) -> str:
    return f"{informant.capitalize()} total"


def _tables_with(page: Page, column: str) -> list[PageTable]:
    return [table for table in page.tables if table.rows and column in table.rows[0]]


def _column_of_day(table: PageTable, column: str, day: str) -> list[str]:
    return [_cell(row, table.rows[0].index(column)) for row in table.rows[1:] if day in _days_in(row[:1])]


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def reads_not_whole(page: Page) -> list[str]:
    """A sentence for each read that the page itself says is not complete, in its table, its count or a notice; and for a page that does
    not say what was read."""
    reads = [row for table in page.tables if table.label == _READS for row in table.rows[1:]]
    if not reads:
        return [f"The page does not say what was read: it has no table “{_READS}” with a row."]
    broken = [f"The read “{_cell(row, 0)}” is not complete: the page says “{_cell(row, 1)}”." for row in reads if _cell(row, 1) != _WHOLE]
    return [*broken, *_tally(page), *(f"The page says of itself: “{notice}”" for notice in _notices_of_reads(page))]


def _tally(page: Page) -> list[str]:
    tally = _TALLY.search(page.text)
    if tally is None:
        return ["The page does not count how many reads are complete."]
    return [] if _ALL_WHOLE.fullmatch(tally[0]) else [f"Not every read is complete: the page counts “{tally[0]}”"]


# How every notice of a read that is not whole begins or goes on, the page's own and a measure's.
_OF_READS = re.compile(r"incomplete|did not load|cannot be read|may not be read|(?:is|are) complete from|other patients’ data")


def _notices_of_reads(page: Page) -> list[str]:
    """The notices of reads; of measures that give the same reason, the first."""
    of_reads = [notice for notice in page.notices if _OF_READS.search(notice) and not _UNUSABLE.fullmatch(notice)]
    return list({notice.partition(". ")[2]: notice for notice in reversed(of_reads)}.values())[::-1]


def receipt_findings(page: Page) -> list[str]:
    """A sentence for whatever a receipt says but that all was saved and that each part was read back as it was sent."""
    said = [] if page.heading == _SAVED else [f"The receipt does not say “{_SAVED}”: it says “{page.heading}”."]
    parts = [row for table in page.tables if table.label == _WRITTEN for row in table.rows[1:]]
    left = [row for table in page.tables if table.label == _NOT_WRITTEN for row in table.rows[1:]]
    if not parts:
        said.append("The receipt names nothing that was written.")
    said += [f"“{row[0]}” was not read back as it was sent: the receipt says “{row[-1]}”." for row in parts if not _same(row[-1])]
    return [*said, *(f"“{row[0]}” was not written: the receipt says “{_cell(row, 1)}”." for row in left)]


def _same(read_back: str) -> bool:
    """Whether a part was read back as the same; a remark may follow."""
    return read_back.partition(".")[0] == _SAME
