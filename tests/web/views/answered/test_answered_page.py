"""What stands on the page of a rating as answered for records that a browser seldom meets."""

from collections.abc import Sequence
from datetime import date
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Instrument, Option
from fhir_mappings.instruments.library import Library
from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.ratings.rating import Rating
from smart_app.care.dashboard import as_answered
from smart_app.care.dashboard.as_answered import Alone, Kept, laid_out
from smart_app.care.dashboard.load_dashboard import SeenRatings
from smart_app.care.record.reads import ReadReport
from smart_app.web.views.answered import answered_page
from smart_app.web.views.answered.answered_page import AnsweredRow, AnsweredUrls, AnsweredView, answered_view
from smart_app.web.views.answered.option_strip import option_strip
from tests.fhir_mappings.invented import DOES_NOT_APPLY, MANY, UNSCORED, worded
from tests.fhir_mappings.reliable_change.signals.test_judgement import SOFIA, TOMAS, rating
from tests.fhir_mappings.samples import CHECK_IN, LIBRARY
from tests.fhir_mappings.speaking import left_over
from tests.web.support_history import CONTEXT, INGRID, NOW, read

URLS = AnsweredUrls(history="/l/abc/", end="/l/abc/end", rating=lambda source: f"/l/abc/rating/{source}")
SAME = [4] * 9
WHOLE = (read("answers", "Ratings"),)


def view(
    ratings: Sequence[Rating],
    *,
    library: Library = LIBRARY,
    reads: Sequence[ReadReport] = WHOLE,
    forms: dict[str, Any] | None = None,
    of: int = -1,
) -> AnsweredView:
    """The page of the last of them."""
    stored = {one.source: {} for one in ratings} if forms is None else forms
    seen = SeenRatings(patient=INGRID, ratings=tuple(ratings), reads=tuple(reads), forms=stored)
    found = laid_out(ratings[of], seen, library=library, language=None, reader=CONTEXT.user, base="https://ehr.example/fhir")
    return answered_view(found, context=CONTEXT, now=NOW, urls=URLS)


def rows(found: AnsweredView) -> dict[str, AnsweredRow]:
    return {row.number or row.text: row for group in found.groups for row in group.rows}


def titles(found: AnsweredView) -> list[str]:
    return [one.title for one in found.groups]


def notes(found: AnsweredView) -> str:
    return " ".join(found.notes)


class TestWhatStandsBesideIt:
    def test_is_the_one_before_of_the_same_person_on_the_same_form(self) -> None:
        others = [
            replace(rating(0, [1] * 9), clinician=TOMAS, source="q/tomas"),
            replace(rating(0, [2] * 9), informant="clinician", source="q/c"),
        ]
        found = view([rating(0, SAME), *others, rating(1, [5, *SAME[1:]])])
        assert titles(found)[1:] == ["Changed: 1 of 9", "The same: 8 of 9"]
        assert (rows(found)["1"].before.text, rows(found)["1"].now.text, rows(found)["1"].step) == ("Mostly", "Completely", "1 step higher")

    def test_is_the_one_before_and_none_of_those_after(self) -> None:
        found = view([rating(0, SAME), rating(1, [3] * 9), rating(2, [5] * 9)], of=1)
        assert {row.step for row in rows(found).values() if row.strip} == {"1 step lower"}

    @pytest.mark.parametrize(
        ("before", "said"),
        [
            ({"version": "0.1.0"}, "on another version of the form"),
            ({"language": "de", "anchors": {}}, "on a form in another language"),
            ({"anchors": {"4": "Often"}}, "had other words"),
            ({"when": Moment(date(2024, 1, 1), "2024", "year")}, "Which of two ratings came first is not known"),
        ],
    )
    def test_is_nothing_that_cannot_be_compared_and_the_page_says_why(self, before: dict[str, Any], said: str) -> None:
        later = rating(1, SAME)
        changed = {**before, **({"when": Moment(later.when.day, str(later.when.day.year), "year")} if "when" in before else {})}
        found = view([replace(rating(0, SAME), **changed), later])
        assert said in notes(found)
        assert (titles(found)[-1], found.columns.before, found.columns.step) == ("9 items", "", "")
        assert {row.before.text for row in rows(found).values()} == {""}

    def test_of_two_that_bear_the_same_time_is_neither(self) -> None:
        at = parse_moment("2024-07-10T09:00:00Z")
        assert at is not None
        both = [replace(rating(0, SAME), when=at), replace(rating(1, [2] * 9), when=at)]
        assert all("came first is not known" in notes(view(both, of=place)) for place in (0, 1))

    def test_is_nothing_where_another_may_be_missing_between(self) -> None:
        part = (read("answers", "Ratings", state="partial"),)
        assert "one between may be missing" in notes(view([rating(0, SAME), rating(1, SAME)], reads=part))
        assert "one between may be missing" in notes(view([rating(1, SAME)], reads=part))
        assert "It is the first of those that you may see" in notes(view([rating(1, SAME)]))


