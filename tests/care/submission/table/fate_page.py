"""docs/what-becomes-of-a-submission.md, from the run of the tables: `python -m tests.care.submission.table.fate_page` writes it, in a
minute or two. Each test of a cell compares what it saw with the page, so that the page cannot say anything else."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.care.submission.table.cells import ABILITIES, WAYS, Cell, Moment, all_cells, run_cell
from tests.care.submission.table.database_cells import all_database_cells, run_database_cell
from tests.care.submission.table.database_faults import FAULTS, TIMES
from tests.care.submission.table.faulty_server import Ability, Way
from tests.care.submission.table.server_answers import BY_KEY

PAGE = Path(__file__).parents[4] / "docs" / "what-becomes-of-a-submission.md"
# Section, row, column: which ability or which failing database, what went wrong, and the way of writing.
Place = tuple[str, str, Way]
_BEGIN = """# What becomes of a submission

For whoever answers for the record: what Rapport tells people, and what the record holds, after each answer a FHIR server can give, and
after each way Rapport's own database can fail. This page is made from a run (`tests/care/submission/table`, by `make docs`): a server that
keeps of a write what the row says and answers what it says, beside the app. In every cell a judge that knows only the server's content has
compared each word with it, at once, after what the page advises, and after a restart.

**How to read a cell.** `not known (0) → saved (1)`: while the fault lasted, Rapport said "not known", and the record held no response of
this submission; after what the page advised, with the fault gone, it said "saved", and the record held one. A restart of Rapport in between
leads to the same end, by way of the next launch's notice. "Before" and "after the commit" say whether the server had stored it all when it
failed; of a write that is no transaction each request is answered so.

What holds in every cell:

- Nothing is stored twice, and nothing that was sealed is lost.
- Nobody reads "saved" without the answers in the record, nor "not in the record" with them there.
- Where the server tells equal resources apart (conditional create) or can be searched by identifier, it ends stored, once, each score too.
- Where it can do neither, what may have been stored is never sent again: it stays "not known" until it is found among the patient's own
  responses.

"""
_WAYS: Mapping[Way, str] = {"transaction": "one transaction", "separate": "separate creates", "answers": "answers only"}
_SECTIONS: Mapping[Ability, str] = {
    "conditional": "The server has conditional create and a search by identifier",
    "search": "The server has a search by identifier alone",
    "neither": "The server has neither",
}
_DATABASE = "Rapport's own database fails"
_DATABASE_LEAD = """The server is sound, and stores what reaches it. The cells are those of one that has conditional create; the others
make no difference. Locked: another process writes and does not end. Full: no file may grow. Gone: the folder is away and comes back.
"""
_STATES: Mapping[str, str] = {
    "saved": "saved",
    "partly_saved": "saved in part",
    "unknown": "not known",
    "refused": "refused",
    "kept": "kept",
    "not_sealed": "not taken",
    "outcome_not_kept": "sent, no receipt",
    "store_failed": "no page",
}
_NOT_ARISING = "–"
_ARROW = " → "


def cell_text(cell: Cell) -> str:
    """`not known (0) → saved (1)`."""
    return _ARROW.join(
        dict.fromkeys(f"{_STATES.get(one.told.state, one.told.state)} ({one.there})" for one in (cell.at_once, cell.at_last))
    )


def place_of(title: str, way: Way, ability: Ability) -> Place:
    """Where a cell of the server's answers stands."""
    return _SECTIONS[ability], title, way


def place_of_database(title: str, when: str, way: Way) -> Place:
    """Where a cell of the failing database stands."""
    return _DATABASE, f"{title}, {when}", way


