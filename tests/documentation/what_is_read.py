"""docs/what-is-read.md, from the measures' files and the code: what is asked for, in which units, and every reason to list a result."""

import ast
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fhir_mappings.measures.catalogue import groups_of, load_measures
from fhir_mappings.measures.measure import PANEL, Measure, MeasureCode, MeasureGroup, Unit
from fhir_mappings.r4.systems import LOINC, SNOMED, UCUM

_ROOT = Path(__file__).parents[2] / "fhir_mappings"
_SYSTEMS = {LOINC: "LOINC", SNOMED: "SNOMED CT", UCUM: "UCUM"}
_BEGIN = """# What is read, what is listed, and why

For whoever connects a record: which results Rapport asks for, in which units it takes them, and what becomes of the rest. This page is
made from `fhir_mappings/measures/files/` and from the code by `make docs`; edit it there.

Everything a search brings ends in one of two places: **drawn** on its measure's line and in its table, or **listed** under "Not shown"
with the id of the resource, the reason, and where there is one the remedy. Nothing is guessed and nothing is dropped silently. A result
under a code that is not below is not asked for; a site [adds codes of its own](add-a-measure.md#codes-of-your-own).

## How an Observation is judged
In this order; the first rule that fails lists it.

1. **Whose.** `subject` is a literal reference to the Patient of the launch on this server: relative, absolute or versioned. One that
   names another Patient of the server is another patient's, and is reported as such. One by identifier, in the resource itself, under
   another address or missing cannot be tied to anybody: only its type and id are listed, and the read is not called complete.
2. **About whom.** `focus` is empty or the patient. A value of an unborn child, a donor or a device is not theirs, and is not quoted.
3. **Status** is `final`, `amended`, `corrected` or `preliminary`, and no `modifierExtension` may change the meaning.
4. **Code.** One of those below. Some codes of a family are no results: goals, masses per volume.
5. **Value** is a number with a unit. A reason why there is none (`dataAbsentReason`) is listed with its words.
6. **Unit.** The UCUM code decides, never the code of the test. Words beside it that name another unit contradict it; without a code,
   words that are known for the unit count.
7. **Plausible** within the bounds below. Outside them value or unit is wrong, and Rapport does not choose which.
8. **When.** `effective[x]`, else `issued`. A date that is there and cannot be read is not replaced by another.

The same result twice is one result: a correction counts before what it corrects, and the other is listed.

"""
_UNITS = """## Measures and units
A value in another unit than the one it is drawn in is converted and marked so; what the source wrote stays in the table.

| measure | drawn in | also taken | plausible |
|---|---|---|---|
"""
_CODES = """## Codes
Each group is one search. `unverified` means that code and meaning were not compared with a published value set; the files name every
source.

"""
_EVENTS = """## Visits, education and medicines
Read where an entry of `launch.json` lists the [feature](register-with-an-ehr.md#what-rapport-asks-for), each as a lane on the time axis
under the results. What is not drawn is listed with its reason, as above: entered in error, without a date, with an end before its start,
planned or cancelled, without a status that is known, another patient's.

- **`visit`**: an Encounter, at `period.start`, else its end. Filled where whoever is signed in took part, by the reference of a
  participant, open where others did or nobody is named; a PractitionerRole is not looked behind.
- **`education`**: a ServiceRequest with a code below, at `authoredOn`; an Appointment made for one of them (`basedOn`) or so coded, at
  `start`; a Procedure so coded, at `performed[x]`. Its status is said, or the step its code stands for, and nothing else. A booking that
  lies ahead is named and not drawn.
- **`medicines`**: a MedicationRequest that is an order, once for each medicine, at `authoredOn` of its earliest request. Requests are of
  one medicine where they share a code, or have none and are called alike. It is called the first in this record, and of a part read the
  earliest of what was read: neither a start nor a stop, as a request tells of none.

A course is told by these codes alone, whatever a display says; each is verified, with its source in `fhir_mappings/events/files/`.

| code | name | step |
|---|---|---|
"""
_LISTED = """## Why something is listed
Every reason there is in the code, with the stable name it has in logs and tests. `…` stands for what the record says.

| name | what people read |
|---|---|
"""
# The sentence comes from another module (`fhir_mappings.measures.focus`).
_NAMED_ELSEWHERE = {"about_another": "It is about …, not about the patient."}
_END = """
Ratings have reasons of their own (a form version that is not installed, answers that do not fit the form): they stand in the same list.
"""