class TestAnswers:
    def test_declined_and_open_items_are_said_and_are_changes(self) -> None:
        before = replace(rating(0, [0, 0, *SAME[2:]]), declined=("goal-1",))
        now = replace(rating(1, [4, 0, 0, *SAME[3:]]), declined=("goal-3",))
        found = rows(view([before, now]))
        said = [(found[number].before.text, found[number].now.text, found[number].step) for number in "123"]
        assert said == [("declined", "Mostly", "changed"), ("no answer", "no answer", "the same"), ("Mostly", "declined", "changed")]
        assert (found["2"].strip, found["1"].strip is not None) == (None, True)

    def test_the_direct_question_comes_first_and_stands_there_unanswered_too(self) -> None:
        found = view([rating(0, SAME, extra={"difficult": "no"}), rating(1, SAME)])
        [asked] = found.groups[0].rows
        assert (found.groups[0].title, asked.before.text, asked.now.text) == ("Asked beside the items, never scored", "No", "no answer")
        assert asked.step == "changed"

    def test_an_answer_without_a_value_is_on_no_strip(self) -> None:
        value = DOES_NOT_APPLY.items[0].link_id
        code = next(one.code for one in DOES_NOT_APPLY.options if one.value is None)
        library = Library((DOES_NOT_APPLY,))
        given = [
            replace(other(DOES_NOT_APPLY, 0), answers={value: 2}),
            replace(other(DOES_NOT_APPLY, 1), answers={}, extra={value: code}),
        ]
        row = rows(view(given, library=library))["Item 1"]
        assert (row.now.text, row.step) == ("Not applicable", "changed")
        assert row.strip is not None
        assert (row.strip.now, row.strip.before is not None) == (None, True)

    def test_a_reversed_item_is_said_to_count_so_and_its_step_is_of_the_answer(self) -> None:
        item = next(one for one in MANY.items if one.reverse)
        plain = next(one for one in MANY.items if not one.reverse)
        given = [replace(other(MANY, visit), answers={item.link_id: value, plain.link_id: value}) for visit, value in enumerate((-3, 1))]
        found = rows(view(given, library=Library((confirmed(MANY),))))
        assert found[f"Item {item.number}"].element.endswith("counted in reverse")
        assert "reverse" not in found[f"Item {plain.number}"].element
        assert {found[f"Item {one.number}"].step for one in (item, plain)} == {"3 steps higher"}

    def test_other_words_stand_as_they_were_stored(self) -> None:
        given = [replace(rating(visit, SAME), anchors={"4": "Often"}) for visit in (0, 1)]
        found = view(given)
        assert (rows(found)["1"].before.text, rows(found)["1"].now.text) == ("Often", "Often")
        assert "They stand as they were stored." in notes(found)

    def test_a_form_in_a_language_that_is_here_has_its_words_and_one_that_is_not_says_so(self) -> None:
        german = LIBRARY.get("rapport-check-in", language="de")
        own = {one.code: one.label for one in german.options}
        found = view([replace(rating(0, SAME), language="de", anchors=own)])
        assert (rows(found)["1"].language, rows(found)["1"].now.text, rows(found)["1"].now.language) == ("de", "Überwiegend", "de")
        french = view([replace(rating(0, SAME), language="fr", anchors={"4": "Surtout"})])
        assert (rows(french)["1"].language, rows(french)["1"].now.text, rows(french)["1"].now.language) == ("en", "Surtout", "fr")
        assert "It was answered on a form in French. The words here are those of the form in English." in notes(french)

    @pytest.mark.parametrize(("scopes", "shown"), [(frozenset(), False), (frozenset({"store"}), False), (frozenset({"display"}), True)])
    def test_words_are_shown_as_far_as_there_is_leave(self, scopes: Any, shown: bool) -> None:
        form = worded(UNSCORED, "quetzal", scopes=scopes)
        codes = {one.code: f"quetzal {one.code}" for one in form.options}
        given = replace(other(form, 0), anchors=codes, extra={"aside": form.questions[0].options[0].code}, language="en")
        found = view([given], library=Library((form,)))
        assert ("quetzal" in repr(found)) is shown
        assert ("may not be shown here" in notes(found)) is not shown
        assert found.scores is None


