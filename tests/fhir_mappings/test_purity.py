"""The mapping could be published on its own, costs nothing to import, and says what the rest of the product says."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fhir_mappings
from smart_app.sandbox.personas.rated import DIFFICULT, OPTIONS
from tests.fhir_mappings.samples import CHECK_IN

FOLDER = Path(fhir_mappings.__file__).parent
EVERYTHING = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print(*sorted(sys.modules))"
NAMES = sorted(f"fhir_mappings.{file.stem}" for file in FOLDER.glob("*.py") if file.stem != "__init__")


def loaded() -> set[str]:
    done = subprocess.run([sys.executable, "-c", EVERYTHING, *NAMES], capture_output=True, text=True, check=True, cwd=FOLDER.parent)
    return set(done.stdout.split())


def test_importing_the_mapping_loads_no_web_no_network_and_no_typed_model() -> None:
    roots = {name.partition(".")[0] for name in loaded()}
    assert not roots & {"flask", "werkzeug", "jinja2", "requests", "urllib3", "sqlalchemy", "smart_app", "fhir"}


def test_the_mapping_asks_no_clock_and_no_chance() -> None:
    for file in FOLDER.glob("*.py"):
        text = file.read_text()
        for call in (".now(", ".today(", "utcnow", "time.time", "uuid4", "uuid1", "import random", "import secrets", "os.environ", "open("):
            assert call not in text, f"{file.name}: {call}"


def parsed() -> Iterator[tuple[str, ast.Module]]:
    return ((str(file.relative_to(FOLDER)), ast.parse(file.read_text())) for file in sorted(FOLDER.rglob("*.py")))


def test_nothing_is_kept_by_where_it_lies_in_memory() -> None:
    for name, module in parsed():
        for node in ast.walk(module):
            assert not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id"), f"{name}:{node.lineno}"


def test_what_is_remembered_has_a_bound() -> None:
    for name, module in parsed():
        for statement in module.body:
            value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
            empty = isinstance(value, ast.Dict | ast.List) and not (value.keys if isinstance(value, ast.Dict) else value.elts)
            assert not empty, f"{name}:{statement.lineno}: to be filled later, without a bound"
        for function in (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)):
            made = {ast.unparse(decorator) for decorator in function.decorator_list}
            assert not {"lru_cache", "lru_cache()", "lru_cache(None)", "lru_cache(maxsize=None)"} & made, f"{name}: {function.name}"
            assert "cache" not in made or not function.args.args, f"{name}: {function.name}"


def test_the_mapping_reads_no_file_but_those_it_ships() -> None:
    outside = {"os", "pathlib", "shutil", "tempfile", "glob", "fileinput", "socket", "subprocess", "sqlite3", "mmap"}
    ship = []
    for name, module in parsed():
        imported = {alias.name for node in ast.walk(module) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {f"{node.module}" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)}
        assert not outside & {one.partition(".")[0] for one in imported}, name
        if "importlib.resources" in imported:
            ship.append(name)
            continue
        calls = {ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(module) if isinstance(node, ast.Call)}
        assert not {"open", "iterdir", "read_text", "read_bytes", "write_text", "stat"} & calls, name
    assert len(ship) == 6, f"education codes, instruments, measures, unit words, options and signals ship files: {ship}"


def test_the_personas_label_their_answers_as_the_instrument_does() -> None:
    assert {option.code: option.label for option in CHECK_IN.options} == OPTIONS
    [question] = CHECK_IN.questions
    assert {option.code: option.label for option in question.options} == DIFFICULT
