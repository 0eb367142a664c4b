from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.units.ucum import canonical, is_one_unit, notes_in

UNITS = sorted({unit.code for measure in load_measures() for unit in measure.units})


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ("mmol/mol{Hgb}", "mmol/mol"),
        ("mmol{HbA1c}/mol{Hb}", "mmol/mol"),
        ("10*-3", "mmol/mol"),
        ("10^-3", "mmol/mol"),
        ("[ppth]", "mg/g"),
        ("umol/mmol", "mmol/mol"),
        ("%{HemoglobinA1c}", "%"),
        ("10*-2", "%"),
        ("ug/mg{creat}", "mg/g"),
        ("g/kg", "mg/g"),
        ("ug/umol", "mg/mmol"),
        ("g/mol", "mg/mmol"),
        ("umol/mL", "mmol/L"),
        ("mol/m3", "mmol/L"),
        ("mmol/l", "mmol/L"),
        ("mmol.L-1", "mmol/L"),
        ("mg/(100.mL)", "mg/dL"),
        ("cg/L", "mg/dL"),
        ("10*3.g", "kg"),
        ("kg.m-2", "kg/m2"),
        ("kg/(m.m)", "kg/m2"),
        ("cm3/min", "mL/min"),
        ("/(min/mL)", "mL/min"),
        ("mL/min{1.73_m2}", "mL/min"),
        ("mL/min/173.100/m2", "mL/min/173.100/m2"),
        ("10*-1.cm[Hg]", "mm[Hg]"),
        ("[stone_av]", "14.[lb_av]"),
        ("dag", "10.g"),
        ("hL", "100.L"),
        ("(mg)/(dL)", "mg/dL"),
        ("/L", "L-1"),
        ("g.g+1", "g2"),
    ],
)
def test_what_ucum_says_is_one_unit_is_one(code: str, unit: str) -> None:
    assert is_one_unit(code, unit)


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ("mmol/mol", "%"),
        ("cmol/mol", "%"),
        ("mg/g", "mmol/mol"),
        ("g/g", "1"),
        ("mg/dL", "mmol/L"),
        ("g/L", "mg/dL"),
        ("Mg/dL", "mg/dL"),
        ("kPa", "mm[Hg]"),
        ("mm", "mm[Hg]"),
        ("[stone_av]", "[lb_av]"),
        ("mL/min/m2", "mL/min"),
        ("mL/min/1.73.m2", "mL/min"),
        ("mL/s", "mL/min"),
        ("[iU]/L", "mmol/L"),
    ],
)
def test_what_is_another_unit_is_not_taken_for_it(code: str, unit: str) -> None:
    assert canonical(code) is not None
    assert not is_one_unit(code, unit)


@pytest.mark.parametrize(
    "code",
    [
        *("", " ", "mg/", "mg//dL", "(mg", "mg)", "mg dL", "{", "{Hb", "}", "10*-", "0", "mgg", "%%", "1.73", "mg/g creat"),
        *("pounds", "mEq/L", "µg/L", "(" * 59, "m" * 61, "10*99" * 9),
    ],
)
def test_what_is_no_ucum_or_not_known_is_equal_to_nothing_and_never_raises(code: str) -> None:
    assert not any(is_one_unit(code, unit) for unit in UNITS)


@pytest.mark.parametrize(
    "spoiled", ["{})", "({}", "{}/", "{}.", "{} ", " {}", ".{}", "{}//s", "{}.{{of", "(){}", "{}(s)", "0.{}", "{}.10*+"]
)
def test_an_expression_that_is_none_is_no_unit_whatever_it_holds(spoiled: str) -> None:
    for unit in UNITS:
        assert canonical(spoiled.format(unit)) is None


def test_an_expression_longer_than_any_unit_is_none() -> None:
    assert canonical("mg{" + "x" * 56 + "}") == canonical("mg")
    assert canonical("mg{" + "x" * 57 + "}") is None


def test_what_has_cancelled_out_is_told_from_what_was_never_there() -> None:
    fraction, masses, bare = canonical("mmol/mol"), canonical("mg/g"), canonical("10*-3")
    assert fraction is not None
    assert masses is not None
    assert bare is not None
    assert [one.factor for one in (fraction, masses, bare)] == [Fraction(1, 1000)] * 3
    assert [one.powers for one in (fraction, masses, bare)] == [frozenset()] * 3
    assert [one.cancelled for one in (fraction, masses, bare)] == [{"mol"}, {"g"}, frozenset()]
    pressure = canonical("mm[Hg]")
    assert pressure is not None
    assert (pressure.factor, pressure.powers) == (Fraction(133322), frozenset({("g", 1), ("m", -1), ("s", -2)}))


def test_what_stands_in_braces_is_told_apart_from_the_unit() -> None:
    assert notes_in("mL/min/{1.73_m2}") == "1.73_m2"
    assert notes_in("mmol{A1c}/mol{Hb}") == "a1c hb"
    assert notes_in("mmol/mol") == ""


def test_every_unit_of_a_measure_is_known() -> None:
    assert [code for code in UNITS if canonical(code) is None] == []


# Braces hold anything of UCUM's characters but braces.
NOTES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="{}"), max_size=10)
ATOMS = st.sampled_from(["g", "mol", "L", "m", "s", "min", "%", "m[Hg]", "[lb_av]", "10*"])
FACTORS = st.tuples(ATOMS, st.integers(-3, 3).filter(bool))


def spelled(factors: list[tuple[str, int]], note: str = "") -> str:
    return ".".join(f"{atom}{power}{note}" for atom, power in factors)


@given(st.sampled_from(UNITS), NOTES)
def test_braces_change_no_unit(unit: str, note: str) -> None:
    assert is_one_unit(f"{unit}{{{note}}}".replace("}{", "."), unit)


@given(st.lists(FACTORS, min_size=1, max_size=4).flatmap(lambda one: st.tuples(st.just(one), st.permutations(one))))
def test_the_order_of_factors_makes_no_other_unit(both: tuple[list[tuple[str, int]], list[tuple[str, int]]]) -> None:
    one, other = both
    assert is_one_unit(spelled(one, "{of}"), spelled(other))


@given(st.lists(FACTORS, min_size=1, max_size=2))
def test_a_unit_over_itself_is_the_number_one(factors: list[tuple[str, int]]) -> None:
    found = canonical(f"({spelled(factors)})/({spelled(factors)})")
    assert found is not None
    assert (found.factor, found.powers) == (Fraction(1), frozenset())


@given(st.text(max_size=70) | st.text("mgolLd10*^-./(){}[]%Hk", max_size=30))
def test_no_text_makes_it_raise_and_what_is_read_is_equal_to_itself(text: str) -> None:
    assert is_one_unit(text, text) is (canonical(text) is not None)
