"""The rows of rules and errors: read strictly, and never edited."""

from importlib.resources import files

import pytest
from msgspec.structs import replace

from fhir_mappings.data_files.content_hash import content_hash
from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.reliable_change.signals.error_rows import read_errors
from fhir_mappings.reliable_change.signals.rule_rows import read_rules
from fhir_mappings.reliable_change.signals.signal_terms import load_terms
from tests.fhir_mappings.samples import LIBRARY

FOLDER = files("fhir_mappings.reliable_change.signals") / "files"
RULES, ERRORS = ((FOLDER / name).read_text(encoding="utf-8") for name in ("rules.toml", "errors.toml"))
# What each row said when it came. A row that must change is retired, and the next version added; then its line is added here.
FINGERPRINTS = {
    "own-answer 1": "c0ba466f7e74",
    "pooled 1": "8d663d129b98",
    "physician-distress 1": "1b98959ddd5a",
    "previous 1": "691cb9c70301",
    "baseline 1": "98f5c42b5d58",
    "peak 1": "317f596a9816",
    "peak-check-in 1": "ad37b31f3a24",
    "own-range 1": "7800995d4892",
    "item-fall-three 1": "f4abb7901305",
    "item-fall 1": "f109a1f8d99c",
    "left-ceiling 1": "d2a32794122b",
    "rise-previous 1": "2def4456eff5",
    "rise-baseline 1": "f4637947e1ee",
    "elements 1": "4d71ba0400d2",
    "clinicians-line 1": "4000806eddd5",
    "check-in-assumed": "6584e9a1b0d7",
    "wai-sr-icc": "8a5756862fe4",
    "wai-gp-icc": "4b9f54b9869a",
}


def test_no_row_was_edited() -> None:
    terms = load_terms()
    rows = {f"{one.id} {one.version}": content_hash(replace(one, retired=None))[:12] for one in terms.rules}
    rows |= {one.id: content_hash(replace(one, retired=None))[:12] for one in terms.errors}
    assert rows == FINGERPRINTS


BAD = [
    ('instruments = ["rapport-check-in"]', 'instruments = ["wai-99"]', "there is no instrument 'wai-99'; known are arm-12"),
    ('source = "The patient says it', 'source = ""\n# "The patient says it', "has no source; a threshold without one is not used"),
    ('options = ["a-little", "yes"]', 'options = ["maybe"]', "rapport-check-in has no answer 'maybe' to 'difficult'"),
    (
        "valid_from = 2000-01-01",
        "valid_from = 2000-01-01\nretired = 1999-01-01",
        "is retired on 1999-01-01, and valid only from 2000-01-01",
    ),
    ('value = "2.0"', 'value = "2.5"', "dds-17 has no published cut-off of 'physician-distress' at least 2.5"),
    ('id = "pooled"', 'id = "own-answer"', "own-answer version 1 appears twice"),
    ('level = "note"', 'level = "discuss"', "only an answer, the pooled rule or a published cut-off may be a reason to talk"),
    ('level = "shown"\ntitle = "The score left', 'level = "note"\ntitle = "The score left', "is only shown"),
    ('kind = "pooled"', 'kind = "guess"', "guess"),
    ('scale = "total"\nlatest_z', 'scale = "total"\nsum = 3\nlatest_z', "Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("old", "new", "says"), BAD, ids=[row[2][:30] for row in BAD])
def test_a_wrong_row_is_refused_with_the_file_and_what_is_wrong(old: str, new: str, says: str) -> None:
    assert old in RULES
    with pytest.raises(DataFileError, match=r"rules\.toml: rule") as refused:
        read_rules(RULES.replace(old, new, 1), file="rules.toml", library=LIBRARY)
    assert says in str(refused.value)
    assert "docs/reliable-change.md" in str(refused.value)


def test_two_versions_of_one_rule_may_not_be_valid_on_one_day() -> None:
    again = RULES.replace('id = "pooled"\nversion = 1', 'id = "own-answer"\nversion = 2', 1)
    with pytest.raises(DataFileError, match="own-answer is valid twice on 2000-01-01; retire one of the two"):
        read_rules(again, file="rules.toml", library=LIBRARY)


BAD_ERRORS = [
    ('instrument = "rapport-check-in"', 'instrument = "wai-99"', "there is no instrument 'wai-99'"),
    ('sem = "0.40"', 'sem = "0.40"\nsd = "0.8"\nr = "0.7"\nr_type = "icc"\nvalid = 1', "Extra inputs"),
    ('kind = "assumed"', 'kind = "published"', "an assumed error has `sem` alone"),
    ('r_type = "icc"', 'r_type = "alpha"', "'retest' or 'icc'"),
    ('source = "Assumed; none published.', 'origin = "Assumed; none published.', "Field required"),
    ('scale = "total"', 'scale = "zeal"', "rapport-check-in has no scale 'zeal'"),
    ('instruments = ["rapport-check-in", "wai-sr", "wai-gp"]', 'instruments = ["wai-99"]', "there is no instrument 'wai-99'"),
]


@pytest.mark.parametrize(("old", "new", "says"), BAD_ERRORS, ids=[row[2][:30] for row in BAD_ERRORS])
def test_a_wrong_error_is_refused(old: str, new: str, says: str) -> None:
    assert old in ERRORS
    with pytest.raises(DataFileError, match=r"errors\.toml") as refused:
        read_errors(ERRORS.replace(old, new, 1), file="errors.toml", library=LIBRARY)
    assert says in str(refused.value)
