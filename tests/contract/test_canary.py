"""Wording of a pack goes where its permission lets it, and nowhere else."""

from datetime import UTC, datetime
from itertools import chain, combinations

import pytest
import simplejson

from fhir_mappings.definitions.fhir_package import package_files
from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.instrument import Informant, Instrument, Scope
from fhir_mappings.instruments.library import Library
from fhir_mappings.instruments.scoring import score
from fhir_mappings.people.patient import read_patient
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import Sentence
from fhir_mappings.submission.transaction import submission_bundle
from smart_app.care.submission.begin import BlankForm
from smart_app.web.views.forms.form_page import FormUrls, form_view
from tests.fhir_mappings.invented import DOES_NOT_APPLY, FACTOR, NEGATIVE, UNCONFIRMED, UNSCORED, worded
from tests.fhir_mappings.samples import BASE, submission

CANARY = "Zaunkönig"
EVERY: tuple[Scope, ...] = ("display", "store", "redistribute")
SOFIA = Person(reference="Practitioner/sofia", name="Sofia")
SCOPES = [frozenset(some) for some in chain.from_iterable(combinations(EVERY, count) for count in range(4))]
STRUCTURES = (NEGATIVE, DOES_NOT_APPLY, FACTOR, UNSCORED, UNCONFIRMED)


def named(scopes: frozenset[Scope]) -> str:
    return "+".join(sorted(scopes)) or "none"


@pytest.mark.parametrize("scopes", SCOPES, ids=named)
def test_wording_is_published_only_with_leave_to_redistribute(scopes: frozenset[Scope]) -> None:
    packs = [worded(one, CANARY, scopes=scopes, language="de") for one in STRUCTURES]
    for library in (Library(tuple(packs)), Library((*STRUCTURES, *packs))):
        files = package_files(definitions(library, base=BASE), version="1.0.0", base=BASE)
        holding = [name for name, content in files.items() if CANARY.encode() in content]
        assert bool(holding) is ("redistribute" in scopes)


@pytest.mark.parametrize("scopes", SCOPES, ids=named)
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda one: one.slug)
def test_wording_is_stored_only_with_leave_to_store(structure: Instrument, scopes: frozenset[Scope]) -> None:
    pack = worded(structure, CANARY, scopes=scopes)
    informant: Informant = next(iter(pack.forms))
    values = {item.link_id: next(one.value for one in pack.options if one.value) for item in pack.items[1:]}
    answers = Answers(values=values, declined=(pack.items[0].link_id,), extra={"aside": pack.questions[0].options[0].code})
    made = submission(instrument=pack, informant=informant, answers=answers, scores=score(pack, values))
    bundle = simplejson.dumps(submission_bundle(made, base=BASE), use_decimal=True, ensure_ascii=False)
    assert "QuestionnaireResponse" in bundle
    assert (CANARY in bundle) is ("store" in scopes)


def test_the_page_shows_wording_with_leave_to_display() -> None:
    pack = worded(NEGATIVE, CANARY, scopes=frozenset({"display"}))
    patient = read_patient({"resourceType": "Patient", "id": "p1", "name": [{"family": "Halvorsen", "given": ["Ingrid"]}]})
    draft = BlankForm(
        key="k1", instrument=pack, informant="patient", clinician=SOFIA, signed_in=SOFIA, from_paper=False,
        patient=patient, encounter=None, step=Sentence("transaction"), why_not_write=None,
    )  # fmt: skip
    urls = FormUrls(action="/send", back="/", save="/save", go_on="/on", discard="/off")
    view = form_view(draft, urls=urls, now=datetime(2026, 11, 22, tzinfo=UTC), site_name="", ticket="t1", invalid=None)
    shown = [text for block in view.blocks for item in block.items for text in (item.text, *(choice.label for choice in item.choices))]
    assert shown
    assert all(CANARY in text for text in (*shown, view.kind.heading.title, view.kind.heading.intro))
