"""Every word of ours on the dashboard is a sentence that another language can say: what is plain text comes from the record or a file."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import get_args

import pytest
from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Cutoff, Informant, Instrument
from fhir_mappings.measures.measurement import Measurement, Remark, RemarkCode
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment, Precision
from fhir_mappings.reliable_change.latest_change import Change
from fhir_mappings.sentence import NOTHING, Sentence
from fhir_mappings.skipped import UntiedResource
from smart_app.care.dashboard.history import Dyad, HiddenRating, History
from smart_app.care.record.page_rule import of_another_form, offers_for
from smart_app.care.undelivered.colleagues_items import ColleaguesItem, Standing
from smart_app.care.undelivered.decisions import Discarded
from smart_app.launch.oauth.granted_features import features_off
from smart_app.web.views.dashboard.dashboard_page import DashboardView, dashboard_view
from smart_app.web.views.dashboard.left_over import LeftOverUrls, left_over
from smart_app.web.views.dashboard.offers import offers
from tests.web.states_history import STATES, oddities, repaired
from tests.web.support_history import (
    CHECK_IN,
    CONTEXT,
    FACTS,
    HBA1C,
    INGRID,
    MEASURES,
    NOW,
    SOFIA,
    TODAY,
    TOMAS,
    URLS,
    dyad,
    panel,
    rating,
    read,
    value,
)

# Fields of the page that hold nothing anybody reads, and why.
_ADDRESS, _DRAWING, _KEY = "an address", "how it is drawn", "what is sent back, or a name of ours for a part of the page"
_RULE, _NAME = "in the words of the rule of the pages", "a name of the record, in capitals"
NO_WORDS = {
    "Link.href": _ADDRESS,
    "ChangeLine.why": _ADDRESS,
    "TimeAxis.visits": _DRAWING,
    "TimeAxis.earlier": _ADDRESS,
    "TimeAxis.later": _ADDRESS,
    "Stroke.style": _DRAWING,
    "Stroke.d": _DRAWING,
    "SymbolGroup.style": _DRAWING,
    "Symbol.shape": _DRAWING,
    "Label.style": _DRAWING,
    "Label.anchor": _DRAWING,
    "Reading.mark": _DRAWING,
    "Table.style": _DRAWING,
    "MeasuresPanel.everything": _ADDRESS,
    "AlliancePanel.key": _KEY,
    "DashboardView.reveal": _ADDRESS,
    "DashboardView.folds": _DRAWING,
    "Table.opens": _ADDRESS,
    "Table.head_opens": _ADDRESS,
    "ContextLine.patient_id": _KEY,
    "ContextLine.end": _ADDRESS,
    "WithheldRating.clinician": _KEY,
    "WithheldRating.visit": _KEY,
    "RevealReason.code": _KEY,
    "ColleaguesLine.send": _ADDRESS,
    "DiscardedLine.seen": _ADDRESS,
    "RevealReason.words": _RULE,
    "WithheldRating.title": _RULE,
    "WithheldRating.text": _RULE,
    "Banner.name": _NAME,
    "ContextLine.signed_in": "a name",
}
# What of a history is a code and no word: shown as it is, it would be English.
CODES = {
    ("Measurement", "standing"),
    ("Rating", "standing"),
    ("Rating", "informant"),
    ("Change", "informant"),
    ("Change", "kind"),
    ("Moment", "precision"),
    ("Scale", "method"),
    ("Scale", "key"),
    ("Score", "key"),
    ("Cutoff", "side"),
    ("Form", "informant"),
    ("ReadReport", "state"),
    ("ReadReport", "key"),
    ("Remark", "code"),
    ("Instrument", "rated"),
    ("PageFacts", "clinician_rated"),
}
_LETTERS = re.compile(r"[^\W\d_]")
MADE_OF = replace(
    CHECK_IN,
    slug="who-5",
    title="WHO-5",
    rated="nobody",
    validated=True,
    cutoffs=(
        Cutoff(scale="total", side="at most", value=CHECK_IN.scales[0].factor, meaning=Sentence("LOW"), population=Sentence("ADULTS"),
               citation="TOPP",
               certainty="verified"),
    ),
)  # fmt: skip
OFF = features_off(asked="patient/*.rs offline_access", granted="openid", refused=(), renewable=False)
OBSERVED = replace(CHECK_IN, forms={**CHECK_IN.forms, "observer": replace(CHECK_IN.forms["clinician"], informant="observer")})
UNSCORED = replace(CHECK_IN, slug="dds", title="DDS-17", rated="nobody", scales=())

VISIT = date(2025, 3, 11)
OFFERED = (CHECK_IN.title, UNSCORED.title, UNSCORED.why_unscored)


def texts_of(thing: object, field: str = "") -> Iterator[tuple[str, str]]:
    """Every text inside, with the field that it stands in."""
    if isinstance(thing, str):
        yield field, thing
    elif isinstance(thing, Struct | tuple) and (names := getattr(thing, "__struct_fields__", None) or getattr(thing, "_fields", None)):
        for name in names:
            yield from texts_of(getattr(thing, name), f"{type(thing).__name__}.{name}")
    elif isinstance(thing, Mapping):
        for one in thing.values():
            yield from texts_of(one, field)
    elif isinstance(thing, list | tuple | set | frozenset):
        for one in thing:
            yield from texts_of(one, field)


def data_of(shown: History) -> re.Pattern[str]:
    """The record's and the files' own texts, longest first."""
    found = {text for field, text in texts_of(shown) if tuple(field.split(".")) not in CODES and _LETTERS.search(text)}
    # The words of other rooms that the page passes on: what is offered and why it has no score, and what a launch lacks.
    found |= texts_only((CONTEXT, URLS, OFF, offers_for(shown.facts), offers_for(of_another_form(shown.facts)), OFFERED))
    return re.compile("|".join(rf"(?<![^\W\d_]){re.escape(text)}(?![^\W\d_])" for text in sorted(found, key=len, reverse=True)))


def texts_only(thing: object) -> set[str]:
    return {text for _, text in texts_of(thing) if _LETTERS.search(text)}


def not_sentences(view: object, data: re.Pattern[str]) -> list[tuple[str, str]]:
    """What holds a letter, is no sentence, and is nobody's own text."""
    plain = [(field, text) for field, text in texts_of(view) if not isinstance(text, Sentence) and field not in NO_WORDS]
    return [(field, text) for field, text in plain if _LETTERS.search(data.sub("", text))]


