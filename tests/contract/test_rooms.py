"""The house: rooms in layers that the documentation shows as they are, names that mean one thing, and one place for each question."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
MOST_SIDE_BY_SIDE = 13
MODULES = sorted(
    file for package in ("fhir_mappings", "smart_app") for file in (ROOT / package).rglob("*.py") if file.name != "__init__.py"
)

# Names that two modules or classes have, each with the reason.
COMMAND = "the entry point of a `rapport` command, which has the command's name or is its room's `command`"
TWINS = "the app's and the embedded EHR's side of the same way to authenticate; the two share no code"
SAME_MODULE_NAMES = {"command": COMMAND, "audit": COMMAND, "database": COMMAND, "launches": COMMAND}
SAME_CLASS_NAMES = {"PrivateKeyJwt": TWINS, "SecretBasic": TWINS, "SecretPost": TWINS}

# What does it there, by name.
ANSWERS = {
    "fhir_mappings/measures/observation_reader.py": "read_measurements",
    "fhir_mappings/events/visit_reader.py": "read_visits",
    "fhir_mappings/measures/conversion.py": "in_second_unit",
    "fhir_mappings/instruments/scoring.py": "score",
    "fhir_mappings/reliable_change/signals/rating_judge.py": "judge",
    "fhir_mappings/submission/transaction.py": "submission_bundle",
    "smart_app/care/submission/sealed_submission.py": "SealedSubmission",
    "smart_app/care/submission/write_ladder.py": "highest",
    "smart_app/store/rotation.py": "reseal_all",
    "smart_app/care/dashboard/blind_entry.py": "apply",
    "smart_app/care/dashboard/open_to_everybody.py": "open_ratings",
    "smart_app/care/dashboard/filed_copies.py": "file_copy",
    "smart_app/care/dashboard/as_answered.py": "as_answered",
    "smart_app/care/patient_portal/own_responses.py": "own_answers",
    "smart_app/web/session/doors.py": "lent_browser_reaches",
    "smart_app/care/correction/who_may_correct.py": "who_may_correct",
    "smart_app/care/handover/way_back.py": "by_code",
    "smart_app/care/handover/one_time_link.py": "pass_guard",
    "smart_app/care/record/page_rule.py": "offers_for",
    "smart_app/settings/": "read_settings",
    "smart_app/launch/flow.py": "Launcher",
    "smart_app/launch/oauth/scopes.py": "allows",
    "smart_app/web/charts/plot.py": "draw",
    "smart_app/web/rendering/typeset/typesetter.py": "Typesetter",
    "smart_app/web/views/dashboard/first_screen.py": "folds",
    "smart_app/web/views/dashboard/focus_stops.py": "stops_view",
    "smart_app/web/views/forms/form_page.py": "form_view",
    "smart_app/web/views/forms/one_at_a_time.py": "screens_of",
    "smart_app/web/rendering/spoken_language.py": "SpokenLanguages",
    "fhir_mappings/sentence.py": "Sentence",
    "smart_app/web/languages/english_beneath.py": "with_english_beneath",
    "smart_app/sandbox/faults/": "Fault",
}


@cache
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("fhir_mappings", "smart_app", cache_dir=None)


@cache
def names_of(file: Path, *kinds: type[ast.ClassDef | ast.FunctionDef]) -> frozenset[str]:
    return frozenset(node.name for node in ast.parse(file.read_text()).body if isinstance(node, kinds))


def shared(named: Iterable[tuple[str, Path]]) -> Mapping[str, list[str]]:
    """The names that more than one file has, with the files."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, file in named:
        found[name].append(str(file.relative_to(ROOT)))
    return {name: files for name, files in found.items() if len(files) > 1}


def rows_of(heading: str) -> list[list[str]]:
    """The cells of every row of the table whose first column has that heading, code marks left out."""
    table = re.search(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table, heading
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in table[1].splitlines()]


def contracts() -> Mapping[str, list[set[str]]]:
    """Container to its layers, as import-linter is told them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layered = [one for one in settings if one["type"] == "layers"]
    return {one["containers"][0]: [set(layer.split(" | ")) for layer in one["layers"]] for one in layered}


def test_the_page_shows_the_layers_that_are_held() -> None:
    block = re.search(r"```\n(.*?)```", PAGE, re.DOTALL)
    assert block
    shown = [set(re.split(r"\s{2,}", line)[0].split(" | ")) for line in block[1].splitlines()]
    assert shown == contracts()["smart_app"]


def test_the_page_shows_the_layers_inside_the_rooms() -> None:
    inside = {folder: [set(layer.split(", ")) for layer in layers.split(" → ")] for folder, layers in rows_of("folder")}
    assert inside == {container: layers for container, layers in contracts().items() if container != "smart_app"}


@pytest.mark.parametrize("row", rows_of("folder \\| modules side by side, before"), ids=lambda row: str(row[0]))
def test_the_page_counts_what_is_there(row: list[str]) -> None:
    folder, _, modules, _, arrows = row
    graph = imports()
    children = graph.find_children(folder)
    between = [
        (one, other)
        for one in children
        for other in children
        if one != other and graph.direct_import_exists(importer=one, imported=other, as_packages=True)
    ]
    assert (int(modules), int(arrows)) == (sum(not graph.find_children(one) for one in children), len(between))


def test_no_folder_is_crowded() -> None:
    counted: dict[Path, int] = defaultdict(int)
    for file in MODULES:
        counted[file.parent] += 1
    assert {str(folder.relative_to(ROOT)): number for folder, number in counted.items() if number > MOST_SIDE_BY_SIDE} == {}


def test_a_module_name_is_one_modules() -> None:
    found = shared((file.stem, file) for file in MODULES if not file.stem.startswith("__"))
    assert {name: files for name, files in found.items() if name not in SAME_MODULE_NAMES} == {}
    assert set(found) == set(SAME_MODULE_NAMES)
    assert all(any("/cli/" in file for file in found[name]) for name in found)


def test_a_class_name_is_one_classes() -> None:
    found = shared((name, file) for file in MODULES for name in names_of(file, ast.ClassDef))
    assert {name: files for name, files in found.items() if name not in SAME_CLASS_NAMES} == {}
    assert set(found) == set(SAME_CLASS_NAMES)


def test_every_question_has_one_answer_and_it_is_there() -> None:
    answers = [answer for _, answer in rows_of("question")]
    assert answers == list(ANSWERS)


@pytest.mark.parametrize(("path", "name"), ANSWERS.items())
def test_what_is_asked_for_is_done_there_and_nowhere_else(path: str, name: str) -> None:
    found = [str(file.relative_to(ROOT)) for file in MODULES if name in names_of(file, ast.ClassDef, ast.FunctionDef)]
    assert len(found) == 1
    assert found[0].startswith(path)


def test_data_files_lie_alone() -> None:
    for folder in ("events", "instruments", "measures", "measures/units", "options"):
        here = list((ROOT / "fhir_mappings" / folder / "files").iterdir())
        assert here
        assert {file.suffix for file in here} == {".toml"}
