"""The shipped instruments hold what their sources state: sizes, keys, ranges, rules and cut-offs, written here a second time."""

import re
from decimal import Decimal
from importlib.resources import files
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.instruments.answers import Answers, parse
from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.instruments.scores import Score
from fhir_mappings.instruments.scoring import by_key, score
from fhir_mappings.instruments.toml_reader import read_instrument
from fhir_mappings.ratings.rating_reader import read_ratings
from tests.fhir_mappings.records import WHO
from tests.fhir_mappings.samples import BASE, LIBRARY, stored, submission

FILES = {
    file.name.removesuffix(".toml"): file.read_text(encoding="utf-8") for file in (files("fhir_mappings.instruments") / "files").iterdir()
}
ALL = {instrument.slug: instrument for instrument in LIBRARY.newest}
OLDER = {"rapport-check-in-0.1.0": ("rapport-check-in", "0.1.0")}
SCORED = [slug for slug, instrument in ALL.items() if instrument.scales]
SHIPS_WORDING = "rapport-check-in"
SEVEN, SIX, FIVE = [1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5]
ZERO_TO_FOUR, WITHOUT_ZERO = [0, 1, 2, 3, 4], [-3, -2, -1, 1, 2, 3]
PATIENT: tuple[Informant, ...] = ("patient",)
CLINICIAN: tuple[Informant, ...] = ("clinician",)
BOTH: tuple[Informant, ...] = ("patient", "clinician")

