"""What folds so that HbA1c stays on the first screen: reckoned from lengths, the least that makes room."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence
from smart_app.web.languages.page_language import ENGLISH_PAGE
from smart_app.web.views.banner import Banner
from smart_app.web.views.dashboard.first_screen import WINDOWS, FirstScreen, NoticeShown, folds, reckoned
from smart_app.web.views.dashboard.summary import ChangeLine
from smart_app.web.views.parts import Fact

DAY = date(2026, 11, 10)
FACTS = (Fact(label="Born", value="02-Sep-1974 (52 y)"), Fact(label="Gender", value="Female"), Fact(label="MRN", value="517 3046"))
EMPTY = FirstScreen(
    banner=Banner(name="NYBERG, Sigrid", facts=FACTS, deceased=None),
    launch=("Opened from the chart at 15:18, 30-Nov-2026", "Sofia Lindqvist"),
    notices=(),
    to_talk=None,
    ranges=("1 year", "2 years", "5 years", "all"),
    buttons=("Hand over to patient", "Rate this visit", "Copy for the note"),
    beside=(),
    hint="",
    in_lanes=(),
    lines=(),
    seen=(),
    listed=(),
    numbered=(),
    taller=0,
    language=ENGLISH_PAGE,
)


def line(length: int, verdict: int = 0, *, why: str = "/why") -> ChangeLine:
    return ChangeLine(text=Sentence("x" * length), verdict=Sentence("y" * verdict) if verdict else None, why=why)


def test_where_there_is_room_nothing_folds() -> None:
    assert folds(replace(EMPTY, lines=(line(90, 60), line(90, 60), line(90)))) == ""


def test_verdicts_fold_first_and_in_the_smallest_window_first() -> None:
    said = (line(150, 120), line(150, 120), line(90))
    found = folds(replace(EMPTY, lines=said, notices=(NoticeShown("n" * 90, acts=True),), seen=("s" * 80,)))
    assert found.split()[-1].startswith("n")
    assert "n1" in found
    assert "d2" not in found


def test_a_verdict_without_a_page_of_reasons_is_never_folded() -> None:
    """There would be no way to it."""
    window = WINDOWS[0]
    screen = replace(EMPTY, lines=(line(80, 400, why=""),) * 3)
    assert reckoned(screen, window, fold=1) == reckoned(screen, window, fold=0)
    linked = replace(EMPTY, lines=(line(80, 400),) * 3)
    assert reckoned(linked, window, fold=1) < reckoned(linked, window, fold=0)


def test_what_a_window_folds_a_narrower_one_of_its_height_folds_too() -> None:
    for notices in range(8):
        found = folds(replace(EMPTY, lines=(line(120, 90),) * 3, notices=(NoticeShown("n" * 100, acts=True),) * notices)).split()
        assert {one.replace("l", "n") for one in found if one.startswith("l")} <= set(found)


def test_wide_characters_take_two_places() -> None:
    latin, han = (replace(EMPTY, lines=(ChangeLine(text=Sentence(one * 120)),) * 8) for one in ("x", "語"))
    assert reckoned(han, WINDOWS[2], fold=0) > reckoned(latin, WINDOWS[2], fold=0)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.name)
@given(
    lengths=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 300)), max_size=4),
    notices=st.lists(st.integers(0, 300), max_size=3),
    seen=st.integers(0, 300),
)
def test_each_step_makes_room_and_more_words_take_more(
    window: object, lengths: list[tuple[int, int]], notices: list[int], seen: int
) -> None:
    held = next(one for one in WINDOWS if one is window)
    screen = replace(
        EMPTY,
        lines=tuple(line(text, verdict) for text, verdict in lengths),
        notices=tuple(NoticeShown("n" * one, acts=False) for one in notices),
        seen=("s" * seen,) if seen else (),
    )
    steps = [reckoned(screen, held, fold=fold) for fold in (0, 1, 2)]
    assert steps == sorted(steps, reverse=True)
    longer = replace(screen, lines=(*screen.lines, line(60, 60)))
    assert reckoned(longer, held, fold=0) >= steps[0]
