"""The house rules that a tool can hold."""

import ast
import re
from pathlib import Path

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