# Slug: items, option values, informants.
STRUCTURE: dict[str, tuple[int, list[int], tuple[Informant, ...]]] = {
    "rapport-check-in": (9, FIVE, BOTH),
    "wai-36": (36, SEVEN, ("patient", "clinician", "observer")),
    "wai-s": (12, SEVEN, PATIENT),
    "wai-sr": (12, FIVE, PATIENT),
    "wai-srt-10": (10, FIVE, CLINICIAN),
    "wai-srt-12": (12, FIVE, CLINICIAN),
    "wai-gp": (12, FIVE, BOTH),
    "blri-os-64": (64, WITHOUT_ZERO, PATIENT),
    "blri-mo-64": (64, WITHOUT_ZERO, CLINICIAN),
    "blri-mini-12": (12, WITHOUT_ZERO, PATIENT),
    "calpas-p": (24, SEVEN, PATIENT),
    "calpas-t": (24, SEVEN, CLINICIAN),
    "star-p": (12, ZERO_TO_FOUR, PATIENT),
    "star-c": (12, ZERO_TO_FOUR, CLINICIAN),
    "haq2-alliance": (19, SIX, BOTH),
    "arm-5": (5, SEVEN, PATIENT),
    "arm-12": (12, SEVEN, PATIENT),
    "hccq-6": (6, SEVEN, PATIENT),
    "hccq-15": (15, SEVEN, PATIENT),
    "care-empathy": (10, FIVE, PATIENT),
    "dds-17": (17, SIX, PATIENT),
    "dds-2": (2, SIX, PATIENT),
    "pacic-20": (20, FIVE, PATIENT),
    "who-5": (5, [0, 1, 2, 3, 4, 5], PATIENT),
    "dses-8": (8, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], PATIENT),
    "paid-20": (0, [], ()),
    "paid-5": (0, [], ()),
}
# Slug: each scale's size and range.
RANGES = {
    "rapport-check-in": {"total": (9, 1, 5), "goal": (3, 1, 5), "task": (3, 1, 5), "bond": (3, 1, 5)},
    "wai-36": {"total": (36, 36, 252), "goal": (12, 12, 84), "task": (12, 12, 84), "bond": (12, 12, 84)},
    "wai-s": {"total": (12, 12, 84), "goal": (4, 4, 28), "task": (4, 4, 28), "bond": (4, 4, 28)},
    "wai-sr": {"total": (12, 1, 5), "goal": (4, 1, 5), "task": (4, 1, 5), "bond": (4, 1, 5)},
    "wai-gp": {"total": (12, 1, 5)},
    "star-p": {
        "total": (12, 0, 48),
        "positive-collaboration": (6, 0, 24),
        "positive-clinician-input": (3, 0, 12),
        "non-supportive-clinician-input": (3, 0, 12),
    },
    "star-c": {
        "total": (12, 0, 48),
        "positive-collaboration": (6, 0, 24),
        "positive-clinician-input": (3, 0, 12),
        "emotional-difficulties": (3, 0, 12),
    },
    "haq2-alliance": {"total": (19, 19, 114)},
    "arm-5": {"total": (5, 1, 7)},
    "hccq-6": {"total": (6, 1, 7)},
    "hccq-15": {"total": (15, 1, 7)},
    "care-empathy": {"total": (10, 10, 50)},
    "dds-17": {
        "total": (17, 1, 6),
        "emotional-burden": (5, 1, 6),
        "physician-distress": (4, 1, 6),
        "regimen-distress": (5, 1, 6),
        "interpersonal-distress": (3, 1, 6),
    },
    "dds-2": {"total": (2, 1, 6)},
    "pacic-20": {
        "total": (20, 1, 5),
        "activation": (3, 1, 5),
        "delivery": (3, 1, 5),
        "goal-setting": (5, 1, 5),
        "problem-solving": (4, 1, 5),
        "follow-up": (5, 1, 5),
    },
    "who-5": {"total": (5, 0, 100)},
    "dses-8": {"total": (8, 1, 10)},
}
# Slug: each subscale's items by their number.
SUBSCALES = {
    "wai-36": {
        "goal": [3, 6, 9, 10, 12, 14, 22, 25, 27, 30, 32, 34],
        "task": [2, 4, 7, 11, 13, 15, 16, 18, 24, 31, 33, 35],
        "bond": [1, 5, 8, 17, 19, 20, 21, 23, 26, 28, 29, 36],
    },
    "wai-s": {"goal": [4, 6, 10, 11], "task": [1, 2, 8, 12], "bond": [3, 5, 7, 9]},
    "wai-sr": {"goal": [4, 6, 8, 11], "task": [1, 2, 10, 12], "bond": [3, 5, 7, 9]},
    "star-p": {
        "positive-collaboration": [2, 3, 5, 6, 8, 11],
        "positive-clinician-input": [1, 10, 12],
        "non-supportive-clinician-input": [4, 7, 9],
    },
    "star-c": {
        "positive-collaboration": [1, 2, 5, 7, 10, 12],
        "positive-clinician-input": [3, 8, 11],
        "emotional-difficulties": [4, 6, 9],
    },
    "dds-17": {
        "emotional-burden": [1, 4, 7, 10, 14],
        "physician-distress": [2, 5, 11, 15],
        "regimen-distress": [3, 6, 8, 12, 16],
        "interpersonal-distress": [9, 13, 17],
    },
    "pacic-20": {
        "activation": [1, 2, 3],
        "delivery": [4, 5, 6],
        "goal-setting": [7, 8, 9, 10, 11],
        "problem-solving": [12, 13, 14, 15],
        "follow-up": [16, 17, 18, 19, 20],
    },
}
REVERSED = {
    "wai-36": [1, 3, 7, 9, 10, 11, 12, 15, 20, 27, 29, 31, 33, 34],
    "wai-s": [4, 10],
    "star-p": [4, 7, 9],
    "star-c": [4, 6, 9],
    "haq2-alliance": [4, 8, 11, 16, 19],
    "arm-5": [3],
    "hccq-15": [13],
}
# Scale: the fewest items a score needs, where that is not all of them.
FEWEST = {
    "rapport-check-in": {"total": 6, "goal": 2, "task": 2, "bond": 2},
    "wai-s": {"total": 10, "goal": 3, "task": 3, "bond": 3},
    "wai-sr": {"total": 10, "goal": 3, "task": 3, "bond": 3},
    "wai-gp": {"total": 10},
    "care-empathy": {"total": 8},
    "pacic-20": {"activation": 1, "delivery": 1, "goal-setting": 1, "problem-solving": 1, "follow-up": 1},
    "dses-8": {"total": 6},
}


