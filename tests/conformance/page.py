"""Prints a catalogue and the tests that show it as a page of docs/."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tests.conformance.catalogue import Catalogue, Chapter, Requirement
from tests.conformance.evidence import Mark

Shown = Mapping[str, Sequence[Mark]]
_STANDINGS = {"shown": "shown by tests", "because": "not applicable", "later": "not done yet"}
_FOOT = """
Each link is a test's name in words and leads to its file: *it holds* is `test_it_holds`. A test says what it shows in a comment above it
(`# {mark} {example}`), and `make docs` makes this page from these comments. Tests fail when a requirement loses its last test, when a
comment names one that there is not, and when this page is out of date.
"""


def page_of(catalogue: Catalogue, marks: Iterable[Mark]) -> str:
    """The whole page."""
    shown = shown_by(catalogue, marks)
    blocks = [catalogue.head, *_summary(catalogue), _FOOT.format(mark=catalogue.mark, example=next(iter(catalogue)).id).strip()]
    return "\n\n".join([*blocks, *(_section(chapter, shown) for chapter in catalogue.chapters)]) + "\n"


def shown_by(catalogue: Catalogue, marks: Iterable[Mark]) -> Shown:
    """The tests of each requirement, by its id; one that is marked twice counts once."""
    found: dict[str, dict[tuple[str, str], Mark]] = defaultdict(dict)
    for mark in marks:
        if mark.catalogue == catalogue.mark:
            found[mark.id].setdefault((mark.file, mark.name), mark)
    return {identity: list(tests.values()) for identity, tests in found.items()}


def _summary(catalogue: Catalogue) -> list[str]:
    """How many requirements of each chapter stand how; columns that would be empty are left out."""
    counts = {chapter.title: Counter(map(_standing, chapter.requirements)) for chapter in catalogue.chapters}
    total = sum(counts.values(), Counter[str]())
    columns = [standing for standing in _STANDINGS if total[standing]]
    head = ["chapter", "requirements", *(_STANDINGS[standing] for standing in columns)]
    lines = [_row(head), _row(["---", *["---:"] * (len(head) - 1)])]
    for title, count in [*counts.items(), ("**all**", total)]:
        name = title if title == "**all**" else f"[{title}](#{_anchor(title)})"
        lines.append(_row([name, str(count.total()), *(str(count[standing]) for standing in columns)]))
    return ["\n".join(lines)]


def _standing(requirement: Requirement) -> str:
    if requirement.to_be_shown:
        return "shown"
    return "later" if requirement.later is not None else "because"


def _section(chapter: Chapter, shown: Shown) -> str:
    lines = [_row(["id", "", "requirement", "shown by"]), _row(["---"] * 4)]
    lines += [_line(requirement, shown.get(requirement.id, ())) for requirement in chapter.requirements]
    return f"## {chapter.title}\n\n" + "\n".join(lines)


def _line(requirement: Requirement, tests: Sequence[Mark]) -> str:
    name = f"[{requirement.id}]({requirement.address})" if requirement.address else requirement.id
    return _row([name, requirement.verb, requirement.text, "<br>".join(_evidence(requirement, tests))])


def _evidence(requirement: Requirement, tests: Sequence[Mark]) -> list[str]:
    links = [f"[{_words(test.name)}](../{test.file})" for test in tests]
    if requirement.because is not None:
        return [f"*Not applicable:* {requirement.because}", *links]
    if requirement.later is not None:
        return [*links, f"*Not done yet:* {requirement.later}"]
    return links or ["**no test**"]


def _words(test: str) -> str:
    """The name of a test as a sentence."""
    return test.rpartition("::")[2].removeprefix("test_").replace("_", " ")


def _anchor(title: str) -> str:
    """As GitHub makes it: letters, digits and hyphens."""
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
