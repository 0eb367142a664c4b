"""What one rating, and the newest of a pair of people, says: by which rule, how loudly, from where on, and why."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.instruments.library import Library
from fhir_mappings.instruments.scores import Score
from fhir_mappings.instruments.scoring import by_key
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.measurement_error import Precision, precision_of
from fhir_mappings.reliable_change.signals import signal_sentences as words
from fhir_mappings.reliable_change.signals.dyad_signals import Signal, signals
from fhir_mappings.reliable_change.signals.explanation import Why, explain
from fhir_mappings.reliable_change.signals.pooled_steps import pooled_steps
from fhir_mappings.reliable_change.signals.rating_judge import Judgement, NotJudged, judge
from fhir_mappings.reliable_change.signals.signal_terms import Terms, load_terms, with_site_terms
from fhir_mappings.sentence import Sentence
from tests.fhir_mappings.samples import LIBRARY

TERMS = load_terms()
SOFIA, TOMAS = (Person(reference=f"Practitioner/{name.lower()}", name=name) for name in ("Sofia", "Tomas"))
BEGAN = date(2024, 1, 10)
SLIDE = (45, 42, 36, 33, 27)


def rating(visit: int, answers: Sequence[int] | int, **fields: Any) -> Rating:
    """One visit of the check-in, three months after the one before; a number is a sum of nine answers as even as can be."""
    slug = fields.pop("instrument", "rapport-check-in")
    instrument, day = LIBRARY.get(slug), fields.pop("day", BEGAN + timedelta(days=91 * visit))
    many = len(instrument.items)
    sheet = [answers // many + (place < answers % many) for place in range(many)] if isinstance(answers, int) else answers
    values = {item.link_id: value for item, value in zip(instrument.items, sheet, strict=True) if value}
    usual: dict[str, Any] = {
        "instrument": slug, "version": instrument.version, "informant": "patient", "clinician": SOFIA,
        "when": Moment(day, day.isoformat(), "day"), "visit": day.isoformat(), "encounter": None, "scores": by_key(instrument, values),
        "answers": values, "declined": (), "extra": {}, "standing": "completed", "source": f"QuestionnaireResponse/{slug}-{visit}",
        "language": instrument.language, "anchors": {one.code: one.label for one in instrument.options if one.label},
    }  # fmt: skip
    return Rating(**(usual | fields))


def sliding(**fields: Any) -> list[Rating]:
    return [rating(visit, sheet, **fields) for visit, sheet in enumerate(SLIDE)]


def judged(among: Sequence[Rating], terms: Terms = TERMS, library: Library = LIBRARY) -> Judgement:
    found = judge(among[-1], among, library=library, terms=terms)
    assert isinstance(found, Judgement)
    return found


def raised(found: Judgement) -> dict[str, str]:
    return {one.rule.id: one.rule.level for one in found.raised}


def left(found: Judgement) -> dict[str, str]:
    return {one.rule.id: one.because for one in found.not_used}


def why(found: Judgement, rule: str) -> Why:
    return explain(found, next(one for one in (*found.raised, *found.quiet) if one.rule.id == rule), TERMS.simulated)


# Levels


@pytest.mark.parametrize(("option", "level"), [("a-little", "discuss"), ("yes", "discuss"), ("no", None), ("rather-not-say", None)])
def test_the_patients_own_answer_is_a_reason_to_talk_from_the_first_rating_on(option: str, level: str | None) -> None:
    found = judged([rating(0, 40, extra={"difficult": option})])
    assert (found.level, raised(found).get("own-answer")) == (level, level)


def test_a_slide_is_a_reason_to_talk_before_any_single_step_is_more_than_chance() -> None:
    visits = sliding()
    assert [judged(visits[: many + 1]).level for many in range(2)] == [None, "shown"]
    found = judged(visits[:4])
    assert raised(found)["pooled"] == "discuss"
    assert "previous" not in raised(found)


def test_the_rule_is_the_one_that_was_simulated_at_three_four_and_five_scores() -> None:
    # 2.58 · 0.40 · √(1 + 1/2) = 1.264; 1.96 · 0.40 = 0.784; 1.96 · 0.40 · √(1/2 + 1/3) = 0.716.
    cases: list[tuple[tuple[int, ...], bool]] = [
        ((45, 45, 34), False), ((45, 45, 33), True), ((45, 45, 38, 38), False), ((45, 45, 38, 37), True),
    ]  # fmt: skip
    for sheets, speaks in cases:
        assert ("pooled" in raised(judged([rating(visit, sheet) for visit, sheet in enumerate(sheets)]))) is speaks, sheets
    parts = why(judged(sliding()), "pooled").parts
    assert [str(one.threshold)[:5] for one in parts] == ["1.191", "0.715"]


def test_three_fallen_answers_are_a_note_and_one_is_only_shown() -> None:
    one, three = ([5] * 9, [5] * 9, [3, *[5] * 8]), ([5] * 9, [5] * 9, [3, 3, 3, *[5] * 6])
    found = judged([rating(visit, sheet) for visit, sheet in enumerate(one)])
    assert (found.level, raised(found)["item-fall"], raised(found)["left-ceiling"]) == ("shown", "shown", "shown")
    found = judged([rating(visit, sheet) for visit, sheet in enumerate(three)])
    assert (found.level, raised(found)["item-fall-three"]) == ("note", "note")


def test_a_rise_an_element_and_the_clinicians_own_line_are_only_shown() -> None:
    sheets: list[Sequence[int]] = [[2] * 9, [2] * 9, [*[4] * 8, 5]]
    found = judged([rating(visit, sheet) for visit, sheet in enumerate(sheets)])
    assert (found.level, {"rise-previous", "rise-baseline", "elements"} <= set(raised(found))) == ("shown", True)
    own = judged([replace(one, informant="clinician") for one in sliding()])
    assert raised(own) == {"clinicians-line": "shown"}


def test_physician_distress_speaks_up_from_its_authors_cut_off_and_belongs_to_whoever_took_the_form() -> None:
    distress = LIBRARY.get("dds-17")
    for answer, level in ((1, None), (2, "discuss")):
        form = rating(0, [answer] * 17, instrument="dds-17", clinician=None)
        found = judged([form])
        assert raised(found).get("physician-distress") == level
        [one] = signals([form], library=LIBRARY, terms=TERMS)
        assert (one.level, one.owner.kind, one.clinician) == (level, "taker", None)
    assert {rule.scale for rule in TERMS.rules if rule.kind == "cutoff"} == {"physician-distress"}
    assert distress.rated == "nobody"


def test_a_form_without_an_error_says_to_look_at_the_answers() -> None:
    found = judged([rating(visit, sheet, instrument="hccq-6") for visit, sheet in enumerate(([7] * 6, [7] * 6, [2] * 6))])
    assert {left(found)[rule] for rule in ("pooled", "previous", "baseline", "own-range")} == {"no_error"}
    assert words.unused(found, next(one for one in found.not_used if one.rule.id == "pooled")) == "No published error: look at the answers."


def test_all_answers_alike_and_the_top_are_not_informative() -> None:
    found = judged([rating(visit, 45) for visit in range(3)])
    assert words.uninformative(found) == (
        "Every answer is the same: not informative, ask openly.",
        "The score is at the best end of its scale: not informative, ask openly.",
    )
    up = judged([rating(visit, sheet) for visit, sheet in enumerate((18, 18, 45))])
    assert left(up)["rise-previous"] == "uninformative"


# One pair of people


def test_a_new_rating_is_at_most_one_reason_to_talk_however_many_rules_and_forms_agree() -> None:
    visits = sliding(extra={"difficult": "yes"})
    sheets = ([5] * 12, [5] * 12, [3] * 12, [3] * 12, [2] * 12)
    visits += [rating(visit, sheet, instrument="wai-sr") for visit, sheet in enumerate(sheets)]
    visits += [replace(one, clinician=TOMAS, source=f"{one.source}-t", extra={}) for one in visits[:2]]
    found = signals(visits, library=LIBRARY, terms=TERMS)
    assert {(one.clinician and one.clinician.name): one.level for one in found} == {"Sofia": "discuss", "Tomas": "shown"}
    sofia = next(one for one in found if one.clinician == SOFIA)
    assert [one.rule.id for one in sofia.reasons if one.rule.level == "discuss"] == ["own-answer", "pooled", "pooled"]
    assert sofia.owner.kind == "clinician"


def test_a_later_rating_by_the_clinician_takes_no_word_of_the_patient_back() -> None:
    patient = rating(0, 40, extra={"difficult": "yes"})
    clinician = replace(rating(1, 45), informant="clinician")
    [one] = signals([patient, clinician], library=LIBRARY, terms=TERMS)
    assert (one.level, one.visit) == ("discuss", patient.visit)


def test_200_ratings_of_one_pair_are_judged() -> None:
    visits = [rating(visit, 40, day=BEGAN + timedelta(days=7 * visit)) for visit in range(200)]
    assert judged(visits).n == 200


# Where a series begins


BEGINS: list[tuple[dict[str, Any], str]] = [
    ({"clinician": TOMAS}, "clinician"), ({"language": "de", "anchors": {"4": "Überwiegend"}}, "language"),
    ({"anchors": {"4": "Often"}}, "anchors"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "begin"), BEGINS)
def test_another_clinician_language_or_set_of_words_begins_anew(changed: dict[str, Any], begin: str) -> None:
    visits = sliding()
    older, newer = [replace(one, **changed) for one in visits[:3]], visits[3:]
    found = judged([*older, *newer])
    assert (found.begins, found.n, left(found)["pooled"]) == ((begin,), 2, "too_few_points")
    assert words.begins(found) is not None


def test_words_that_are_not_told_contradict_none_until_there_are_two_sets() -> None:
    visits = sliding()
    untold = [replace(visits[0], anchors={}), *visits[1:3], replace(visits[3], anchors={}), visits[4]]
    assert (judged(untold).begins, judged(untold).n) == ((), 5)
    words: list[dict[str, str]] = [{"2": "Seldom", "5": "Always"}, {}, {"3": "Sometimes", "5": "Always"}]
    mixed = [replace(one, anchors=each) for one, each in zip(visits[:3], words, strict=True)]
    assert (judged([*mixed, *visits[3:]]).begins, judged([*mixed, *visits[3:]]).n) == (("anchors",), 2)
    assert judged(mixed).n == 3
    last = judged([visits[0], mixed[0], mixed[2], replace(visits[3], anchors={})])
    assert (last.begins, last.n) == (("anchors",), 1)


def test_another_version_begins_anew() -> None:
    older = replace(LIBRARY.get("rapport-check-in"), version="0.0.9")
    library = Library((*LIBRARY.instruments, older))
    visits = sliding()
    found = judged([*(replace(one, version="0.0.9") for one in visits[:3]), *visits[3:]], library=library)
    assert (found.begins, found.n) == (("version",), 2)


def test_a_gap_beyond_the_limit_begins_anew_and_one_within_it_does_not() -> None:
    visits = sliding()
    far = BEGAN + timedelta(days=2 * 91)
    for days, begins, n in ((401, ("gap",), 1), (400, (), 4)):
        day = far + timedelta(days=days)
        last = replace(visits[3], when=Moment(day, day.isoformat(), "day"))
        found = judged([*visits[:3], last])
        assert (found.begins, found.n) == (begins, n)


def test_ratings_of_one_day_are_not_compared_and_the_answer_counts_all_the_same() -> None:
    visits = sliding()
    twin = replace(visits[4], source="QuestionnaireResponse/twin", extra={"difficult": "yes"})
    found = judged([*visits, twin])
    assert (found.level, left(found)["pooled"]) == ("discuss", "refused")
    one = next(one for one in found.not_used if one.rule.id == "pooled")
    assert words.unused(found, one) == "Which of two scores was first is not known, so they are not compared."


def test_a_rating_of_a_version_whose_file_is_gone_is_not_judged() -> None:
    gone = replace(rating(0, 40), version="9.9.9")
    assert judge(gone, [gone], library=LIBRARY, terms=TERMS) == NotJudged(rating=gone, code="version_gone")
    [one] = signals([gone], library=LIBRARY, terms=TERMS)
    assert (one.level, [each.code for each in one.not_judged]) == (None, ["version_gone"])


def test_a_rating_without_a_score_is_not_passed_off_as_the_one_before() -> None:
    empty = {"total": Score(key="total", value=None, text=None, answered=2, of=9, prorated=False, reason=Sentence("2 of 9"))}
    found = judged([*sliding(), replace(rating(5, 27), scores=empty)])
    assert (left(found)["pooled"], found.level) == ("no_score", None)


# Errors


SITE = """
[[error]]
instrument = "rapport-check-in"
value = "{value}"
people = {people}
interval = "two weeks"
interval_days = 14
source = "Retest in our clinic"
signed_by = "B. Person"
valid_from = {begin}
until = {end}
"""


def site(text: str) -> Terms:
    return with_site_terms(TERMS, text, file="signals.toml", library=LIBRARY)


def test_a_sites_own_error_is_used_in_its_days_and_says_that_it_is_of_a_shorter_time() -> None:
    terms = site(SITE.format(value="0.90", people=50, begin="2024-06-01", end="2025-06-01"))
    found = judged(sliding(), terms)
    assert (found.error and found.error.kind, "pooled" in raised(found)) == ("site", False)
    assert words.error_caveats(found) == (
        "The error was measured over 14 days and these visits are 91 days apart, so that more varies by itself.",
    )
    assert words.error_named(found.error, found.instrument.scale("total")) == (
        "Error 0.90: declared by this site from 50 people, signed by B. Person."
    )
    before = site(SITE.format(value="0.90", people=50, begin="2026-01-01", end="2027-01-01"))
    assert raised(judged(sliding(), before)) == raised(judged(sliding()))


def test_the_check_ins_error_is_assumed_and_says_so() -> None:
    found = judged(sliding())
    assert words.error_named(found.error, found.instrument.scale("total")) == "Error 0.40: assumed; none published."


@pytest.mark.parametrize(("slug", "sem"), [("wai-sr", "0.438"), ("wai-gp", "0.367")])
def test_a_published_row_says_what_the_forms_file_says(slug: str, sem: str) -> None:
    row, own = TERMS.error_on(BEGAN, slug, "total", "patient"), precision_of(LIBRARY.get(slug), "total", "patient")
    assert row is not None
    assert isinstance(own, Precision)
    assert (row.precision.sem, f"{own.sem:.3f}") == (own.sem, sem)
    assert row.precision.entry.population == own.entry.population


def test_an_extreme_first_score_is_said_to_be_followed_by_one_nearer_the_middle() -> None:
    high, low, neither = (judged([rating(visit, sheet) for visit, sheet in enumerate(sheets)]) for sheets in ((45, 40), (30, 36), (40, 40)))
    assert [one.extreme for one in (high, low, neither)] == ["high", "low", None]
    scale, simulated = high.instrument.scale("total"), TERMS.simulated.regression_of("rapport-check-in")
    assert "was high: of people whose view had not changed the second was 0.20 lower" in str(words.regression(high, scale, simulated))
    assert "was low: of people whose view had not changed the second was 0.29 higher" in str(words.regression(low, scale, simulated))


# Why


def test_why_has_everything_that_was_computed() -> None:
    found = judged(sliding())
    told = why(found, "pooled")
    assert (told.rule, told.version, told.level, told.speaks) == ("pooled", 1, "discuss", True)
    assert [(one.when.text, one.value, one.roles) for one in told.inputs][:2] == [
        ("2025-01-08", "3.00", ("latest", "last-two")), ("2024-10-09", "3.67", ("last-two",)),
    ]  # fmt: skip
    assert [one.numbers for one in told.parts] == [
        "4.56 → 3.00: 1.557; 2.58 × 0.400 × √(1 + 1/3) = 1.192", "4.56 → 3.34: 1.222; 1.96 × 0.400 × √(1/2 + 1/3) = 0.716",
    ]  # fmt: skip
    assert told.threshold_source.startswith("This project's own rule (assumed)")
    assert told.error_said == "Error 0.40: assumed; none published."
    assert "In people whose view had not changed it spoke up about" in told.how_often
    assert [str(one.retest) for one in told.rates] == ["0.55", "0.70", "0.775", "0.85"]
    assert told.silence.startswith("Silence is no all-clear")


def test_the_numbers_of_a_note_are_those_of_its_threshold() -> None:
    found = judged([rating(visit, sheet) for visit, sheet in enumerate((40, 40, 40, 40, 40, 22))])
    numbers = {rule: why(found, rule).parts[0].numbers for rule in ("previous", "baseline", "peak-check-in", "own-range", "left-ceiling")}
    assert numbers == {
        "previous": "4.44 → 2.44: -2.000; 1.96 × 0.400 × √(1 + 1) = 1.109",
        "baseline": "4.44 → 2.44: -2.000; 1.96 × 0.400 × √(1 + 1/3) = 0.905",
        "peak-check-in": "4.44 → 2.44: -2.000; 1.96 × 0.400 × √(1 + 1) = 1.109",
        "own-range": "4.44 → 2.44: -2.000; 3 × 0.400 = 1.200",
        "left-ceiling": "4.44 → 2.44: -2.000",
    }
    unsteady = judged([rating(visit, sheet) for visit, sheet in enumerate((45, 30, 45, 30, 45, 9))])
    assert why(unsteady, "previous").parts[0].numbers == "5.00 → 1.00: -4.000; 1.96 × 1.480 × √(1 + 1) = 4.104"


def test_what_would_have_changed_it_is_true() -> None:
    visits = sliding()
    told = why(judged(visits), "pooled")
    score, error = (next(part for part in one.split() if part[0].isdigit()) for one in (note.said for note in told.would_change[:2]))
    at_least = replace(visits[-1].scores["total"], value=Decimal(score), text=score)
    better = [*visits[:-1], replace(visits[-1], scores={**visits[-1].scores, "total": at_least})]
    assert "pooled" not in raised(judged(better))
    little_less = replace(at_least, value=Decimal(score) - Decimal("0.01"))
    worse = [*visits[:-1], replace(visits[-1], scores={**visits[-1].scores, "total": little_less})]
    assert "pooled" in raised(judged(worse))
    assert "pooled" not in raised(judged(visits, site(SITE.format(value=error, people=50, begin="2024-01-01", end="2026-01-01"))))


def test_what_a_rule_misses_is_said_beside_it_in_words_of_every_course_that_was_drawn() -> None:
    told = why(judged(sliding()), "pooled")
    assert [one.at for one in told.powers] == [Decimal("21.9"), Decimal("56.4"), Decimal("75.2")]
    assert told.misses[0] == (
        "Of 100 simulated people whose score dropped by one standard deviation at the fourth of six visits 21.9 were named by that visit "
        "and 53.6 by the next (retest 0.775)."
    )
    assert not [one for one in map(words.missed, TERMS.simulated.powers) if "completes" in one]
    assert why(judged(sliding()), "previous").misses == (words.NOT_SIMULATED,)
    assert why(judged(sliding(extra={"difficult": "no"})), "own-answer").misses == (words.UNSAID,)


def test_the_pooled_rule_is_followed_from_score_to_score() -> None:
    found = judged(sliding())
    steps = pooled_steps(next(one for one in found.raised if one.rule.id == "pooled"), found.instrument)
    said = [(str(one.value), *(f"{part.fall:.2f}{'!' * part.reached}" for part in one.parts)) for one in steps]
    assert said == [("3.00", "1.56!", "1.22!"), ("3.67", "0.89", "1.00!"), ("4.00", "0.84"), ("4.67",), ("5.00",)]
    assert [str(one.since) for one in steps] == ["-0.67", "-0.33", "-0.67", "-0.33", "None"]
    assert pooled_steps(next(one for one in found.raised if one.rule.id != "pooled"), found.instrument) == ()


def test_every_finding_can_be_explained_the_silent_ones_too() -> None:
    given = [
        sliding(),
        [rating(visit, 45) for visit in range(7)],
        [rating(visit, sheet) for visit, sheet in enumerate((45, 45, 18, 45, 30, 18))],
    ]
    given += [[replace(one, informant="clinician") for one in sliding()], [rating(0, [2] * 17, instrument="dds-17", clinician=None)]]
    given += [[rating(0, 40, extra={"difficult": "no"})]]
    kinds = set()
    for among in given:
        found = judged(among)
        for looked in (*found.raised, *found.quiet):
            told = explain(found, looked, TERMS.simulated)
            kinds.add(looked.rule.kind)
            assert told.inputs or looked.rule.kind == "item-fall"
            assert told.parts
            notes = (note.said for note in (*told.caveats, *told.would_change))
            assert all(one.endswith(".") for one in (*notes, *told.misses, told.how_often))
            assert told.speaks == any(part.reached for part in told.parts)
    assert kinds == {rule.kind for rule in TERMS.rules}


# Old records


def test_an_old_record_says_the_same_after_rules_errors_and_settings_have_changed() -> None:
    visits = sliding()
    told = [(found := judged(visits[: many + 1]), raised(found)) for many in range(5)]
    changed_on = BEGAN + timedelta(days=5 * 91)
    rules = tuple(replace(rule, retired=changed_on) if rule.id == "pooled" else rule for rule in TERMS.rules)
    pooled = next(rule for rule in TERMS.rules if rule.id == "pooled")
    newer = replace(pooled, version=2, valid_from=changed_on, latest_z=Decimal("9.9"), pair_z=Decimal("9.9"))
    errors = tuple(replace(one, retired=changed_on) for one in TERMS.errors)
    off = f'[[off]]\nrule = "own-answer"\nvalid_from = {changed_on}\nby = "A. Person"\nreason = "Tried."\n'
    terms = with_site_terms(replace(TERMS, rules=(*rules, newer), errors=errors), off, file="signals.toml", library=LIBRARY)
    for (found, was), many in zip(told, range(5), strict=True):
        again = judged(visits[: many + 1], terms)
        assert (raised(again), again.level) == (was, found.level)
        assert [explain(again, one, TERMS.simulated).parts for one in again.raised] == [
            explain(found, one, TERMS.simulated).parts for one in found.raised
        ]
    later = judged([*visits, rating(5, 18, extra={"difficult": "yes"})], terms)
    assert {rule: why_not for rule, why_not in left(later).items() if rule in {"own-answer", "pooled", "previous"}} == {
        "own-answer": "switched_off", "pooled": "no_error", "previous": "no_error",
    }  # fmt: skip


def test_a_role_of_the_site_owns_what_is_said_in_its_days() -> None:
    terms = site(f'[[owner]]\nrole = "psychology team"\nvalid_from = {BEGAN}\nuntil = {BEGAN + timedelta(days=30)}\n')
    kinds = [_only(signals([rating(visit, 40)], library=LIBRARY, terms=terms)).owner.kind for visit in (0, 1)]
    assert kinds == ["role", "clinician"]


def _only(found: tuple[Signal, ...]) -> Signal:
    [one] = found
    return one


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            '[[off]]\nrule = "nothing"\nvalid_from = 2026-01-01\nby = "A"\nreason = "B"\n',
            "there is no rule 'nothing' to switch off; known are",
        ),
        ('[[rule]]\nid = "mine"\n', "a site invents no rule; it switches one off by its id"),
        (SITE.format(value="0.3", people=49, begin="2024-01-01", end="2025-01-01"), "greater than or equal to 50"),
        (SITE.format(value="0.3", people=50, begin="2025-01-01", end="2024-01-01"), "is valid only from"),
        (SITE.format(value="0.3", people=50, begin="2024-01-01", end="2025-01-01") * 2, "both valid on 2024-01-01"),
        (SITE.format(value="0.3", people=50, begin="2024-01-01", end="2025-01-01").replace("rapport-check-in", "wai-99"), "no instrument"),
    ],
)
def test_what_a_site_may_not_do_is_said(text: str, says: str) -> None:
    with pytest.raises(DataFileError, match=r"signals\.toml") as refused:
        site(text)
    assert says in str(refused.value)


def test_a_rule_that_was_retired_cannot_be_switched_off_any_more() -> None:
    terms = replace(TERMS, rules=tuple(replace(one, retired=date(2025, 1, 1)) if one.id == "peak" else one for one in TERMS.rules))
    with pytest.raises(DataFileError, match="'peak' was retired on 2025-01-01; there is nothing to switch off from 2026-01-01 on"):
        with_site_terms(
            terms, '[[off]]\nrule = "peak"\nvalid_from = 2026-01-01\nby = "A"\nreason = "B"\n', file="signals.toml", library=LIBRARY
        )


# Somebody else's word


def test_what_somebody_said_for_the_patient_raises_nothing_and_is_compared_with_nothing() -> None:
    for_them: dict[str, Any] = {"answering": "proxy", "observer": "proxy"}
    visits = [*sliding()[:4], rating(4, 27, extra={"difficult": "yes"}, **for_them)]
    found = judged(visits)
    assert (found.level, raised(found), found.n) == (None, {}, 1)


def test_nor_does_it_make_the_patients_next_rating_look_like_a_fall() -> None:
    high = [rating(visit, 45, answering="proxy", observer="proxy") for visit in range(4)]
    own = [rating(4, 27)]
    found, alone = judged([*high, *own]), judged(own)
    assert (found.level, raised(found), found.n) == (alone.level, raised(alone), alone.n)


def test_with_somebodys_help_it_is_still_the_patients_word() -> None:
    found = judged([rating(0, 40, extra={"difficult": "yes"}, answering="helped")])
    assert found.level == "discuss"