def numbered(instrument: Instrument, values: dict[int, int]) -> dict[str, int]:
    """Answers by the item's number as answers by link id."""
    return {item.link_id: values[item.number] for item in instrument.items if item.number in values}


def scored(slug: str, values: dict[int, int]) -> dict[str, Score]:
    return by_key(ALL[slug], numbered(ALL[slug], values))


def every(slug: str, value: int, **changes: int) -> dict[int, int]:
    """The same answer to every item; `item_3=5` answers the third otherwise."""
    return {item.number: changes.get(f"item_{item.number}", value) for item in ALL[slug].items}


def values_of(instrument: Instrument) -> list[int]:
    return [option.value for option in instrument.options if option.value is not None]


def sheets(instrument: Instrument) -> st.SearchStrategy[dict[str, int]]:
    """Any answers to an instrument, with any items left out."""
    answer = st.sampled_from(values_of(instrument))
    return st.fixed_dictionaries({}, optional={item.link_id: answer for item in instrument.items})


def test_every_file_is_read_and_named_after_its_instrument() -> None:
    read = {name: read_instrument(text, file=f"{name}.toml") for name, text in FILES.items()}
    assert {name: (one.slug, one.version) for name, one in read.items() if one.slug != name} == OLDER
    assert set(FILES) - set(OLDER) == set(ALL) == set(STRUCTURE)


@pytest.mark.parametrize("slug", STRUCTURE)
def test_items_answers_and_informants_are_those_of_the_source(slug: str) -> None:
    instrument, (items, values, informants) = ALL[slug], STRUCTURE[slug]
    assert [item.number for item in instrument.items] == list(range(1, items + 1))
    assert values_of(instrument) == values
    assert tuple(instrument.forms) == informants


@pytest.mark.parametrize("slug", STRUCTURE)
def test_sizes_and_ranges_are_those_of_the_source(slug: str) -> None:
    assert {scale.key: (len(scale.items), scale.low, scale.high) for scale in ALL[slug].scales} == RANGES.get(slug, {})


@pytest.mark.parametrize("slug", STRUCTURE)
def test_only_distress_is_better_when_lower(slug: str) -> None:
    better = "lower" if slug.startswith(("dds-", "paid-")) else "higher"
    assert {ALL[slug].better, *(scale.better for scale in ALL[slug].scales)} == {better}
    assert ("distress" in ALL[slug].direction) == (better == "lower")


def test_a_scale_may_be_better_at_the_other_end_than_its_instrument() -> None:
    text = FILES["star-c"].replace('direction = "higher = fewer emotional difficulties"', 'direction = "higher = more"\nbetter = "lower"')
    read = read_instrument(text, file="star-c.toml")
    assert [(scale.key, scale.better) for scale in read.scales][0::3] == [("total", "higher"), ("emotional-difficulties", "lower")]
    silent = read_instrument(FILES["star-c"].replace('better = "higher"\n', ""), file="star-c.toml")
    assert {scale.better for scale in silent.scales} == {None}


@pytest.mark.parametrize("slug", STRUCTURE)
def test_a_score_needs_as_many_items_as_its_rule_says(slug: str) -> None:
    fewer = {scale.key: scale.min_answered for scale in ALL[slug].scales if scale.min_answered < len(scale.items)}
    assert fewer == FEWEST.get(slug, {})