class TestWhereAnswersAreNotThere:
    def test_scores_alone_and_a_version_that_is_gone_say_so(self) -> None:
        alone = replace(rating(0, SAME), answers={}, anchors={}, language=None, source="Observation/1", version_told=False)
        found = view([alone], forms={})
        assert found.groups == ()
        assert "Only its scores are in the record" in notes(found)
        assert "version" not in found.about
        gone = replace(rating(0, SAME), version="9.9", answers={}, anchors={})
        assert "This version of the form is not installed any more" in notes(view([gone]))
        assert found.scores is not None
        assert found.scores.rows[0] == ("Total", "4.00")

    def test_nothing_that_could_be_read_is_said_to_be_that(self) -> None:
        found = view([replace(rating(0, SAME), answers={}, anchors={})])
        assert "No answer of it could be read." in notes(found)


class TestWhoEnteredIt:
    @pytest.mark.parametrize(
        ("author", "said"),
        [
            ({"reference": "Patient/p1"}, "entered by Ingrid Halvorsen"),
            ({"reference": "https://ehr.example/fhir/Practitioner/sofia/_history/2"}, "entered by Sofia Lindqvist"),
            ({"reference": "Practitioner/x", "display": " Anna  Berg "}, "entered by Anna Berg"),
            ({"reference": "Practitioner/x"}, "entered by a clinician whose name is not recorded (Practitioner/x)"),
            ({"reference": "https://other.example/fhir/Patient/p1"}, "entered by somebody whose name is not recorded"),
            ({"reference": "Device/kiosk"}, "entered by a device"),
            ({"reference": "RelatedPerson/daughter"}, "entered by a related person"),
            ({"reference": "Device/kiosk", "display": "Kiosk 3"}, "entered by Kiosk 3"),
            ({"display": "Anna Berg"}, "entered by Anna Berg"),
            ({"identifier": {"value": "9"}}, "who entered it is not recorded"),
            ({"reference": "#author"}, "who entered it is not recorded"),
            ({"reference": 7}, "who entered it is not recorded"),
            ("Patient/p1", "who entered it is not recorded"),
            (None, "who entered it is not recorded"),
        ],
    )
    def test_is_said_as_far_as_the_form_tells(self, author: Any, said: str) -> None:
        given = rating(0, SAME)
        assert said in view([given], forms={given.source: {"author": author}}).about

    def test_by_whom_a_rating_is_stands_above(self) -> None:
        theirs, own = rating(0, SAME), replace(rating(0, SAME), informant="clinician", clinician=TOMAS, source="q/c")
        mine = replace(own, clinician=replace(SOFIA, reference=CONTEXT.user.reference))
        seen = replace(rating(0, SAME), informant="observer", source="q/o", observer="Practitioner/x")
        assert [view([one]).heading.partition(" rating")[0] for one in (theirs, own, mine, seen)] == [
            "Ingrid Halvorsen’s", "Tomas’s", "Your", "An observer’s",
        ]  # fmt: skip


def other(form: Instrument, visit: int) -> Rating:
    """A rating on another form than the check-in, every item answered alike."""
    lowest = min(one.value for one in form.options if one.value is not None)
    made = rating(visit, SAME)
    return replace(
        made, instrument=form.slug, version=form.version, language=form.language, anchors={}, scores={},
        answers={item.link_id: lowest for item in form.items}, source=f"q/{form.slug}-{visit}",
    )  # fmt: skip


def confirmed(form: Instrument) -> Instrument:
    return form if not form.why_unscored else replace(form, claims=())


def test_a_strip_has_a_place_for_each_option_and_needs_two() -> None:
    offered = sorted((one for one in MANY.options if one.value is not None), key=lambda one: one.value or 0)
    found = option_strip(MANY, now=offered[0], before=offered[-1])
    assert found is not None
    assert (len(found.ticks), found.now, found.before) == (len(offered), 8, 124)
    alone = replace(CHECK_IN, options=(Option(code="1", value=1, label=None),))
    assert option_strip(alone, now=alone.options[0], before=None) is None


def test_every_reason_has_its_words_and_they_can_be_said_in_another_language() -> None:
    assert set(answered_page._ALONE) == {*get_args(as_answered.Alone)} == {*get_args(Alone)}
    assert set(answered_page._KEPT) == {*get_args(Kept)} - {"answers"}
    found = view([rating(0, SAME, extra={"difficult": "no"}), rating(1, [3, *SAME[1:]], extra={"difficult": "yes"})])
    texts = [*found.notes, *titles(found), found.columns.step, *(row.step for row in rows(found).values()), *found.scores.head[:1]]  # type: ignore[union-attr]
    assert not set().union(*(left_over(one) for one in texts))
