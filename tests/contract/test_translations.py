"""Every text that a page can show is in the catalogue's template, and texts are written where they can be found."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from fhir_mappings.instruments.library import load_library
from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.options.option_files import load_options
from fhir_mappings.reliable_change.signals.signal_terms import load_terms
from fhir_mappings.sentence import Sentence
from smart_app.registration.features import catalogue

ROOT = Path(__file__).resolve().parents[2]
_TEXTS = {"Sentence": 1, "counted": 2}
_SPEC = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
assert _SPEC is not None
assert _SPEC.loader is not None
translations = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(translations)


def test_the_template_has_every_text_of_code_and_templates() -> None:
    assert translations.main(["--check"]) == 0, "make translations"


def unfound(source: str) -> list[int]:
    """The lines of calls whose text is no literal, so that nothing can find it."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [call.lineno for call in calls if any(not isinstance(text, ast.Constant) for text in call.args[: _TEXTS.get(call.func.id, 0)])]  # type: ignore[attr-defined]


def test_every_sentence_is_made_of_a_text_written_there() -> None:
    paths = [path for folder in ("fhir_mappings", "smart_app") for path in sorted((ROOT / folder).rglob("*.py"))]
    paths = [path for path in paths if "sandbox" not in path.parts]  # another product, in English
    assert [f"{path}:{line}" for path in paths for line in unfound(path.read_text(encoding="utf-8"))] == []


def test_a_text_made_elsewhere_is_found_out() -> None:
    assert unfound('Sentence(text)\nSentence("{a}", a=b)\ncounted("{n} a", many, 3)\nSentence(f"{a}")\nother(text)\n') == [1, 3, 4]


def sentences(node: object) -> Iterator[Sentence]:
    if isinstance(node, Sentence):
        yield node
    elif isinstance(node, Struct):
        yield from (text for name in node.__struct_fields__ for text in sentences(getattr(node, name)))
    elif isinstance(node, dict):
        yield from (text for value in node.values() for text in sentences(value))
    elif isinstance(node, list | tuple):
        yield from (text for value in node for text in sentences(value))


def test_every_sentence_of_the_data_files_is_found_in_them_and_no_other_text_is() -> None:
    library = load_library()
    small = {scale.title_within for one in library.instruments for scale in one.scales}
    terms = load_terms()
    files = [load_measures(), library.instruments, catalogue(), load_options(), terms.rules, terms.errors]
    read = {text.pattern for text in sentences(files)} | small
    # Of a form without a name of its own the instrument's is one.
    assert {text for _, text in translations.texts_of_data_files()} == read
    assert {str(message.id) for message in translations.extracted() if message.id} >= {text for text in read if text.isalpha()}


def formats_a_date(source: str) -> list[int]:
    """The lines that write a date in one language's way."""
    nodes = list(ast.walk(ast.parse(source)))
    named = [node.lineno for node in nodes if isinstance(node, ast.Attribute) and node.attr in {"strftime", "ctime"}]
    specs = [node for node in nodes if isinstance(node, ast.FormattedValue) and node.format_spec is not None]
    return sorted(named + [node.lineno for node in specs if "%" in ast.unparse(node.format_spec)])  # type: ignore[arg-type]  # not None


def test_nothing_below_the_web_writes_a_date() -> None:
    """`Sentence` keeps the day, and the language says it. What is written for a machine is ISO 8601."""
    elsewhere = {"sandbox", "cli", "web"}
    paths = [path for folder in ("fhir_mappings", "smart_app") for path in sorted((ROOT / folder).rglob("*.py"))]
    below = [path for path in paths if not elsewhere & set(path.relative_to(ROOT).parts)]
    assert [f"{path}:{line}" for path in below for line in formats_a_date(path.read_text(encoding="utf-8"))] == []


def test_a_date_written_there_is_found_out() -> None:
    assert formats_a_date('day.strftime("%d")\nf"{day:%d-%b}"\nf"{day}"\nf"{n:02}"\nday.isoformat()\n') == [1, 2]
