"""Scores follow the file's rule for every pattern of answers, and an independent engine agrees."""

from decimal import ROUND_HALF_UP, Decimal
from itertools import product

import pytest
from fhirpathpy import evaluate
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.scoring import by_key, score
from tests.fhir_mappings.invented import SCORED
from tests.fhir_mappings.samples import CHECK_IN, LIBRARY, stored, submission

ITEMS = [item.link_id for item in CHECK_IN.items]
ELEMENTS = ("goal", "task", "bond")
FORMS = st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 5))
WHOLE = st.fixed_dictionaries({link_id: st.integers(1, 5) for link_id in ITEMS})


def reversed_all() -> Instrument:
    return replace(CHECK_IN, items=tuple(replace(item, reverse=True) for item in CHECK_IN.items))


def summed(min_answered: int) -> Instrument:
    scales = tuple(
        replace(scale, method="sum", min_answered=min_answered, needs=(), high=5 * len(scale.items), low=len(scale.items))
        for scale in CHECK_IN.scales
    )
    return replace(CHECK_IN, scales=scales)


def test_every_pattern_of_missing_items_is_scored_by_the_rule() -> None:
    for pattern in product([True, False], repeat=9):
        answered = [link_id for link_id, given in zip(ITEMS, pattern, strict=True) if given]
        found = score(CHECK_IN, dict.fromkeys(answered, 3))
        counts = {key: sum(link_id.startswith(key) for link_id in answered) for key in ELEMENTS}
        assert {key: found[key].value is not None for key in ELEMENTS} == {key: count >= 2 for key, count in counts.items()}
        assert (found["total"].value is not None) == all(count >= 2 for count in counts.values())
        assert found["total"].answered == len(answered)


def test_a_score_that_the_rule_does_not_allow_says_why() -> None:
    found = score(CHECK_IN, dict.fromkeys([*ITEMS[:6], "bond-1"], 4))
    assert found["bond"].reason == "1 of 3 answered, the rule needs 2"
    assert found["total"].reason == "it needs the score of bond"
    assert (found["total"].value, found["total"].text, found["total"].answered) == (None, None, 7)


@pytest.mark.parametrize(("given", "text"), [((4, 4, 5), "4.33"), ((1, 2, 2), "1.67"), ((5, 5, 5), "5.00")])
def test_a_mean_has_two_decimals(given: tuple[int, ...], text: str) -> None:
    assert score(CHECK_IN, dict(zip(ITEMS[:3], given, strict=True)))["goal"].text == text


def test_a_mean_of_some_items_is_marked_as_such() -> None:
    found = score(CHECK_IN, {"goal-1": 4, "goal-3": 5})["goal"]
    assert (found.text, found.prorated, found.answered, found.of) == ("4.50", True, 2, 3)


def test_a_sum_with_items_missing_is_prorated_to_all() -> None:
    assert score(summed(2), {"goal-1": 4, "goal-2": 5})["goal"].value == Decimal("13.50")
    assert score(summed(2), {"goal-1": 4, "goal-2": 5, "goal-3": 1})["goal"].value == 10


@given(FORMS)
def test_scores_stay_within_their_bounds(values: dict[str, int]) -> None:
    for instrument in (CHECK_IN, reversed_all(), summed(1)):
        for key, found in score(instrument, values).items():
            assert found.value is None or instrument.scale(key).low <= found.value <= instrument.scale(key).high
            assert (found.value is None) == (found.reason is not None)


@given(FORMS, st.sampled_from(ITEMS))
def test_a_higher_answer_never_lowers_a_score(values: dict[str, int], raised: str) -> None:
    higher = values | {raised: min(values.get(raised, 5) + 1, 5)} if raised in values else values
    before, after = score(CHECK_IN, values), score(CHECK_IN, higher)
    assert all((after[key].value or 0) >= (one.value or 0) for key, one in before.items())


@given(FORMS)
def test_reversed_items_mirror_and_twice_mirrored_is_as_before(values: dict[str, int]) -> None:
    mirrored = {link_id: 6 - value for link_id, value in values.items()}
    assert score(reversed_all(), mirrored) == score(CHECK_IN, values)


@given(FORMS, st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(values: dict[str, int], random: object) -> None:
    shuffled = list(values.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert score(CHECK_IN, dict(shuffled)) == score(CHECK_IN, values)


@given(FORMS)
def test_answers_to_other_forms_are_ignored(values: dict[str, int]) -> None:
    assert score(CHECK_IN, values | {"elsewhere": 99}) == score(CHECK_IN, values)


@pytest.mark.parametrize("signs", ["444 345 554", "111 555 123", "4x5 .45 55x", "5.. 444 333", "xxx xxx xxx"])
def test_fhirpath_on_the_stored_codes_gives_the_same_means(signs: str) -> None:
    made = submission(signs)
    response = stored(made)["response"]
    for key in ELEMENTS:
        codes = f"item.where(linkId = '{key}').item.answer.valueCoding.code"
        [total] = evaluate(response, f"{codes}.select($this.toInteger()).aggregate($this + $total, 0)")
        [count] = evaluate(response, f"{codes}.count()")
        mean = (Decimal(total) / count).quantize(Decimal("0.01"), ROUND_HALF_UP) if count >= 2 else None
        assert made.scores[key].value == mean


@given(WHOLE)
def test_the_total_is_the_mean_of_all_answers(values: dict[str, int]) -> None:
    mean = (Decimal(sum(values.values())) / 9).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert score(CHECK_IN, values)["total"].value == mean


@given(FORMS)
def test_a_score_has_a_value_or_a_reason_for_its_absence_and_never_both(values: dict[str, int]) -> None:
    instruments = [CHECK_IN, reversed_all(), summed(3), *LIBRARY.instruments, *SCORED]
    for instrument in instruments:
        everything = {item.link_id: values.get(CHECK_IN.items[place % 9].link_id, 3) for place, item in enumerate(instrument.items)}
        for given_values in (values, everything, {}):
            for found in (score(instrument, given_values), by_key(instrument, given_values)):
                for one in found.values():
                    assert (one.value is None) == (one.text is None) == (one.absent is not None) == (one.reason is not None)
                    assert one.absent in {None, "not-performed", "unsupported"}


def test_the_code_tells_a_rule_that_was_not_met_from_a_key_nobody_vouches_for() -> None:
    too_few = score(CHECK_IN, dict.fromkeys([*ITEMS[:6], "bond-1"], 4))
    assert {key: found.absent for key, found in too_few.items()} == {
        "total": "not-performed",
        "goal": None,
        "task": None,
        "bond": "not-performed",
    }
    unconfirmed = LIBRARY.get("wai-sr")
    assert unconfirmed.why_unscored
    whole = score(unconfirmed, dict.fromkeys((item.link_id for item in unconfirmed.items), 3))
    assert {found.absent for found in whole.values()} == {"unsupported"}