def read_cells(page: str) -> dict[Place, str]:
    """Every cell of the page's tables."""
    found: dict[Place, str] = {}
    for section in page.split("\n## ")[1:]:
        name, _, rest = section.partition("\n")
        for titles, *cells in (row for row in map(_columns, rest.splitlines()) if len(row) == len(WAYS) + 1):
            if cells != list(_WAYS.values()):
                shown = [(way, cell) for way, cell in zip(WAYS, cells, strict=True) if cell != _NOT_ARISING]
                found |= {(name, title, way): cell for title in titles.split("; ") for way, cell in shown}
    return found


def _columns(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("| ") else []


def fate_page(cells: Mapping[Place, str]) -> str:
    """The text of the page."""
    sections = [_table(name, _titles(cells, name), cells) for name in _SECTIONS.values()]
    database = _table(_DATABASE, _titles(cells, _DATABASE), cells, lead=_DATABASE_LEAD)
    return _BEGIN + _words() + "\n".join([*sections, database])


def _titles(cells: Mapping[Place, str], section: str) -> list[str]:
    return list(dict.fromkeys(title for name, title, _ in cells if name == section))


def _table(section: str, titles: Iterable[str], cells: Mapping[Place, str], lead: str = "") -> str:
    """Rows that say the same are one."""
    merged: dict[tuple[str, ...], list[str]] = {}
    for title in titles:
        merged.setdefault(tuple(cells.get((section, title, way), _NOT_ARISING) for way in WAYS), []).append(title)
    head = f"| the answer | {' | '.join(_WAYS[way] for way in WAYS)} |".replace(
        "the answer", "what fails, and when" if lead else "the answer"
    )
    rows = [f"| {'; '.join(titles)} | {' | '.join(row)} |" for row, titles in merged.items()]
    return "\n".join([f"## {section}", *([lead] if lead else []), head, "|---" * (len(WAYS) + 1) + "|", *rows, ""])


def _words() -> str:
    """The words behind each state, as they were told."""
    shown = [
        *((state, _first(run_cell(BY_KEY[key], way, "conditional", "again"))) for state, key, way in _EXAMPLES),
        *(
            (state, _first(run_database_cell(FAULTS[which], TIMES[when], "transaction", "conditional", "again")))
            for state, which, when in _DATABASE_EXAMPLES
        ),
    ]
    rows = [f"| **{_STATES[state]}** | {' | '.join(_told(moment))} |" for state, moment in shown]
    return "\n".join([_WORDS_HEAD, *rows, ""]) + "\n"


_EXAMPLES: Sequence[tuple[str, str, Way]] = (
    ("saved", "sound", "transaction"),
    ("partly_saved", "sound", "answers"),
    ("unknown", "reset-after-no-reads", "transaction"),
    ("refused", "403", "transaction"),
    ("kept", "401", "transaction"),
)
_DATABASE_EXAMPLES = (("not_sealed", 0, 0), ("outcome_not_kept", 0, 1), ("store_failed", 2, 2))
_WORDS_HEAD = """## The words
| state | the patient, in the clinic | the patient, at home | the clinician's receipt | the next launch |
|---|---|---|---|---|"""


def _first(cell: Cell) -> Moment:
    return cell.at_once


def _told(moment: Moment) -> Iterable[str]:
    told = moment.told
    for who in ("patient", "patient at home", "clinician"):
        yield _cell(told.pages.get(who, "the same as the patient in the clinic"))
    if told.notices is None:
        yield "cannot be opened"
    else:
        yield _cell("; ".join(re.split(r":", text)[0] for text in told.notices)) or "says nothing"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("..", ".").split())


def main() -> None:
    """Run every cell and write the page."""
    cells = {
        place_of(answer.title, way, ability): cell_text(run_cell(answer, way, ability, "again")) for answer, way, ability in all_cells()
    }
    cells |= {
        place_of_database(fault.title, when, way): cell_text(run_database_cell(fault, when, way, ability, "again"))
        for fault, when, way, ability in all_database_cells()
        if ability == ABILITIES[0]
    }
    PAGE.write_text(fate_page(cells), encoding="utf-8")


if __name__ == "__main__":
    main()
