"""The house rules that a tool can hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]


def test_rooms_import_only_what_lies_below_them() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_locked_dependencies_are_hashed_and_name_no_host() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        requirements = [line for line in text.splitlines() if "==" in line]
        assert "://" not in text
        assert "--index" not in text
        assert text.count("--hash=") >= len(requirements) > 0


def test_what_the_demo_needs_is_locked_alike_for_the_tests() -> None:
    pins = [set(re.findall(r"^(\S+==\S+)", lock.read_text(), re.MULTILINE)) for lock in sorted((ROOT / "requirements").glob("*.txt"))]
    assert pins[1] <= pins[0]


def test_an_operation_outcome_of_the_embedded_ehr_is_built_in_one_place() -> None:
    builders = [
        file.name
        for file in sorted((ROOT / "smart_app" / "sandbox").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Dict)
        and any(isinstance(value, ast.Constant) and value.value == "OperationOutcome" for value in node.values)
    ]
    assert builders == ["refusal.py"]


# What is the clinic's and what is UTC's: `services.now` tells the clinic's time, `clock` UTC, for sums and for the store.
_OURS = [*(ROOT / "fhir_mappings").rglob("*.py"), *(file for file in (ROOT / "smart_app").rglob("*.py") if "sandbox" not in file.parts)]
_UTC_CLOCKS = {"clock", "_clock", "utc_now"}
# They place what an EHR wrote on the clinic's days.
_READERS = {"read_measurements", "read_ratings", "read_patient", "of_team"}


def lines_of(source: str) -> Iterator[tuple[int, str]]:
    """Every place of a module that dates something by another clock than the clinic's, as (line, why)."""
    for function in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Module | ast.FunctionDef)):
        utc = {target.id for node in function.body if isinstance(node, ast.Assign) and is_utc(node.value)
               for target in node.targets if isinstance(target, ast.Name)}  # fmt: skip
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            of = call.func.value if isinstance(call.func, ast.Attribute) else None
            if name == "astimezone" and not call.args and not call.keywords:
                yield call.lineno, "the process has no say in what time it is at the clinic: use services.now or services.zone"
            if name == "date" and (is_utc(of) or (isinstance(of, ast.Name) and of.id in utc)):
                yield call.lineno, "the day of the UTC clock is nobody's day: use services.now(iss).date()"
            if name in _READERS and all(word.arg != "zone" for word in call.keywords):
                yield call.lineno, f"{name} without the clinic's zone"


def is_utc(node: ast.expr | None) -> bool:
    """Whether it is what the UTC clock says: `services.clock()`, `utc_now()`, `datetime.now(UTC)`."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in _UTC_CLOCKS or (name == "now" and [ast.unparse(one) for one in node.args] in (["UTC"], ["timezone.utc"]))


def test_nothing_is_dated_by_another_clock_than_the_clinics() -> None:
    found = [f"{file.relative_to(ROOT)}:{line}: {why}" for file in _OURS for line, why in lines_of(file.read_text())]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "now = services.clock().astimezone()",
        "def visit(services):\n    now = services.clock()\n    return now.date().isoformat()",
        "today = self._services.clock().date()",
        "today = datetime.now(UTC).date()",
        "ratings, _ = read_ratings(library, [], [], patient='p', base='b')",
    ],
)
def test_that_rule_finds_what_it_is_for(source: str) -> None:
    assert list(lines_of(source))