@pytest.mark.parametrize("slug", SUBSCALES)
def test_subscales_hold_the_items_of_the_source_and_share_none(slug: str) -> None:
    instrument = ALL[slug]
    number = {item.link_id: item.number for item in instrument.items}
    found = {scale.key: [number[one] for one in scale.items] for scale in instrument.scales if scale.key != "total"}
    assert found == SUBSCALES[slug]
    assert sorted(one for items in found.values() for one in items) == sorted(number.values())


@pytest.mark.parametrize("slug", SCORED)
def test_an_item_names_the_subscale_that_counts_it(slug: str) -> None:
    instrument = ALL[slug]
    counted = {link_id: scale.key for scale in instrument.scales if scale.key != "total" for link_id in scale.items}
    assert {item.link_id: item.scale for item in instrument.items if item.scale} == counted
    assert set(instrument.scale("total").items) == {item.link_id for item in instrument.items}


@pytest.mark.parametrize("slug", STRUCTURE)
def test_reversed_items_are_those_of_the_source(slug: str) -> None:
    assert [item.number for item in ALL[slug].items if item.reverse] == REVERSED.get(slug, [])


def test_only_these_instruments_are_scored_without_a_confirmation() -> None:
    assert {slug for slug, one in ALL.items() if one.why_unscored is None} == {
        "rapport-check-in", "arm-5", "hccq-6", "hccq-15", "care-empathy", "who-5", "dses-8",
    }  # fmt: skip


def test_these_instruments_have_no_known_key() -> None:
    assert {slug for slug, one in ALL.items() if not one.scales} == {
        "wai-srt-10", "wai-srt-12", "blri-os-64", "blri-mo-64", "blri-mini-12", "calpas-p", "calpas-t", "arm-12", "paid-20", "paid-5",
    }  # fmt: skip


def test_an_unconfirmed_key_gives_no_score() -> None:
    sheet = numbered(ALL["wai-sr"], every("wai-sr", 5))
    assert by_key(ALL["wai-sr"], sheet)["total"].value == 5
    assert {found.value for found in score(ALL["wai-sr"], sheet).values()} == {None}


@pytest.mark.parametrize("slug", ALL)
def test_no_wording_is_shipped_except_our_own(slug: str) -> None:
    instrument = ALL[slug]
    items, questions = [item.text for item in instrument.items], [question.text for question in instrument.questions]
    texts = [*items, *questions, *(section.title or section.help for section in instrument.sections)]
    labels = [option.label for option in instrument.options]
    intros = [form.intro for form in instrument.forms.values()]
    has_wording = any(texts) or any(labels) or any(intros)
    assert has_wording == instrument.rights.wording_ships == (slug == SHIPS_WORDING)
    assert (instrument.language is not None) == has_wording


@pytest.mark.parametrize("slug", ALL)
def test_every_source_is_named_and_no_private_mark_is_left(slug: str) -> None:
    instrument = ALL[slug]
    claims = [claim.source for claim in instrument.claims]
    figures = [*(one.citation for one in instrument.reliability), *(one.citation for one in instrument.cutoffs)]
    texts = [*claims, *figures, *(one.text for one in instrument.citations)]
    assert all(len(text.split()) > 1 for text in texts)
    assert not [text for text in texts if re.search(r"\[|V-dir|\bV \d|\bB-(hi|med|lo)\b", text)]
    assert not [claim for claim in instrument.claims if claim.certainty == "verified" and "not checked" in claim.source]
    assert instrument.rights.permission or instrument.rights.wording_ships


@pytest.mark.parametrize("slug", ["arm-5", "hccq-6", "hccq-15", "who-5", "care-empathy", "dses-8"])
def test_a_key_used_without_confirmation_names_a_source_for_each_part(slug: str) -> None:
    parts = ["options", "reversal", "scores", *(["missing"] if slug in FEWEST else [])]
    assert {claim.part: claim.certainty for claim in ALL[slug].claims} == dict.fromkeys(parts, "verified")


