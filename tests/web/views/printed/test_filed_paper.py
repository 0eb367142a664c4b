"""The page for the record says what is everybody's to read, holds on any day, and is the same whoever files it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from smart_app.care.dashboard.history import History
from smart_app.launch.context.launch_context import User
from smart_app.web.languages.offered_languages import offered_languages
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.views.printed.filed_paper import content_of, filed_paper, filed_sheet
from tests.fhir_mappings.packed import CANARY
from tests.web.states_history import STATES
from tests.web.support_history import CONTEXT, NOW, TOMAS, dyad

WITH_RATINGS = [
    name for name in STATES if STATES[name]().dyads and filed_sheet(STATES[name](), context=CONTEXT, now=NOW, language=ENGLISH_PAGE).pairs
]


def open_history(state: str) -> History:
    """As it is loaded for everybody."""
    of = STATES[state]()
    bare = [replace(one, mine=False, ratings=[replace(each, extra={}) for each in one.ratings]) for one in of.dyads]
    return replace(of, signals=(), aside={}, hidden=(), skipped=(), looked=(), events=(), companions=(), dyads=bare)


def paper_of(of: History, *, language: PageLanguage = ENGLISH_PAGE, **context: Any) -> dict[str, Any]:
    return filed_paper(of, context=replace(CONTEXT, **context), now=NOW, language=language)


def said(page: dict[str, Any]) -> str:
    return json.dumps(page, ensure_ascii=False)


@pytest.mark.parametrize("state", WITH_RATINGS)
def test_it_speaks_of_nobody_who_reads_and_calls_nothing_todays_or_the_last(state: str) -> None:
    words = said(paper_of(open_history(state))).replace('"today": ', "")
    for word in (
        "(you)",
        "Signed in",
        "today",
        "ago",
        "with you",
        "Your own",
        "first rating",
        "The last",
        "All visits",
        "kept back",
        "Difficult?",
    ):
        assert word not in words, word


@pytest.mark.parametrize("state", WITH_RATINGS)
def test_it_is_the_same_whoever_files_it(state: str) -> None:
    of = open_history(state)
    tomas = User(reference=TOMAS.reference, name=TOMAS.name, issuer="i", subject="t")
    assert paper_of(of) == paper_of(of, user=tomas) == paper_of(of, encounter="another")


def test_pages_of_one_content_are_alike_whenever_they_are_read_that_day() -> None:
    of = open_history("repaired")
    later = replace(of, read_at=of.read_at + timedelta(minutes=9))
    assert paper_of(of) != paper_of(later)
    assert content_of(paper_of(of)) == content_of(paper_of(later))
    assert content_of(paper_of(of)) != content_of(
        paper_of(replace(of, dyads=of.dyads[:0] or [replace(of.dyads[0], ratings=of.dyads[0].ratings[:-2])]))
    )


def test_of_several_pairs_each_has_a_plot_and_its_visits_stand_under_its_name() -> None:
    of = open_history("two-dyads")
    page = paper_of(of)
    names = [str(one.clinician.name) for one in of.dyads if one.clinician]
    assert [name in panel["title"] for name, panel in zip(names, page["panels"], strict=False)] == [True] * len(names)
    assert [names[0] in page["visits"]["title"], names[1] in page["tables"][0]["title"]] == [True, True]
    assert page["visits"]["asks"] is False


def test_no_wording_of_a_form_is_on_it() -> None:
    """Items, answers and questions stand on licensed sheets; what may be shown need not be allowed to be stored."""
    of = open_history("repaired")
    worded = []
    for one in of.dyads:
        form = replace(
            one.instrument,
            items=tuple(replace(item, text=dict.fromkeys(item.text, CANARY)) for item in one.instrument.items),
            options=tuple(replace(option, label=CANARY) for option in one.instrument.options),
            questions=tuple(
                replace(
                    question,
                    text=dict.fromkeys(question.text, CANARY),
                    options=tuple(replace(each, label=CANARY) for each in question.options),
                )
                for question in one.instrument.questions
            ),
        )
        anchored = [replace(each, anchors={option.code: CANARY for option in form.options}) for each in one.ratings]
        worded.append(replace(one, instrument=form, ratings=anchored))
    assert CANARY not in said(paper_of(replace(of, dyads=worded)))


def test_a_pair_with_nothing_in_the_range_says_so_and_no_older_score() -> None:
    of = open_history("repaired")
    empty = replace(dyad([], clinician=TOMAS), mine=False, total=3)
    page = paper_of(replace(of, dyads=[*of.dyads, empty]))
    assert page["panels"][1]["words"] == ["None in this range"]


def test_it_is_said_in_the_language_it_is_filed_in() -> None:
    german = offered_languages(("de",)).of_code("de")
    assert german
    page = paper_of(open_history("repaired"), language=german)
    assert page["lang"] == "de"
    assert "HbA1c" in said(page)
