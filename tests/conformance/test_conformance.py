"""The pages about conformance say what the tests show, all of it, and nothing else."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conformance.audit import problems
from tests.conformance.catalogue import Catalogue, Chapter, Requirement, catalogues
from tests.conformance.evidence import Mark, collect, marks_of
from tests.conformance.page import page_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
CATALOGUES = {catalogue.mark: catalogue for catalogue in catalogues()}
# Actor "Client" of hl7.fhir.uv.smart-app-launch_2.2.0 in lib/smart_app_launch/requirements/smart_app_launch_test_kit_requirements.csv
# of inferno-framework/smart-app-launch-test-kit at 9a219bd.
CLIENT_REQUIREMENTS = """
1-13 20-23 25-26 28-29 32-47 50-52 60-72 90 93 97-98 105-108 117 120-122 124-125 131-133 135 137 141 143 146-148 150-153 155-158 161-162
166 191 193 195-196 201-202 211 215-216 218-227 229-230 232-239 242 263-264 267-268 270 284 290-295 298-304 307-309 312-315 317-325
327-334 343 345 375 379 413-416 420 425-426 435
"""


def numbers(ranges: str) -> list[str]:
    pairs = [part.split("-") for part in ranges.split()]
    return [str(number) for pair in pairs for number in range(int(pair[0]), int(pair[-1]) + 1)]


@pytest.fixture(scope="module")
def marks() -> list[Mark]:
    return collect()


def test_every_client_requirement_of_the_list_is_in_the_catalogue_and_no_other() -> None:
    assert [requirement.id for requirement in CATALOGUES["IG"]] == numbers(CLIENT_REQUIREMENTS)
    assert len(numbers(CLIENT_REQUIREMENTS)) == 173
    assert not [requirement.id for requirement in CATALOGUES["IG"] if requirement.later]


@pytest.mark.parametrize("mark", CATALOGUES)
def test_every_requirement_is_shown_by_a_test_or_has_its_reason(mark: str, marks: list[Mark]) -> None:
    assert "\n".join(problems(CATALOGUES[mark], marks)) == ""


@pytest.mark.parametrize("mark", CATALOGUES)
def test_the_page_is_what_the_tests_say(mark: str, marks: list[Mark]) -> None:
    catalogue = CATALOGUES[mark]
    assert (DOCS / catalogue.page).read_text() == page_of(catalogue, marks), "run make docs"


REASON = "Rapport never does this at all."
SHOWN = Requirement(id="1", verb="SHALL", text="This holds.", address="https://example.org/#1")
APART = Requirement(id="2", verb="MAY", text="That may hold.", address="", because=REASON)


def catalogue_of(*requirements: Requirement) -> Catalogue:
    return Catalogue(mark="IG", page="x.md", head="# X", chapters=(Chapter(title="Part one", requirements=requirements),))


def mark_of(identity: str, name: str = "TestThis::test_it_holds") -> Mark:
    return Mark(catalogue="IG", id=identity, file="tests/test_x.py", line=7, name=name)


@pytest.mark.parametrize(
    ("requirements", "found", "wrong"),
    [
        ([SHOWN, APART], [mark_of("1")], []),
        ([SHOWN], [], ["1 has no test that shows it"]),
        ([SHOWN], [mark_of("1"), mark_of("9")], ["tests/test_x.py:7: there is no IG 9"]),
        ([SHOWN], [mark_of("1"), mark_of("1 too")], ["tests/test_x.py:7: there is no IG 1 too"]),
        ([SHOWN], [mark_of("1"), mark_of("1", "")], ["tests/test_x.py:7: `# IG 1` stands above no test"]),
        ([SHOWN, SHOWN], [mark_of("1")], ["1 stands in the catalogue 2 times"]),
        ([APART], [mark_of("2")], ["2 is said not to apply, and a test says it shows it"]),
        ([Requirement(id="3", verb="", text="", address="", because=" ")], [], ["3 needs one reason, in a sentence"]),
        ([Requirement(id="3", verb="", text="", address="", because=REASON, later=REASON)], [], ["3 needs one reason, in a sentence"]),
        ([Requirement(id="3", verb="", text="", address="", later=REASON)], [mark_of("3")], []),
    ],
)
def test_what_does_not_fit_is_named(requirements: list[Requirement], found: Sequence[Mark], wrong: list[str]) -> None:
    assert problems(catalogue_of(*requirements), found) == wrong


SOURCE = '''
"""# IG 99 stands in a text."""
# IG 1

# SMART is an abbreviation.
X = "# IG 98"  # IG 2


# Why this is so.
# IG 3, 4
# SMART F3
@pytest.mark.parametrize("x", [1])  # noqa: X
# IG 5
def test_one(
    x: int,
) -> None:  # IG 6
    # IG 7
    assert x  # IG 8


class TestGroup:
    # IG 9
    # SMART is spelt wrongly
    def test_two(self) -> None:  # SMART 6.3.1
        ...

    # IG 10
    def helper(self) -> None: ...
'''


def test_a_mark_belongs_to_the_test_it_stands_above() -> None:
    found = {f"{mark.catalogue} {mark.id}": mark.name for mark in marks_of(SOURCE, "tests/test_x.py")}
    assert found == {
        **dict.fromkeys(("IG 3", "IG 4", "SMART F3", "IG 5", "IG 6", "IG 7"), "test_one"),
        **dict.fromkeys(("IG 9", "SMART is spelt wrongly", "SMART 6.3.1"), "TestGroup::test_two"),
        **dict.fromkeys(("IG 1", "IG 2", "IG 8", "IG 10"), ""),
    }


def test_the_page_counts_links_and_gives_reasons() -> None:
    late = Requirement(id="3", verb="S", text="Later.", address="", later="The second half is missing.")
    page = page_of(catalogue_of(SHOWN, APART, late), [mark_of("1"), mark_of("1"), mark_of("3")])
    assert "| [Part one](#part-one) | 3 | 1 | 1 | 1 |" in page
    assert "| [1](https://example.org/#1) | SHALL | This holds. | [it holds](../tests/test_x.py) |" in page
    assert f"| 2 | MAY | That may hold. | *Not applicable:* {REASON} |" in page
    assert "| 3 | S | Later. | [it holds](../tests/test_x.py)<br>*Not done yet:* The second half is missing. |" in page