def test_a_rule_that_was_only_read_into_its_source_is_not_called_verified() -> None:
    [missing] = [claim for claim in ALL["pacic-20"].claims if claim.part == "missing"]
    assert (missing.certainty, "read as" in missing.source) == ("unverified", True)


def test_two_marks_on_a_sheet_are_typed_in_as_its_author_says() -> None:
    said = {slug: form.sheet for slug, one in ALL.items() for form in one.forms.values() if form.sheet}
    assert set(said) == {"dses-8"}
    assert ["lower" in said["dses-8"], "not scored" in said["dses-8"]] == [True, True]


def test_well_being_is_asked_about_two_weeks() -> None:
    assert ALL["who-5"].recall == "the past two weeks"


def test_a_licence_is_not_called_freer_than_the_holder_calls_it() -> None:
    """The paper says public domain, the holder's page reserves commercial use and any change: the stricter one holds."""
    rights = ALL["pacic-20"].rights
    assert (rights.wording_ships, "non-commercial" in rights.licence, "Public domain" in rights.licence) == (False, True, False)


def test_cut_offs_are_only_the_published_ones() -> None:
    found = {(slug, cut.scale, cut.side, str(cut.value)) for slug, one in ALL.items() for cut in one.cutoffs}
    parts = SUBSCALES["dds-17"]
    assert found == {
        ("dds-17", "total", "at least", "2.0"),
        ("dds-17", "total", "at least", "3.0"),
        *(("dds-17", part, "at least", "2.0") for part in parts),
        ("dds-2", "total", "at least", "3"),
        ("who-5", "total", "at most", "50"),
        ("who-5", "total", "at most", "28"),
    }
    assert all(cut.population for one in ALL.values() for cut in one.cutoffs)


def test_no_cut_off_is_called_after_a_diagnosis() -> None:
    """A questionnaire measures, or says whom to screen; what somebody has, a clinician finds."""
    said = [cut.meaning for one in ALL.values() for cut in one.cutoffs] + [one.description for one in ALL.values()]
    named = re.compile(r"depress|anxi|disorder|diagnos|caseness|syndrome|likely|probable", re.IGNORECASE)
    assert [words for words in said if named.search(words)] == ["screen for depression"]


# Published or worked figures

# Every item answered with the lowest option: a reversed item counts the highest.
ALL_LOWEST = {
    "wai-36": {"total": "120", "goal": "48", "task": "42", "bond": "30"},
    "wai-s": {"total": "24", "goal": "16", "task": "4", "bond": "4"},
    "wai-sr": {"total": "1.00", "goal": "1.00", "task": "1.00", "bond": "1.00"},
    "star-p": {"total": "12", "positive-collaboration": "0", "positive-clinician-input": "0", "non-supportive-clinician-input": "12"},
    "star-c": {"total": "12", "positive-collaboration": "0", "positive-clinician-input": "0", "emotional-difficulties": "12"},
    "haq2-alliance": {"total": "44"},
    "arm-5": {"total": "2.20"},
    "hccq-6": {"total": "1.00"},
    "hccq-15": {"total": "1.40"},
    "care-empathy": {"total": "10"},
    "dds-2": {"total": "1.00"},
    "who-5": {"total": "0"},
    "dses-8": {"total": "1.00"},
}


@pytest.mark.parametrize("slug", ALL_LOWEST)
def test_a_sheet_of_lowest_answers_scores_what_the_key_says(slug: str) -> None:
    lowest = min(values_of(ALL[slug]))
    assert {key: found.text for key, found in scored(slug, every(slug, lowest)).items()} == ALL_LOWEST[slug]


@pytest.mark.parametrize("slug", SCORED)
def test_the_best_and_the_worst_sheet_reach_the_ends_of_every_range(slug: str) -> None:
    low, high = min(values_of(ALL[slug])), max(values_of(ALL[slug]))
    best = {item.number: low if item.reverse else high for item in ALL[slug].items}
    worst = {item.number: high if item.reverse else low for item in ALL[slug].items}
    for scale in ALL[slug].scales:
        assert scored(slug, worst)[scale.key].value == scale.low
        assert scored(slug, best)[scale.key].value == scale.high


