"""What pages show of the files that ship can be said in another language; a form's own words, and a site's, stay as they were written."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.instruments.answers import Invalid, parse
from fhir_mappings.instruments.instrument import Informant, Instrument, with_wording
from fhir_mappings.instruments.scoring import score
from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.people.patient import read_patient
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import Sentence, in_small_letters, shipped_text
from fhir_mappings.site.key_confirmations import as_toml
from tests.fhir_mappings.packed import KEY, PACK, structure
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY, stored, submission
from tests.fhir_mappings.site.test_wording_packs import applied, changed, confirmation, site
from tests.fhir_mappings.speaking import BLANK, left_over

WAI_SR = LIBRARY.get("wai-sr")
INFORMANTS: tuple[Informant, ...] = ("patient", "clinician", "observer")


def test_a_shipped_text_has_no_places_and_a_small_one_of_its_own() -> None:
    text = shipped_text("Rate {clinician}")
    assert (text, text.said(BLANK)) == ("Rate {clinician}", "_ {clinician}")
    small = in_small_letters(shipped_text("Goal setting"))
    assert (small, left_over(small)) == ("goal setting", set())
    assert isinstance(in_small_letters("Gesamt"), str)
    assert left_over(in_small_letters("Gesamt")) == {"gesamt"}


@pytest.mark.parametrize("instrument", LIBRARY.instruments, ids=[one.slug for one in LIBRARY.instruments])
def test_an_instrument(instrument: Instrument) -> None:
    said = [instrument.title, instrument.direction, instrument.recall, instrument.rights.licence, instrument.why_unscored or ""]
    said += [text for one in instrument.scales for text in (one.title, one.title_within, one.about, one.direction)]
    said += [one.interval for one in instrument.reliability]
    said += [text for one in instrument.cutoffs for text in (one.meaning, one.population)]
    said += [form.title for form in instrument.forms.values() if instrument.language is None]
    said += [form.sheet for form in instrument.forms.values()]
    assert {word for text in said for word in left_over(text)} == set()


def test_the_words_of_a_form_are_its_own() -> None:
    form = CHECK_IN.forms["patient"]
    texts = [form.title, form.intro, *(text for item in CHECK_IN.items for text in item.text.values())]
    texts += [option.label or "" for option in CHECK_IN.options]
    assert [text for text in texts if isinstance(text, Sentence)] == []
    assert with_wording(form.title, clinician="Ann") == "Your view of working with Ann"
    assert isinstance(with_wording(WAI_SR.forms["patient"].title), Sentence)


def test_a_measure() -> None:
    for measure in load_measures():
        said = [measure.title, measure.about, measure.direction, *(measure.parts or ()), measure.group.title, measure.group.reporter or ""]
        said += [word or "" for code in measure.codes for word in (code.method, code.exclude)]
        said += [unit.method or "" for unit in measure.units]
        assert {word for text in said for word in left_over(text)} == set()


def test_what_is_made_of_a_file_is_known_by_its_english() -> None:
    assert replace(CHECK_IN, title=Sentence("{name} check-in", name="Rapport")) == CHECK_IN
    assert replace(CHECK_IN, title=Sentence("Other")) != CHECK_IN


def texts(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [text for key, value in node.items() for text in (key, *texts(value))]
    return [text for one in node for text in texts(one)] if isinstance(node, list | tuple) else [node]


def test_nothing_that_is_published_or_stored_is_anything_but_plain_text() -> None:
    published = [*texts(definitions(LIBRARY, base=BASE)), *texts(stored(submission())), *texts(stored(submission("4.. 3x5 55.")))]
    assert [text for text in published if isinstance(text, Sentence)] == []


@pytest.mark.parametrize("informant", INFORMANTS)
@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ({"zeal": ["1"]}, {"zeal"}),
        ({"goal-1": ["4", "5"]}, set()),
        ({"goal-1": ["4"], "goal-1.declined": ["yes"]}, set()),
        ({"goal-1": ["dog"]}, {"dog"}),
        ({}, set()),
    ],
)
def test_what_is_wrong_with_a_field(informant: Informant, fields: dict[str, list[str]], data: set[str]) -> None:
    found = parse(CHECK_IN, informant, fields)
    assert isinstance(found, Invalid)
    assert all(isinstance(error.message, Sentence) for error in found.errors)
    assert {word for error in found.errors for word in left_over(error.message)} == data


def test_why_there_is_no_score() -> None:
    few = score(CHECK_IN, dict.fromkeys([*(item.link_id for item in CHECK_IN.items[:6]), "bond-1"], 4))
    unvouched = score(LIBRARY.get("wai-srt-10"), {}) | score(replace(WAI_SR, confirmation=None), {})
    reasons = [one.reason for one in (*few.values(), *unvouched.values()) if one.value is None]
    assert {str(reason) for reason in reasons} >= {"1 of 3 answered, the rule needs 2", "it needs the score of bond"}
    assert {word for reason in reasons for word in left_over(reason or "")} == set()


def test_people_without_a_name_and_the_name_of_a_number() -> None:
    assert left_over(Person(reference="Practitioner/x", name=None).called) == set()
    numbers = [{"type": {"coding": [{"code": "MR"}]}, "value": "1"}], [{"use": "usual", "value": "1"}]
    for given in numbers:
        label, value = read_patient({"identifier": given}).identifier or ("", "")
        assert (left_over(label), value) == (set(), "1")


def test_a_sites_own_words_are_plain_text_and_what_it_gave_in_vain_is_said() -> None:
    worded = applied(PACK + KEY)
    own = [worded.forms["patient"].title, *(text for scale in worded.scales for text in (scale.title, scale.about, scale.title_within))]
    assert [text for text in own if isinstance(text, Sentence)] == []
    ended = date(2026, 12, 31) + timedelta(days=1)
    old = as_toml(confirmation(structure(), key="0" * 64))
    found = [
        site(de=PACK, today=ended), site(de=changed('"wai-sr"', '"zeal"')), site(de=changed('"1.0.0"', '"9.9.9"')), site(confirmations=old),
    ]  # fmt: skip
    reasons = {aside.code: aside.reason for one in found for aside in one.set_aside}
    assert set(reasons) == {"permission_expired", "instrument_unknown", "version_unknown", "key_changed"}
    names = {"wai", "sr", "zeal", "society", "for", "invented", "scales"}
    assert {word for reason in reasons.values() for word in left_over(reason)} <= names
