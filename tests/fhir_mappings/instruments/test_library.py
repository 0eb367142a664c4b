"""An instrument file that contradicts itself never becomes an instrument."""

from importlib.resources import files

import pytest

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.library import load_library
from fhir_mappings.instruments.toml_reader import read_instrument
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY

TEXT = (files("fhir_mappings.instruments") / "files" / "rapport-check-in.toml").read_text(encoding="utf-8")


def refused(old: str, new: str) -> DataFileError:
    assert old in TEXT
    with pytest.raises(DataFileError) as caught:
        read_instrument(TEXT.replace(old, new, 1), file="mine.toml")
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('slug = "rapport-check-in"', 'slug = "rapport-check-in"\ncutoff = 3', "instrument.cutoff"),
        ('slug = "rapport-check-in"', 'slug = "Rapport"', "instrument.slug"),
        ('version = "0.2.0"', 'version = "1"', "instrument.version"),
        ("validated = false\n", "", "instrument.validated"),
        ('link_id = "goal-2"', 'link_id = "goal-1"', "item"),
        ('link_id = "goal-2"', 'link_id = "goal"', "item"),
        ("number = 2", "number = 1", "item.number"),
        ("value = 2", "value = 1", "option.value"),
        ('code = "2"', 'code = "1"', "option"),
        ('key = "goal"\ntitle = "Goal"', 'key = "panel"\ntitle = "Goal"', "scale"),
        ('key = "goal"\ntitle = "Goal"', 'key = "a.b"\ntitle = "Goal"', "scale.1.key"),
        ('items = ["goal-1", "goal-2", "goal-3"]\nmin_answered', 'items = ["goal-1", "goal-9"]\nmin_answered', "scale.goal.items"),
        ("min_answered = 2", "min_answered = 4", "scale.goal.min_answered"),
        ('needs = ["goal",', 'needs = ["hope",', "scale.total.needs"),
        ('scale = "goal"', 'scale = "hope"', "item.goal-1.scale"),
        ('items = ["goal-1", "goal-2", "goal-3"]\n\n[[section]]', 'items = ["goal-1", "goal-2"]\n\n[[section]]', "section.items"),
        ('text.patient = "I had a say in what', 'text.observer = "I had a say in what', "item.goal-1.text"),
        ('title.patient = "Goals"\n', 'title.observer = "Goals"\n', "section.goal.title"),
        ('label = "Partly"\n', "", "option.label"),
        ("wording_ships = true", "wording_ships = false", "item.goal-1.text"),
        ("min_answered = 2", 'min_answered = 2\nfactor = "ten"', "scale.1.factor"),
        ("min_answered = 2", 'min_answered = 2\nfactor = "-4"', "scale.1.factor"),
        ("min_answered = 2", 'min_answered = 2\nfactor = "1E999999"', "scale.1.factor"),
        ("[rights]", "[rights", "(syntax)"),
        ("[rights]", "[" * 3000, "(syntax)"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_by_file_key_and_page(old: str, new: str, key: str) -> None:
    refusal = refused(old, new)
    assert refusal.key == key
    assert (refusal.file, refusal.page) == ("mine.toml", "docs/add-an-instrument.md")
    assert all(part in str(refusal) for part in ("mine.toml", key, "docs/add-an-instrument.md"))


def test_the_library_finds_an_instrument_by_name_and_by_form() -> None:
    assert LIBRARY.get("rapport-check-in") is CHECK_IN
    for informant in CHECK_IN.forms:
        canonical = canonicals.questionnaire(CHECK_IN, informant, base=BASE)
        assert LIBRARY.for_questionnaire(canonical, BASE) == (CHECK_IN, informant)
        assert LIBRARY.for_questionnaire(canonical, "https://elsewhere.org") is None
        assert LIBRARY.for_questionnaire(canonical.partition("|")[0], BASE) is None
        assert LIBRARY.knows_form(canonical.replace("0.2.0", "9.9.9"), BASE)
        scoring = f"{canonicals.scoring_questionnaire_url(CHECK_IN, informant, base=BASE)}|{CHECK_IN.version}"
        assert LIBRARY.for_questionnaire(scoring, BASE) == (CHECK_IN, informant)
    assert not LIBRARY.knows_form("https://elsewhere.org/Questionnaire/q|1", BASE)
    with pytest.raises(KeyError):
        LIBRARY.get("wai")


def test_the_shipped_files_are_read_anew_as_the_same_instruments() -> None:
    assert load_library().instruments == LIBRARY.instruments


def test_the_check_in_says_that_it_is_not_validated_and_cites_its_rule() -> None:
    assert CHECK_IN.validated is False
    assert {one.certainty for one in CHECK_IN.citations} == {"verified", "unverified"}
    assert [(scale.low, scale.high) for scale in CHECK_IN.scales] == [(1, 5)] * 4