@pytest.mark.parametrize(("answers", "raw"), [((0, 0, 0, 0, 0), 0), ((2, 2, 3, 3, 3), 13), ((2, 2, 2, 3, 3), 12), ((5, 5, 5, 5, 5), 25)])
def test_who_5_is_the_raw_sum_times_four(answers: tuple[int, ...], raw: int) -> None:
    found = scored("who-5", dict(enumerate(answers, start=1)))["total"].value
    assert found == 4 * raw
    assert found != 4 * (raw - 5)  # as a calculator on the web has it


def test_who_5_calls_a_raw_sum_below_thirteen_low() -> None:
    low = ALL["who-5"].cutoffs[0]
    found = {raw: scored("who-5", {1: 5, 2: 5, 3: raw - 10, 4: 0, 5: 0})["total"].value for raw in (12, 13)}
    assert {raw: value is not None and value <= low.value for raw, value in found.items()} == {12: True, 13: False}


def test_who_5_needs_all_five_items() -> None:
    found = scored("who-5", {1: 3, 2: 3, 3: 3, 4: 3})["total"]
    assert (found.value, found.reason) == (None, "4 of 5 answered, the rule needs 5")


def test_a_sheet_of_twos_reaches_the_lower_threshold_of_diabetes_distress() -> None:
    found = scored("dds-17", every("dds-17", 2))
    reached = [cut for cut in ALL["dds-17"].cutoffs if (found[cut.scale].value or 0) >= cut.value]
    assert [cut.scale for cut in reached] == ["total", *SUBSCALES["dds-17"]]
    assert {found.text for found in scored("dds-17", every("dds-17", 3)).values()} == {"3.00"}


def test_distress_about_physicians_is_the_mean_of_its_four_items() -> None:
    found = scored("dds-17", every("dds-17", 1, item_2=6, item_5=3, item_11=2, item_15=1))
    assert (found["physician-distress"].text, found["emotional-burden"].text, found["total"].text) == ("3.00", "1.00", "1.47")


def test_item_13_of_the_long_climate_questionnaire_counts_eight_minus_the_answer() -> None:
    found = {answer: scored("hccq-15", every("hccq-15", 4, item_13=answer))["total"].value for answer in range(1, 8)}
    assert found == {answer: round(Decimal(14 * 4 + 8 - answer) / 15, 2) for answer in range(1, 8)}
    assert scored("hccq-6", every("hccq-6", 7))["total"].text == "7.00"


def test_item_3_of_the_agnew_measure_is_reversed_before_the_mean() -> None:
    assert scored("arm-5", every("arm-5", 6, item_3=2))["total"].text == "6.00"
    assert scored("arm-5", every("arm-5", 6, item_3=6))["total"].text == "5.20"


def test_the_care_measure_replaces_up_to_two_answers_by_the_mean_of_the_rest() -> None:
    [odd] = [option for option in ALL["care-empathy"].options if option.value is None]
    assert odd.code == "does-not-apply"
    eight = dict.fromkeys(range(1, 9), 4)
    found = scored("care-empathy", eight)["total"]
    assert (found.text, found.prorated, found.answered) == ("40", True, 8)
    assert scored("care-empathy", dict.fromkeys(range(1, 8), 4))["total"].value is None


def test_chronic_care_scales_are_means_of_what_was_completed_and_the_overall_score_needs_all() -> None:
    found = scored("pacic-20", {7: 2, 8: 5, 20: 4})
    assert (found["goal-setting"].text, found["follow-up"].text, found["activation"].value) == ("3.50", "4.00", None)
    assert found["total"].value is None
    assert scored("pacic-20", every("pacic-20", 3))["total"].text == "3.00"


