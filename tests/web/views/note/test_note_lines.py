"""The lines for the note: six, in their order, each with its dates, of the pair of whoever is signed in, and saying what is not there."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Option, Question
from fhir_mappings.measures.measurement import Remark
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import rating_changes
from fhir_mappings.reliable_change.signals.dyad_signals import signals
from fhir_mappings.reliable_change.signals.signal_terms import load_terms
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import HiddenRating, History, Panel
from smart_app.web.languages.catalogue_language import CatalogueLanguage
from smart_app.web.languages.language_catalogue import read_catalogue
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, PseudoLanguage
from smart_app.web.views.note.note_page import NoteUrls, NoteView, note_view
from smart_app.web.views.note.plain_signs import plain_line
from tests.fhir_mappings.samples import LIBRARY
from tests.web.states_history import STATES
from tests.web.support_history import (
    CHECK_IN,
    CONTEXT,
    HBA1C,
    NOW,
    SOFIA,
    TODAY,
    TOMAS,
    dyad,
    history,
    in_percent,
    panel,
    rating,
    read,
    value,
)

URLS = NoteUrls(page="/l/abc/note", history="/l/abc/?years=2", printed="/l/abc/print", end="/l/abc/end")
TERMS = load_terms()
BEFORE = TODAY - timedelta(days=70)
ASKED = Question(
    link_id="difficult",
    text={},
    options=tuple(Option(code=code, value=None, label=code) for code in ("no", "a-little", "yes", "rather-not-say", "of-the-site")),
)
FORM = replace(CHECK_IN, questions=(ASKED,))
VISIT, TOTALS, CHANGE, DIFFICULTY, RESULT, SOURCE = range(6)


def both(day: date, patient: Sequence[str | None], clinician: Sequence[str | None]) -> list[Rating]:
    return [rating("patient", day, patient), rating("clinician", day, clinician)]


RATED = [
    *both(BEFORE, ("4.00", "3.00", "3.67"), ("4.00", "4.33", "4.00")),
    *both(TODAY, ("3.67", "2.00", "3.33"), ("4.00", "4.00", "3.33")),
]
HBA1CS = [value(HBA1C, TODAY - timedelta(days=150), "71"), value(HBA1C, TODAY - timedelta(days=7), "78")]


def shown(ratings: Sequence[Rating], results: Panel | None = None, **more: Any) -> History:
    """The history of these ratings of Sofia, as it is loaded."""
    own = replace(dyad(ratings), instrument=FORM)
    changes = rating_changes(FORM, later=own.latest["patient"], earlier=own.previous.get("patient")) if "patient" in own.latest else ()
    said = signals(ratings, library=LIBRARY, terms=TERMS)
    made = history(dyads=[own], panels=[results or panel(HBA1C, HBA1CS)], changes=changes)
    return replace(made, **({"signals": said} | more))


def view(of: History, **more: Any) -> NoteView:
    return note_view(of, context=CONTEXT, now=NOW, urls=URLS, **more)


def lines(of: History, **more: Any) -> list[str]:
    return view(of, **more).text.split("\n")


def line(place: int, of: History, **more: Any) -> str:
    return lines(of, **more)[place]


def answered(answer: str | None) -> list[Rating]:
    extra = {} if answer is None else {"difficult": answer}
    return [replace(one, extra=extra) if one.informant == "patient" else one for one in RATED]


ALL = """
Working alliance with Sofia Lindqvist, visit of 22-Nov-2026. Rapport check-in, not validated, version 0.1.0, total from 1 to 5, \
higher = stronger alliance.
Working alliance, totals. Patient: 3.00 (goal 3.67, task 2.00, bond 3.33) on 22-Nov-2026; before 3.56 on 13-Sep-2026. \
Clinician: 3.78 (goal 4.00, task 4.00, bond 3.33) on 22-Nov-2026; before 4.11 on 13-Sep-2026.
Change in the patient's total: 3.56 (13-Sep-2026) to 3.00 (22-Nov-2026). Two ratings: too few to tell a run from chance.
Something difficult between patient and clinician, the patient's own answer of 22-Nov-2026: Yes.
HbA1c: 78 mmol/mol (9.3 %, converted) on 15-Nov-2026; before 71 mmol/mol (8.6 %, converted) on 25-Jun-2026.
Read by Rapport from Northfield General on 22-Nov-2026 at 14:02. Synthetic data. One person's history cannot show cause.
"""


def test_six_lines_say_all_of_it() -> None:
    assert view(shown(answered("yes"))).text == ALL.strip()


def test_the_verdicts_are_the_engines_and_the_longest_move_has_its_own() -> None:
    days = [TODAY - timedelta(days=70 * (4 - place)) for place in range(5)]
    fallen = [rating("patient", day, (total,) * 3) for day, total in zip(days, ("4.33", "4.56", "4.44", "3.56", "3.00"), strict=True)]
    said = line(CHANGE, shown(fallen))
    assert said.startswith("Change in the patient's total: 3.56 (13-Sep-2026) to 3.00 (22-Nov-2026). This step alone is within the assumed")
    assert "The patient's rating was highest at 4.56 on 26-Apr-2026 and has been lower at each of the three visits since." in said
    assert said.endswith(
        "The latest is 1.44 below the mean of the first three ratings: more than the assumed error (1.19; none is published for this form)."
    )


class TestWhatMayBeLeftOut:
    def test_the_answer_goes_with_its_line(self) -> None:
        said = lines(shown(answered("yes")), without=frozenset({"difficulty"}))
        assert len(said) == 5
        assert "difficult" not in " ".join(said)

    def test_the_elements_go_from_both_totals(self) -> None:
        said = line(TOTALS, shown(RATED), without=frozenset({"elements"}))
        assert said.startswith("Working alliance, totals. Patient: 3.00 on 22-Nov-2026; before 3.56")
        assert "Clinician: 3.78 on 22-Nov-2026" in said

    def test_the_page_says_which_is_left_out(self) -> None:
        found = view(shown(RATED), without=frozenset({"elements"})).leave_outs
        assert [(one.code, one.chosen) for one in found] == [("difficulty", False), ("elements", True)]


class TestWhatThePatientAnswered:
    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ("no", "No."),
            ("a-little", "Yes, a little."),
            ("yes", "Yes."),
            ("rather-not-say", "would rather not say."),
            ("of-the-site", "of-the-site."),
        ],
    )
    def test_is_said_as_it_was_given(self, answer: str, said: str) -> None:
        assert line(DIFFICULTY, shown(answered(answer))).endswith(f"the patient's own answer of 22-Nov-2026: {said}")

    def test_or_that_it_was_not(self) -> None:
        assert line(DIFFICULTY, shown(answered(None))).endswith("not answered on the patient's form of 22-Nov-2026.")

    def test_or_that_the_form_does_not_ask(self) -> None:
        given = shown(RATED)
        without = replace(given, dyads=[replace(given.dyads[0], instrument=replace(FORM, questions=()))])
        assert line(DIFFICULTY, without).endswith("not asked on the patient's form of 22-Nov-2026.")

    def test_of_an_earlier_visit_is_not_this_ones(self) -> None:
        given = [replace(one, extra={"difficult": "yes"}) if one.informant == "patient" else one for one in RATED]
        said = line(DIFFICULTY, shown([one for one in given if one.informant == "clinician" or one.when.day == BEFORE]))
        assert said == "Something difficult between patient and clinician, visit of 22-Nov-2026: no patient's answer to show."


class TestWhatIsMissing:
    def test_without_a_clinicians_rating(self) -> None:
        said = line(TOTALS, shown([one for one in RATED if one.informant == "patient"]))
        assert said.endswith("before 3.56 on 13-Sep-2026. Clinician: no rating to show.")

    def test_where_one_has_not_rated_the_last_visit(self) -> None:
        one_sided = [one for one in RATED if one.informant == "clinician" or one.when.day == BEFORE]
        of = shown(one_sided)
        assert "visit of 22-Nov-2026" in line(VISIT, of)
        assert "Patient: none at the visit of 22-Nov-2026, last 3.56 on 13-Sep-2026." in line(TOTALS, of)
        assert line(CHANGE, of).startswith("Change in the patient's total: none to state. One rating:")

    def test_a_first_rating(self) -> None:
        of = shown(RATED[2:])
        assert line(TOTALS, of).count("none before to compare with") == 2
        assert line(CHANGE, of) == ("Change in the patient's total: none to state. One rating: there is none to compare it with yet.")

    def test_an_unscored_total(self) -> None:
        of = shown([*RATED[:2], rating("patient", TODAY, ("3.67", None, "3.33")), RATED[3]])
        said = line(TOTALS, of)
        assert "Patient: not scored (8 of 9 answered) (goal 3.67, task not scored (2 of 3 answered), bond 3.33) on 22-Nov-2026" in said
        assert line(CHANGE, of) == "Change in the patient's total: none to state. The newest form, of 22-Nov-2026, has no total."

    def test_a_clinician_whom_nobody_has_rated(self) -> None:
        of = history(dyads=[dyad(RATED, clinician=TOMAS, mine=False)], panels=[panel(HBA1C, [])])
        assert lines(of)[:5] == [
            "Working alliance with Sofia Lindqvist: no rating to show.",
            "Working alliance, totals: none to show.",
            "Change in the patient's total: none to state. There is no patient's rating to show.",
            "Something difficult between patient and clinician: no patient's answer to show.",
            "HbA1c: none found, all dates searched.",
        ]

    def test_a_read_that_failed(self) -> None:
        broken = read("ratings", "Ratings", state="failed", reason="The server answered 503 twice")
        results = panel(HBA1C, [], report=read("hba1c", "HbA1c", state="failed", reason="The server answered 503 twice"))
        of = replace(history(panels=[results]), reads=[broken, results.read])
        assert line(VISIT, of).endswith("the last rating is not known, as not all could be read.")
        assert line(RESULT, of) == "HbA1c: not known. The server answered 503 twice."
        assert "Not everything could be read (Ratings and HbA1c)." in line(SOURCE, of)

    def test_a_last_rating_that_may_be_another(self) -> None:
        of = shown(RATED)
        unknown = replace(of, dyads=[replace(of.dyads[0], latest={}, previous={}, whole=False)], changes=())
        assert line(TOTALS, unknown) == "Working alliance, totals: none to show."

    def test_an_order_that_nobody_knows(self) -> None:
        of = shown(RATED)
        own = of.dyads[0]
        beside = replace(own, previous={}, unordered={"patient": own.previous["patient"]})
        same_day = replace(own.previous["patient"], when=Moment(day=TODAY, text=TODAY.isoformat(), precision="day"))
        changes = rating_changes(FORM, later=own.latest["patient"], earlier=same_day)
        said = lines(replace(of, dyads=[beside], changes=changes))
        assert "which one was before is not known" in said[TOTALS]
        assert said[CHANGE].endswith("Which of the last two ratings was first is not known.")

    def test_a_form_that_is_not_scored(self) -> None:
        of = shown(RATED)
        unscored = replace(of.dyads[0], instrument=replace(FORM, scales=()))
        said = lines(replace(of, dyads=[unscored], changes=()))
        assert said[VISIT].endswith("version 0.1.0, not scored.")
        assert said[TOTALS] == "Working alliance, totals: this form is not scored."
        assert said[CHANGE].endswith("none to state. This form is not scored.")


class TestHbA1c:
    def test_the_unit_it_was_reported_in_comes_first(self) -> None:
        said = line(RESULT, shown(RATED, panel(HBA1C, [in_percent(BEFORE, "8.6"), in_percent(TODAY, "9.3")])))
        assert said == "HbA1c: 9.3 % (78 mmol/mol, converted) on 22-Nov-2026; before 8.6 % (70 mmol/mol, converted) on 13-Sep-2026."

    def test_what_came_with_it_is_said(self) -> None:
        last = HBA1CS[1]._replace(remarks=(Remark("comment", "haemolysed"),), method="point of care", standing="preliminary")
        said = line(RESULT, shown(RATED, panel(HBA1C, [HBA1CS[0], last])))
        assert "on 15-Nov-2026, point of care, preliminary;" in said
        assert "78 mmol/mol comes with a comment" in said

    def test_results_that_could_not_be_used_are_counted(self) -> None:
        wrong = Skipped(
            source="Observation/x", measure="hba1c", what=Sentence("HbA1c"), when=HBA1CS[1].when, shown="7.9",
            reason=Sentence("No unit recorded"), code="unit_missing",
        )  # fmt: skip
        assert line(RESULT, shown(RATED, panel(HBA1C, HBA1CS, skipped=[wrong]))).endswith("1 HbA1c value in the record could not be used.")
        assert line(RESULT, shown(RATED, panel(HBA1C, [], skipped=[wrong]))).startswith("HbA1c: none found")

    def test_one_of_which_nobody_knows_whether_it_is_later_stands_beside_it(self) -> None:
        beside = value(HBA1C, date(2026, 1, 1), "60")._replace(when=Moment(day=date(2026, 1, 1), text="2026", precision="year"))
        two = replace(panel(HBA1C, [beside, HBA1CS[1]]), previous=None, unordered=[beside, beside])
        said = line(RESULT, shown(RATED, two))
        assert "on 15-Nov-2026; 60 mmol/mol (7.6 %, converted) in 2026; 1 value more; their order is not known." in said

    def test_a_site_that_does_not_ask_for_it(self) -> None:
        assert line(RESULT, replace(shown(RATED), panels=())) == "HbA1c: not among the measures of this site."


def test_of_two_pairs_it_is_that_of_whoever_is_signed_in() -> None:
    of = shown(RATED)
    theirs = [replace(one, clinician=TOMAS, source=f"{one.source}-t") for one in both(TODAY, ("1.00",) * 3, ("2.00",) * 3)]
    two = replace(of, dyads=[dyad(theirs, clinician=TOMAS, mine=False), *of.dyads])
    assert lines(two) == lines(of)


def test_a_rating_of_a_visit_before_that_came_late_is_not_the_last_visit() -> None:
    late = replace(rating("clinician", TODAY, ("2.00",) * 3), visit=BEFORE.isoformat(), source="QuestionnaireResponse/late")
    yesterday = TODAY - timedelta(days=1)
    of = shown([RATED[0], *both(yesterday, ("4.00",) * 3, ("4.00",) * 3), late])
    assert f"visit of {yesterday:%d}-Nov-2026" in line(VISIT, of)
    assert "Clinician: 4.00 (goal 4.00, task 4.00, bond 4.00) on 21-Nov-2026; another visit was rated later." in line(TOTALS, of)


def test_what_is_kept_back_is_in_no_line_and_the_page_says_that_it_is() -> None:
    waits = HiddenRating(clinician=SOFIA, mine=True, visit="Encounter/e1", day=TODAY, encounter="e1")
    of = shown(RATED[:2])
    kept = view(replace(of, hidden=(waits,)))
    assert (kept.text, kept.kept_back) == (view(of).text, True)
    assert not view(replace(of, hidden=(replace(waits, mine=False),))).kept_back


@pytest.mark.parametrize("state", STATES)
def test_every_state_gives_six_plain_lines(state: str) -> None:
    said = lines(STATES[state]())
    assert len(said) == 6
    assert all(one == plain_line(one) and one.isascii() and one.endswith(".") and "{" not in one for one in said)


# As it survives being pasted


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1–5, “not” validated’s − 3", '1-5, "not" validated\'s - 3'),
        ("a\tb\nc\r\nd\u2028e", "a b c d e"),
        ("± 1.19 × 2 ≤ 3 … → 4", "+/- 1.19 x 2 <= 3 ... -> 4"),
        ("9.3\u00a0% \u202fx", "9.3 % x"),
        ("Åsa Müller-Łukasz", "Åsa Müller-Łukasz"),
        ("ev\u202eil\u200b\u00ad", "evil"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\x00\x1f\ud800 \ue000", ""),
    ],
)
def test_signs_are_those_that_every_editor_keeps(text: str, plain: str) -> None:
    assert plain_line(text) == plain


def test_a_name_with_breaks_makes_no_line() -> None:
    named = replace(CONTEXT, user=replace(CONTEXT.user, name="Sofia\nLindqvist\t“x”"), issuer_name="a\r\nb")
    text = note_view(shown(RATED), context=named, now=NOW, urls=URLS).text
    assert text.count("\n") == 5
    assert 'with Sofia Lindqvist "x", visit' in text


# In another language


def test_every_line_is_said_in_the_language_of_the_page() -> None:
    pseudo = PseudoLanguage(code=LEFT_TO_RIGHT)
    for of in (shown(answered("yes")), history(panels=[panel(HBA1C, [])]), shown(RATED[2:])):
        assert all(one.startswith("⟦") for one in lines(of, language=pseudo))


def test_on_a_page_in_german_nothing_stands_beneath() -> None:
    german = CatalogueLanguage(catalogue=read_catalogue("de"))
    days = [TODAY - timedelta(days=70 * (4 - place)) for place in range(5)]
    fallen = [rating("patient", day, (total,) * 3) for day, total in zip(days, ("4.33", "4.56", "4.44", "3.56", "3.00"), strict=True)]
    found = view(shown(fallen), language=german).text
    assert not {"\ue000", "\ue001"} & set(found)
    said = found.split("\n")
    assert said[VISIT].startswith("Arbeitsbündnis mit Sofia Lindqvist, Termin vom 22-Nov-2026. Rapport-Check-in, nicht validiert, Version")
    assert said[CHANGE].endswith(
        "Die neueste liegt um 1.44 unter dem Mittelwert der ersten drei Einschätzungen: mehr als der angenommene Messfehler (1.19; für "
        "diesen Fragebogen ist keiner veröffentlicht)."
    )
    assert said[SOURCE] == (
        "Von Rapport gelesen aus Northfield General am 22-Nov-2026 um 14:02. Synthetische Daten. Der Verlauf einer einzelnen Person kann "
        "keine Ursache zeigen."
    )