def view_of(shown: History) -> DashboardView:
    begin = offers(
        [(CHECK_IN, "patient"), (CHECK_IN, "clinician"), (OBSERVED, "observer"), (UNSCORED, "patient")],
        lambda instrument, informant: f"/{instrument.slug}/{informant}",
        facts=FACTS,
    )
    sent: tuple[tuple[Informant, bool, str | None, bool], ...] = (
        ("patient", True, None, False),
        ("patient", False, "TOMAS", True),
        ("clinician", False, None, False),
        ("patient", False, None, False),
    )
    others = [
        ColleaguesItem(key="k", informant=who, from_paper=paper, author=author, by_patient=by, sent=NOW, standing=standing, why_not=NOTHING)
        for standing in get_args(Standing)
        for who, paper, author, by in sent
    ]
    forms: tuple[Informant, ...] = ("patient", "clinician")
    discarded = [
        Discarded(key="k", informant=who, instrument_title="t", sent=NOW, by="TOMAS", at=NOW, because=why)
        for who in forms
        for why in (NOTHING, Sentence("it was entered by mistake"))
    ]
    left = left_over([], others, discarded, urls=LeftOverUrls(receipt=str, send=str, seen=str), now=NOW)
    return dashboard_view(shown, context=CONTEXT, urls=replace(URLS, others=begin.others), now=NOW, focus=VISIT, left=left, off=OFF)


def moment(text: str, precision: Precision) -> Moment:
    return Moment(day=date(2026, 1, 1), text=text, precision=precision)