@pytest.mark.parametrize(("missing", "is_scored"), [(2, True), (3, False)])
def test_self_efficacy_is_not_scored_with_more_than_two_items_missing(missing: int, is_scored: bool) -> None:
    found = scored("dses-8", dict.fromkeys(range(1, 9 - missing), 7))["total"]
    assert (found.text == "7.00") == is_scored == (found.value is not None)


@pytest.mark.parametrize("slug", ["wai-s", "wai-sr", "wai-gp"])
def test_short_working_alliance_forms_are_scored_with_ten_of_twelve(slug: str) -> None:
    plain = [item.number for item in ALL[slug].items if not item.reverse]
    assert scored(slug, dict.fromkeys(plain[:10], 4))["total"].value == {"wai-s": 48}.get(slug, 4)
    assert scored(slug, dict.fromkeys(plain[:9], 4))["total"].value is None


@pytest.mark.parametrize("slug", ["paid-20", "paid-5", "calpas-p", "calpas-t", "blri-os-64"])
def test_an_instrument_without_a_key_is_never_scored(slug: str) -> None:
    assert by_key(ALL[slug], numbered(ALL[slug], every(slug, 3))) == {}
    assert ALL[slug].why_unscored == "No scoring key is known for it."


def test_a_form_without_zero_keeps_its_signs() -> None:
    assert [(option.code, option.value) for option in ALL["blri-os-64"].options] == [
        ("minus-3", -3), ("minus-2", -2), ("minus-1", -1), ("1", 1), ("2", 2), ("3", 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("slug", "kind", "points"),
    [
        ("wai-sr", "alpha", 0.63),
        ("wai-sr", "icc", 1.21),
        ("wai-gp", "alpha", 0.38),
        ("wai-gp", "icc", 1.02),
    ],
)
def test_reliability_gives_the_reliable_change_worked_out_from_the_same_sources(slug: str, kind: str, points: float) -> None:
    [entry] = [one for one in ALL[slug].reliability if one.r_type == kind]
    assert entry.sd is not None
    assert entry.r is not None
    change = 1.96 * sqrt(2) * float(entry.sd) * sqrt(1 - float(entry.r))
    assert change == pytest.approx(points, abs=0.01 if points < 2 else 0.05)


def test_only_these_reliabilities_were_seen_for_exactly_the_score_they_stand_at() -> None:
    entries = [(slug, one) for slug, instrument in ALL.items() for one in instrument.reliability]
    assert {(slug, one.r_type, str(one.r)) for slug, one in entries if one.certainty == "verified"} == {
        ("wai-gp", "alpha", "0.957"),
        ("hccq-6", "alpha", "0.91"),
        ("hccq-6", "retest", "0.55"),
        ("hccq-6", "icc", "0.54"),
        ("who-5", "icc", "0.87"),
    }
    assert all(one.population and one.r is not None for _, one in entries)


def test_no_form_is_called_about_as_long_as_a_source_calls_the_longest_it_takes() -> None:
    assert ALL["care-empathy"].forms["patient"].minutes is None


def test_well_being_has_a_published_smallest_detectable_change() -> None:
    [entry] = ALL["who-5"].reliability
    assert (str(entry.mdc), str(entry.r), entry.r_type, entry.certainty) == ("18.56", "0.87", "icc", "verified")


# Any answers


@pytest.mark.parametrize("slug", ALL)
@given(data=st.data())
def test_every_score_lies_in_its_range_or_says_why_there_is_none(slug: str, data: st.DataObject) -> None:
    instrument = ALL[slug]
    for key, found in by_key(instrument, data.draw(sheets(instrument)) if instrument.items else {}).items():
        assert (found.value is None) == (found.reason is not None)
        assert found.value is None or instrument.scale(key).low <= found.value <= instrument.scale(key).high


@pytest.mark.parametrize("slug", SCORED)
@given(data=st.data())
def test_a_mirrored_sheet_mirrors_every_score(slug: str, data: st.DataObject) -> None:
    instrument = ALL[slug]
    sheet = data.draw(sheets(instrument))
    ends = min(values_of(instrument)) + max(values_of(instrument))
    before, after = by_key(instrument, sheet), by_key(instrument, {link_id: ends - value for link_id, value in sheet.items()})
    for scale in instrument.scales:
        one, other = before[scale.key].value, after[scale.key].value
        assert (one is None) == (other is None)
        # Both are rounded half up, so the two may miss their sum by one hundredth.
        assert one is None or other is None or abs(one + other - scale.low - scale.high) <= Decimal("0.01")


# The whole way, through the form and the record


@pytest.mark.parametrize(("slug", "informant"), [(slug, informant) for slug, one in ALL.items() for informant in one.forms])
def test_every_form_is_taken_stored_and_read_back_with_its_scores(slug: str, informant: Informant) -> None:
    instrument = ALL[slug]
    codes = [option.code for option in instrument.options]
    fields = {item.link_id: [codes[item.number % len(codes)]] for item in instrument.items}
    answers = parse(instrument, informant, fields)
    assert isinstance(answers, Answers)
    made = submission(informant=informant, instrument=instrument, answers=answers, scores=score(instrument, answers.values))
    parts = stored(made)
    observations = [one for one in parts.values() if one["resourceType"] == "Observation"]
    [rating], skipped = read_ratings(LIBRARY, [parts["response"]], observations, patient=WHO, base=BASE)
    assert skipped == []
    assert (rating.instrument, rating.version, rating.informant) == (slug, instrument.version, informant)
    assert (rating.answers, rating.extra) == (answers.values, answers.extra)
    assert {key: one.text for key, one in rating.scores.items()} == {key: one.text for key, one in made.scores.items()}


# Files that contradict themselves


@pytest.mark.parametrize(
    ("slug", "old", "new", "key"),
    [
        ("wai-sr", "items = [4, 6, 8, 11]", "items = [4, 6, 8, 13]", "scale.goal.items"),
        ("wai-sr", "items = [4, 6, 8, 11]", "items = [4, 6, 8, 8]", "scale.goal.items"),
        ("wai-sr", 'part = "missing"', 'part = "options"', "claim"),
        ("wai-sr", "number = 12", "number = 12\ntext.patient = 'x'", "item.item-12.text"),
        ("wai-sr", 'code = "3"', 'code = "3"\nlabel = "x"', "option.label"),
        ("wai-sr", 'sd = "0.8"', 'sd = "much"', "reliability.0.sd"),
        ("wai-sr", 'sd = "0.8"', 'sd = "NaN"', "reliability.0.sd"),
        ("wai-sr", 'sd = "0.8"', 'sd = "-0.8"', "reliability.0.sd"),
        ("wai-sr", 'r = "0.70"', 'r = "1.70"', "reliability.0.r"),
        ("wai-sr", 'r_type = "icc"', 'r_type = "kappa"', "reliability.0.r_type"),
        ("who-5", 'value = "50"', 'value = "101"', "cutoff.value"),
        ("who-5", 'scale = "total"\nside', 'scale = "mood"\nside', "cutoff.scale"),
        ("who-5", 'factor = "4"', 'factor = "0"', "scale.0.factor"),
        ("who-5", 'factor = "4"', 'factor = "4"\nweight = 2', "scale.0.weight"),
        ("who-5", 'rated = "nobody"', 'rated = "family"', "instrument.rated"),
    ],
)
def test_a_file_whose_parts_disagree_is_refused_by_its_key(slug: str, old: str, new: str, key: str) -> None:
    assert old in FILES[slug]
    with pytest.raises(DataFileError) as caught:
        read_instrument(FILES[slug].replace(old, new, 1), file="mine.toml")
    assert caught.value.key == key