def what_is_read_page() -> str:
    """The text of the page."""
    measures = load_measures()
    units = "\n".join(_measure_row(one) for one in measures)
    codes = "\n".join(part for group in groups_of(measures) for part in _group(group, [one for one in measures if one.group == group]))
    rows = tomllib.loads((_ROOT / "events" / "files" / "education.toml").read_text(encoding="utf-8"))["code"]
    steps = "\n".join(f"| {_SYSTEMS[row['system']]} `{row['code']}` | {row['name']} | {row['step'].replace('_', ' ')} |" for row in rows)
    listed = "\n".join(f"| `{name}` | {'<br>'.join(_cell(one) for one in sentences)} |" for name, sentences in reasons().items())
    return f"{_BEGIN}{_UNITS}{units}\n\n{_CODES}{codes}\n{_EVENTS}{steps}\n\n{_LISTED}{listed}\n{_END}"


def _measure_row(measure: Measure) -> str:
    others = [one for one in measure.units if one.code != measure.unit]
    own_line = {one.code: f" (a line of its own: {one.method})" for one in measure.units if one.method}
    also = ", ".join(f"{one.label} `{one.code}`{own_line.get(one.code, '')}" for one in others) or "–"
    return f"| **{measure.title}**: {_cell(measure.about)} | {measure.label} `{measure.unit}` | {also} | {_bounds(measure.units)} |"


def _bounds(units: Iterable[Unit]) -> str:
    return ", ".join(dict.fromkeys(f"{one.low} to {one.high} {one.label}" for one in units))


def _group(group: MeasureGroup, measures: Sequence[Measure]) -> Iterator[str]:
    within = f" Where a server wants a category: {', '.join(f'`{one}`' for one in group.categories)}." if group.categories else ""
    yield f"**{group.title}.**{within}\n"
    yield "| measure | code | name | how it is read |"
    yield "|---|---|---|---|"
    for measure in measures:
        for code in measure.codes:
            system = _SYSTEMS.get(code.system, code.system)
            yield f"| {measure.title} | {system} `{code.code}` | {_cell(code.display)} | {_cell('; '.join(_how(code)))} |"
    yield ""


def _how(code: MeasureCode) -> Iterator[str]:
    if code.exclude:
        yield f"listed: {code.exclude}"
    if code.within:
        yield f"also as a part of {', '.join(f'`{one}`' for one in code.within)}"
    if code.part:
        yield "the panel of both numbers" if code.part == PANEL else f"the {code.part} number of a pair"
    if code.reads_as:
        yield f"`%` means {code.reads_as}"
    if code.sufficiency:
        yield f"only where `{code.sufficiency[0]}` is {code.sufficiency[1]} % or more"
    if code.method:
        yield f"a line of its own: {code.method}"
    yield code.certainty


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


# The reasons, as they stand in the code.


def reasons() -> dict[str, list[str]]:
    """Every name under which an Observation may be listed, with its sentences."""
    found: dict[str, list[str]] = {}
    for file in (*sorted((_ROOT / "measures").rglob("*.py")), _ROOT / "skipped.py"):
        for scope in (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)):
            for name, sentence in _reasons_in(scope):
                found.setdefault(name, [])
                if sentence not in found[name]:
                    found[name].append(sentence)
    return dict(sorted(found.items()))


def _reasons_in(scope: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """The reasons one function gives: `Unreadable(name, sentence, …)` and `Skipped(…, code=name, reason=sentence)`."""
    said = {
        target.id: node.value
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in (node for node in ast.walk(scope) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        called = call.func.id if isinstance(call.func, ast.Name) else ""
        name, sentence = (
            (call.args[0], call.args[1]) if called == "Unreadable" and len(call.args) > 1 else (given.get("code"), given.get("reason"))
        )
        if called in {"Unreadable", "Skipped"} and isinstance(name, ast.Constant | ast.JoinedStr) and sentence is not None:
            yield _text(name, said), _NAMED_ELSEWHERE.get(_text(name, said)) or _text(sentence, said)


def _text(node: ast.expr, said: dict[str, ast.expr]) -> str:
    """The text of an expression, with `…` for what is not known before a record is read."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, said) for part in node.values)
    if isinstance(node, ast.Name) and node.id in said:
        return _text(said[node.id], {name: value for name, value in said.items() if name != node.id})
    return "…"
