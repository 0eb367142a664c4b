"""What the newest ratings say on the dashboard: whose it is, the patient's words before the numbers, and nothing where nothing speaks."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from msgspec.structs import replace

from fhir_mappings.instruments.scores import Score
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.signals import signal_sentences
from fhir_mappings.reliable_change.signals.dyad_signals import Signal, signals
from fhir_mappings.reliable_change.signals.rating_judge import NotJudged
from fhir_mappings.reliable_change.signals.signal_terms import Terms, load_terms, with_site_terms
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import Dyad, History, PutAside
from smart_app.web.rendering.templates import environment
from smart_app.web.views.dashboard.dashboard_page import DashboardView, dashboard_view
from smart_app.web.views.dashboard.talk.aside_words import ASIDE_REASONS
from smart_app.web.views.dashboard.talk.signal_lines import DyadLines
from tests.fhir_mappings.reliable_change.signals.test_judgement import rating as judged_rating
from tests.fhir_mappings.samples import LIBRARY
from tests.web.support_history import CONTEXT, INGRID, NOW, SOFIA, TODAY, TOMAS, URLS, dyad, history

LAST = date(2026, 11, 12)
WHERE = replace(URLS, options="/l/abc/options", why="/l/abc/why", put_aside="/l/abc/aside", take_back="/l/abc/aside/taken-back")
STEADY, SLIDE, STEP = (40, 40, 40, 40), (42, 41, 40, 24), (34, 34, 34, 40, 29)
TERMS = load_terms()
WHO = {"your": SOFIA, "another's": TOMAS}
DECLARED = """
[[error]]
instrument = "rapport-check-in"
value = "0.35"
people = 64
interval = "two weeks"
interval_days = 14
source = "Retest in our clinic"
signed_by = "B. Person"
valid_from = 2000-01-01
"""
ROLE = '[[owner]]\nrole = "psychology team"\nvalid_from = 2000-01-01\n'


def site(text: str) -> Terms:
    return with_site_terms(TERMS, text, file="site.toml", library=LIBRARY)


def given(sums: Sequence[Any], *, last: date = LAST, difficult: str = "no", **fields: Any) -> list[Rating]:
    """Ratings three months apart up to `last`, at which the patient answered the direct question so."""
    days = [last - timedelta(days=91 * (len(sums) - 1 - place)) for place in range(len(sums))]
    usual: dict[str, Any] = {"clinician": SOFIA} | fields
    found = [judged_rating(place, answers, day=day, **usual) for place, (answers, day) in enumerate(zip(sums, days, strict=True))]
    return [*found[:-1], replace(found[-1], extra={"difficult": difficult})]


def pair(ratings: Sequence[Rating], *, mine: bool = True) -> Dyad:
    made = dyad(ratings, clinician=ratings[0].clinician or SOFIA, mine=mine)
    slug = ratings[0].instrument
    return replace(made, instrument=LIBRARY.get(slug, version=ratings[-1].version), clinician=ratings[0].clinician)


def of(*groups: Sequence[Rating], terms: Terms = TERMS, companions: Sequence[Dyad] = (), **more: Any) -> History:
    """A history as it is loaded, one pair for each group."""
    every = [one for group in groups for one in group] + [one for each in companions for one in each.ratings]
    found = signals(every, library=LIBRARY, terms=terms)
    mine = CONTEXT.user.reference
    ordered = sorted(found, key=lambda one: one.clinician is None or one.clinician.reference != mine)
    dyads = [pair(group, mine=group[0].clinician == SOFIA) for group in groups]
    return replace(history(dyads=dyads), **({"signals": ordered, "companions": companions} | more))


def view(shown: History, *, urls: Any = WHERE) -> DashboardView:
    return dashboard_view(shown, context=CONTEXT, urls=urls, now=NOW)


def told(shown: History) -> list[tuple[str, str]]:
    """Lead and words of each line at the top."""
    box = view(shown).to_talk
    return [(one.lead, one.said) for one in box.lines] if box else []


def beside(shown: History) -> DyadLines:
    """What stands with the chart of the pair shown first."""
    panel = view(shown).alliance
    assert panel
    assert panel.said
    return panel.said


def page(shown: History, *, urls: Any = WHERE) -> BeautifulSoup:
    template = environment().get_template("pages/dashboard.html")
    html = template.render(view=view(shown, urls=urls), csrf="guard", asset="/static/{}".format, nonce="once")
    return BeautifulSoup(html, "html.parser")


class TestTheLine:
    @pytest.mark.parametrize(("answer", "how"), [("yes", "difficult"), ("a-little", "a little difficult")])
    def test_says_what_the_patient_answered_and_tells_a_little_apart(self, answer: str, how: str) -> None:
        said = f"On 12-Nov-2026 Ingrid Halvorsen answered that something was {how} between you."
        assert told(of(given(STEADY, difficult=answer))) == [("To talk about.", said)]

    def test_calls_today_so_and_a_month_as_it_is_known(self) -> None:
        assert told(of(given([40], last=TODAY, difficult="yes")))[0][1].startswith("Today Ingrid Halvorsen answered")
        [only] = given([40], difficult="yes")
        shown = of([replace(only, when=Moment(day=date(2026, 11, 1), text="2026-11", precision="month"))])
        assert told(shown)[0][1].startswith("In Nov-2026 Ingrid Halvorsen answered")

    def test_says_the_patient_where_no_name_is_recorded(self) -> None:
        nameless = replace(INGRID, family="", given="")
        [(_, said)] = told(of(given(SLIDE, difficult="yes"), patient=nameless))
        assert said.startswith("On 12-Nov-2026 the patient answered that something was difficult between you.")
        [(_, fallen)] = told(of(given(SLIDE), patient=nameless))
        assert fallen.startswith("The patient’s rating of the alliance with you has fallen")

    def test_says_what_the_numbers_did_after_the_patients_words(self) -> None:
        [(_, said)] = told(of(given(SLIDE, difficult="yes")))
        assert said == (
            "On 12-Nov-2026 Ingrid Halvorsen answered that something was difficult between you. "
            "The total has also fallen, from 4.56 (mean of the first 3) to 2.67, by more than its assumed error."
        )

    def test_says_of_what_and_when_where_the_numbers_alone_speak(self) -> None:
        [(lead, said)] = told(of(given(SLIDE)))
        assert lead == "To talk about."
        assert said == (
            "Ingrid Halvorsen’s rating of the alliance with you has fallen, from 4.56 (mean of the first 3) to 2.67 on 12-Nov-2026, "
            "by more than its assumed error."
        )

    def test_says_that_it_is_the_last_two_together(self) -> None:
        [(_, said)] = told(of(given((45, 42, 36, 34, 31))))
        assert "from 4.56 (mean of the first 3) to 3.61 (mean of the last 2) on 12-Nov-2026" in said

    def test_says_whose_the_error_is(self) -> None:
        [(_, own)] = told(of(given(SLIDE), terms=site(DECLARED)))
        assert own.endswith("by more than the error this site declared.")
        confirmed = [replace(one, instrument="wai-sr", version="1.0.0", extra={}) for one in given(SLIDE)]
        [(_, published)] = told(of(confirmed))
        assert published.endswith("by more than its published error.")

    def test_names_the_form_where_several_speak_at_one_visit(self) -> None:
        first = given(SLIDE, difficult="yes")
        second = [replace(one, instrument="wai-sr", version="1.0.0", source=f"{one.source}-wai", extra={}) for one in first]
        [(_, said)] = told(of(first, second))
        assert "The total of the Rapport check-in has also fallen" in said
        assert said.count("answered that") == 1

    def test_is_not_there_without_a_reason_and_nothing_says_all_well(self) -> None:
        for shown in (of(given(STEADY)), of(given(STEADY, difficult="rather-not-say")), history()):
            assert view(shown).to_talk is None
            assert not page(shown).select(".talk")
        assert beside(of(given(STEADY))).lines == ()

    def test_leads_to_what_one_could_do_and_to_why(self) -> None:
        links = [(one.get_text(), one["href"]) for one in page(of(given(STEADY, difficult="yes"))).select(".talk a")]
        assert links == [("What could I do", "/l/abc/options"), ("Why this is said", "/l/abc/why#why-1")]

    def test_leads_nowhere_where_there_is_nothing(self) -> None:
        shown = page(of(given(SLIDE, difficult="yes")), urls=URLS)
        assert shown.select(".talk p")
        assert not shown.select(".talk a, .talk form, .seen a")

    def test_stands_above_what_changed_and_has_no_colour_of_a_notice(self) -> None:
        shown = page(of(given(STEADY, difficult="yes")))
        box, heading = shown.select_one("section.talk"), shown.select_one("h1")
        assert box
        assert heading
        assert heading.sourceline and box.sourceline and box.sourceline < heading.sourceline  # noqa: PT018 - both are there or not
        assert box["aria-label"] == "To talk about"
        assert not box.select("svg, .notice")


class TestWhoseItIs:
    def test_another_clinicians_is_quietly_with_their_chart_alone(self) -> None:
        own, other = given(STEADY), given(STEADY, difficult="yes", clinician=TOMAS)
        shown = of(own, other)
        assert told(shown) == []
        [panel] = view(shown).other_dyads
        said = "On 12-Nov-2026 Ingrid Halvorsen answered that something was difficult between them and Tomas Weiss."
        assert panel.said == DyadLines(lines=(Sentence(f"To talk about, for Tomas Weiss: {said}"),), why="/l/abc/why#why-2")
        assert "Tomas Weiss: On 12-Nov-2026" in page(shown).select(".seen")[0].get_text()

    def test_another_clinicians_fall_names_them(self) -> None:
        [line, *_] = beside(of(given(SLIDE, clinician=TOMAS))).lines
        assert line.startswith("To talk about, for Tomas Weiss: Ingrid Halvorsen’s rating of the alliance with Tomas Weiss has fallen")

    def test_a_roles_is_at_the_top_for_everybody_who_may_see_it(self) -> None:
        shown = of(given(STEADY, difficult="yes"), given(STEADY, difficult="a-little", clinician=TOMAS), terms=site(ROLE))
        assert [lead for lead, _ in told(shown)] == ["To talk about, for psychology team."] * 2
        assert [said.partition("was ")[2] for _, said in told(shown)] == [
            "difficult between you.",
            "a little difficult between them and Tomas Weiss.",
        ]
        [panel] = view(shown).other_dyads
        assert panel.said
        assert panel.said.lines == ()
        assert len(page(shown).select("section.talk")) == 1
        assert [one["href"] for one in page(shown).select(".talk a[href*=why]")] == ["/l/abc/why#why-1", "/l/abc/why#why-2"]

    def test_a_form_that_rates_nobody_belongs_to_whoever_took_it(self) -> None:
        form = LIBRARY.get("dds-17")
        score = Score(key="physician-distress", value=Decimal("2.5"), text="2.5", answered=4, of=4, prorated=False, reason=None)
        [taken] = given([40])
        taken = replace(
            taken, instrument="dds-17", version=form.version, clinician=None, scores={"physician-distress": score}, answers={}, extra={}
        )
        shown = of(given(STEADY), companions=[pair([taken])])
        [(lead, said)] = told(shown)
        assert lead == "To talk about."
        assert said == (
            "On 12-Nov-2026 “Physician distress” of the Diabetes Distress Scale (DDS-17) was 2.50: at least 2.0, the cut-off of the form’s "
            "author. The form names no clinician, so this belongs to whoever took the form."
        )
        [companion] = view(shown).companions
        assert companion.said == DyadLines(lines=(), why="/l/abc/why#why-2")

    def test_without_a_person_signed_in_it_is_read_and_not_put_aside(self) -> None:
        shown = of(given(STEADY, difficult="yes"), personal=False)
        assert told(shown)
        assert not page(shown).select(".talk form")


class TestBesideTheChart:
    def test_a_note_is_with_the_chart_and_not_at_the_top(self) -> None:
        shown = of(given(STEP))
        level = [one.level for one in shown.signals]
        assert (level, told(shown)) == (["note"], [])
        [said] = beside(shown).lines
        assert said.startswith("Also seen: below the previous score by more than the assumed error (1.11)")
        assert page(shown).select_one(".seen a")["href"] == "/l/abc/why#why-1"  # type: ignore[index]

    def test_answers_that_moved_are_counted(self) -> None:
        before, after = [4] * 9, [2, 2, 2, 4, 4, 4, 5, 5, 5]
        assert beside(of(given([before, before, after]))).lines == ("Also seen: 3 answers moved for the worse by two options or more.",)

    def test_facts_that_are_only_shown_are_on_the_page_that_says_why_and_not_here(self) -> None:
        before, after = [5] * 9, [3, 5, 5, 5, 5, 5, 5, 5, 4]
        shown = of(given([before, before, after]))
        assert {one.rule.id for one in shown.signals[0].reasons} >= {"item-fall", "left-ceiling", "elements"}
        assert beside(shown) == DyadLines(lines=(), why="/l/abc/why#why-1")
        link = page(shown).select_one("section[aria-labelledby=alliance] .heading a[href*=why]")
        assert link
        assert link.get_text().startswith("What was looked at")

    @pytest.mark.parametrize(
        ("answers", "said"),
        [
            ([3] * 9, ["Every answer is the same: not informative, ask openly."]),
            (
                [5] * 9,
                [
                    "Every answer is the same: not informative, ask openly.",
                    "The score is at the best end of its scale: not informative, ask openly.",
                ],
            ),
        ],
    )
    def test_answers_that_tell_little_say_to_ask_openly(self, answers: list[int], said: list[str]) -> None:
        assert list(beside(of(given([[3, 3, 3, 3, 3, 3, 3, 3, 4], answers]))).lines) == said

    def test_a_form_without_an_error_says_to_look_at_the_answers(self) -> None:
        form = LIBRARY.get("care-empathy")
        sheets = [[4] * len(form.items), [4] * (len(form.items) - 1) + [3]]
        assert beside(of(given(sheets, instrument="care-empathy"))).lines == ("No published error: look at the answers.",)
        # Of one alone there is nothing to compare.
        assert beside(of(given(sheets[1:], instrument="care-empathy"))).lines == ()

    def test_a_version_whose_file_is_gone_is_said_not_to_be_judged(self) -> None:
        shown = of(given(STEADY))
        [signal] = shown.signals
        gone = replace(signal, judgements=(), not_judged=(NotJudged(rating=signal.judgements[0].rating, code="version_gone"),))
        assert beside(replace(shown, signals=[gone])).lines == (signal_sentences.VERSION_GONE,)

    def test_what_is_said_of_one_form_is_not_with_another(self) -> None:
        first = given(STEP)
        second = given([[4] * 10, [4] * 9 + [3]], instrument="care-empathy", last=LAST - timedelta(days=7))
        shown = view(of(first, second))
        assert shown.alliance
        assert shown.alliance.said
        [other] = shown.other_dyads
        assert (len(shown.alliance.said.lines), other.said) == (1, None)


class TestPuttingAside:
    def test_offers_the_reasons_and_sends_what_it_is_about(self) -> None:
        ratings = given(STEADY, difficult="yes")
        form = page(of(ratings)).select_one(".talk details form")
        assert form
        assert (form["method"], form["action"]) == ("post", "/l/abc/aside")
        fields = {str(one["name"]): one["value"] for one in form.select("input")}
        assert fields == {"csrf": "guard", "patient": "p1", "source": ratings[-1].source}
        chosen = [(one["value"], one.get_text()) for one in form.select("select[name=reason] option[value!='']")]
        assert chosen == [(code, str(words)) for code, words in ASIDE_REASONS.items()]

    def test_makes_the_line_a_quiet_one_with_its_day_and_reason(self) -> None:
        ratings = given(STEADY, difficult="yes")
        aside = {ratings[-1].source: PutAside(reason="later", at=NOW, rules=(("own-answer", 1),))}
        shown = of(ratings, aside=aside)
        assert told(shown) == []
        [line] = page(shown).select(".talk")
        said = "Put aside on 22-Nov-2026: “Not now: other things come first”. It stays so until the next rating."
        assert line.select_one("p").get_text() == said  # type: ignore[union-attr]
        assert "put-aside" in line["class"]
        form = line.select_one("form")
        assert form
        assert (form["action"], form.get_text().strip()) == ("/l/abc/aside/taken-back", "Show again")
        assert [one["value"] for one in form.select("input[name=source]")] == [ratings[-1].source]

    def test_is_of_that_rating_alone(self) -> None:
        old, new = given(STEADY, difficult="yes"), given((*STEADY, 40), difficult="a-little")
        aside = {old[-1].source: PutAside(reason="talked", at=NOW, rules=(("own-answer", 1),))}
        shown = of([*old[:-1], replace(new[-1], source="QuestionnaireResponse/newer")], aside=aside)
        assert len(told(shown)) == 1
        assert not page(shown).select(".put-aside")

    def test_every_reason_has_words(self) -> None:
        assert list(ASIDE_REASONS) == ["talked", "later", "patient-declines", "colleague", "does-not-fit"]


class TestBeneathThePlot:
    def plot_of(self, shown: History) -> tuple[list[str], list[str], int]:
        panel = view(shown).alliance
        assert panel
        assert panel.total.plot
        marks = [mark.x for group in panel.total.plot.symbols for mark in group.symbols if mark.shape == "more"]
        return marks, [label.text for label in panel.total.plot.labels if "difficult" in label.text], panel.total.plot.height

    def test_an_open_triangle_stands_at_each_visit_the_patient_called_difficult(self) -> None:
        ratings = given(STEADY, difficult="yes")
        marks, words, height = self.plot_of(of([replace(ratings[0], extra={"difficult": "a-little"}), *ratings[1:]]))
        # On a page of 1024 pixels the words have no room before the first of them, and stand in a line of their own.
        assert (len(marks), words, height) == (2, ["something was difficult: the patient’s own answer"], 129)
        marks, words, height = self.plot_of(of(ratings))
        assert (len(marks), words, height) == (1, ["something was difficult: the patient’s own answer"], 124)

    def test_a_little_is_told_apart_where_nothing_else_was_answered(self) -> None:
        marks, words, _ = self.plot_of(of(given(STEADY, difficult="a-little")))
        assert (len(marks), words) == (1, ["something was a little difficult: the patient’s own answer"])

    def test_nothing_is_there_without_such_an_answer(self) -> None:
        assert self.plot_of(of(given(STEADY)))[:2] == ([], [])
        panel = view(of(given(STEADY))).alliance
        assert panel
        assert panel.total.under is None

    def test_who_cannot_see_it_hears_and_on_a_narrow_page_reads_of_it(self) -> None:
        panel = view(of(given(STEADY, difficult="yes"))).alliance
        assert panel
        said = "Triangle beneath the plot: something was difficult, by the patient’s own answer (12-Nov-2026)."
        assert panel.total.under == said
        assert panel.total.alt.endswith(said)
        assert [each.under for each in panel.elements] == [None] * 3


def test_a_signal_is_of_one_pair() -> None:
    """What a page is made of is what the signals are: nothing else in the history changes the words."""
    shown = of(given(SLIDE, difficult="yes"))
    first: Signal = shown.signals[0]
    assert told(replace(shown, signals=[first])) == told(shown)
    assert told(replace(shown, signals=[])) == []
