"""What the documentation says is so."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from fhir_mappings.measures.catalogue import load_measures
from smart_app.cli import main
from tests.documentation.generated_pages import configuration_page
from tests.documentation.what_is_read import reasons, what_is_read_page

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands() -> list[str]:
    """Every command of every fenced shell block, comments stripped."""
    blocks = (block for page in PAGES for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL))
    lines = (line.split("  #")[0].strip() for block in blocks for line in block.splitlines())
    return sorted({line for line in lines if line})


def test_the_command_a_clinic_installs_writes_no_documentation() -> None:
    assert "docs" not in main.commands


def test_the_configuration_page_is_what_the_settings_say() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == configuration_page()


def test_the_page_of_what_is_read_is_what_the_measures_and_the_code_say() -> None:
    page = (ROOT / "docs" / "what-is-read.md").read_text()
    assert page == what_is_read_page()
    assert all(f"`{code.code}`" in page for measure in load_measures() for code in measure.codes)


def test_no_reason_to_list_a_result_is_missing_from_the_page() -> None:
    texts = [file.read_text() for file in (ROOT / "fhir_mappings" / "measures").rglob("*.py")]
    raised = {name for text in texts for name in re.findall(r'Unreadable\(\s*f?"(\w+)', text)}
    assert len(raised) > 10
    assert {name for name in raised if not any(known.startswith(name) for known in reasons())} == set()


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("make ")])
def test_every_documented_make_target_exists(command: str) -> None:
    done = subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("rapport ")])
def test_every_documented_rapport_command_and_option_exists(command: str) -> None:
    words = shlex.split(command)[1:]
    names = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
    shown = ""
    for depth in range(1, len(names) + 1):
        done = CliRunner().invoke(main, [*names[:depth], "--help"])
        if done.exit_code:
            break
        shown = done.output
    assert shown, f"{command}: no such command"
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert option in shown, f"{command}: {option} is not an option"


def test_every_command_in_the_documentation_is_of_a_kind_that_is_checked() -> None:
    strangers = [line for line in commands() if not line.startswith(("make ", "rapport "))]
    assert strangers == []


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_line_of_the_security_page_names_its_test_or_says_why_there_is_none() -> None:
    lines = re.findall(r"^\| (?:–|[\d.]+\b[^|]*) \| (.*) \| ([^|]*) \|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
    assert len(lines) > 60
    without = [what for what, shown in lines if not re.fullmatch(r"`tests/[\w/]+\.py::(\w+::)?test_\w+`", shown)]
    assert [what for what in without if not what.startswith(("not met", "does not apply", "documented above"))] == []


def test_every_test_the_security_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(?:(\w+)::)?(test_\w+)`", (ROOT / "docs" / "security.md").read_text())
    assert len(named) > 30
    for file, group, test in named:
        source = (ROOT / file).read_text()
        within = source if not group else re.split(r"\n(?=class )", source[source.index(f"class {group}:") :], maxsplit=1)[0]
        assert f"def {test}(" in within, f"{file}::{group}::{test}"