def remarked() -> list[Measurement]:
    """A value with each remark, and dates of which nobody knows the order."""
    codes: tuple[RemarkCode, ...] = ("comment", "interpretation", "range", "reported_by_patient", "supplied_for_patient", "dated_by_report")
    values = [value(HBA1C, TODAY - timedelta(days=400 - index), "60") for index in range(8)]
    values[0] = values[0]._replace(
        standing="corrected", remarks=tuple(Remark(code, "WRITTEN", by) for code in codes for by in ("ANN", None))
    )
    values[1] = values[1]._replace(when=moment("2026-01", "month"), standing="preliminary", method="METER")
    values[6] = values[6]._replace(when=moment("2026", "year"), performer="LAB A")
    values[7] = values[7]._replace(when=moment("2026", "year"), performer="LAB B", standing="amended")
    return values


def everything() -> History:
    """What is rare, at once: questionnaires about nobody, observers, unknown order, a rating kept back, other patients' data."""
    whole = repaired()
    values = remarked()
    many = replace(panel(HBA1C, values), previous=None, unordered=values[6:7])
    companions = [companion(MADE_OF, "patient"), companion(UNSCORED, "patient")]
    unnamed = Person(reference="Practitioner/9", name=None)
    theirs = dyad(
        [replace(rating("observer", TODAY, ("3.00", "3.00", "3.00"), unnamed), standing="amended", declined=("a", "b")),
         replace(rating("clinician", TODAY + timedelta(days=3), ("3.00", "3.00", "3.00"), unnamed), visit=TODAY.isoformat()),
         rating("patient", TODAY, ("3.00", None, "3.00"), unnamed)],
        clinician=unnamed, mine=False,
    )  # fmt: skip
    untied = UntiedResource(source="Patient/2", subject=Sentence("MISSING"), remedy=Sentence("ASK"))
    cut = replace(read("cut", "CUT", state="partial"), since=TODAY)
    reads = [
        *(read(state, state.upper(), state=state, foreign=2) for state in ("partial", "failed", "unsupported", "not_permitted")),
        cut,
        replace(read("untied", "UNTIED"), untied=(untied,)),
        *whole.reads,
    ]
    changes = [
        Change(kind="measure", title="HbA1c", informant=None, earlier=values[6], later=values[7], scale=None),
        Change(kind="measure", title="HbA1c", informant=None, earlier=values[0], later=values[5], scale=None),
        Change(kind="alliance", title="Total", informant="clinician", earlier=None, later=theirs.ratings[0], scale="total"),
    ]
    return replace(
        whole,
        dyads=[*whole.dyads, theirs],
        companions=companions,
        panels=[many, *whole.panels[1:], panel(MEASURES[0], [], report=reads[0])],
        changes=changes,
        hidden=(HiddenRating(clinician=TOMAS, mine=False, visit="Encounter/e1", day=TODAY, encounter="e1"),),
        patient=replace(INGRID, family="", born=None, born_text="about 1960", gender=None, identifier=None, deceased="yes", replaced=True),
        reads=reads,
        facts=replace(FACTS, can_write=False),
    )


def companion(instrument: Instrument, who: str) -> Dyad:
    given = replace(rating("patient", TODAY, ("3.00", "3.00", "3.00")), clinician=None, instrument=instrument.slug)
    found = dyad([given])
    return replace(found, clinician=None, instrument=instrument, mine=False, latest={who: given})


HISTORIES = {
    **{name: make() for name, make in STATES.items()},
    "everything": everything(),
    "nobody's": replace(oddities(), patient=replace(INGRID, given="", family="")),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_every_word_of_ours_is_a_sentence(name: str) -> None:
    shown = HISTORIES[name]
    assert not_sentences(view_of(shown), data_of(shown)) == []


def test_a_word_that_is_none_is_found() -> None:
    shown = repaired()
    view = view_of(shown)
    assert view.hba1c is not None
    lane = replace(view.hba1c.lane, about=("speech bubble", HBA1C.title))
    assert not_sentences(replace(view, hba1c=replace(view.hba1c, lane=lane)), data_of(shown)) == [("Lane.about", "speech bubble")]
    codes = replace(view.sources, notes=("final",))
    assert not_sentences(codes, data_of(shown)) == [("Sources.notes", "final")]


def test_every_field_without_words_is_there() -> None:
    """None is excepted that no page has any more."""
    fields = {field for shown in HISTORIES.values() for field, _ in texts_of(view_of(shown))}
    assert set(NO_WORDS) - fields == set()
    assert SOFIA.name is not None
