"""What each kind of form says, and which parts it has."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.answers import parse
from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.people.person import Person
from smart_app.care.forms.saved_drafts import SavedDraft
from smart_app.care.submission.begin import BlankForm
from smart_app.web.views.forms.form_page import FormKind, FormUrls, FormView, form_view
from tests.fhir_mappings.invented import NEGATIVE, UNSCORED, worded
from tests.fhir_mappings.samples import CHECK_IN, LIBRARY
from tests.web.support_history import INGRID, SOFIA, TOMAS

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
URLS = FormUrls(action="/send", back="/back", save="/save", go_on="/on", discard="/off")
UNSENT = SavedDraft(key="k2", answers={"goal-1": "4"}, answered=1, of=9, saved=NOW, hidden=False, other_visit=False)


def draft(instrument: Instrument = CHECK_IN, informant: Informant = "patient", **more: Any) -> BlankForm:
    told: dict[str, Any] = {"clinician": SOFIA, "signed_in": SOFIA, "step": "transaction", "why_not_write": None} | more
    return BlankForm(
        key="k1", instrument=instrument, informant=informant, from_paper=instrument.from_paper(informant), patient=INGRID,
        encounter=None, **told,
    )  # fmt: skip


def view(of: BlankForm, **more: Any) -> FormView:
    return form_view(of, urls=URLS, now=NOW, site_name="", ticket="t1", **({"invalid": None} | more))


TABLET = draft()
PORTAL = draft(alone=True)
CLINICIANS = draft(informant="clinician")
OBSERVED = worded(UNSCORED, "Words", scopes=frozenset({"display"}))
OBSERVERS = draft(OBSERVED, informant="observer", signed_in=TOMAS)
PAPER = draft(NEGATIVE)
KINDS = {"tablet": TABLET, "portal": PORTAL, "clinician's": CLINICIANS, "observer's": OBSERVERS, "paper": PAPER}


def parts(kind: FormKind) -> set[str]:
    """The parts that not every form has."""
    return {name for name in ("back", "who", "sheet", "about", "warning") if getattr(kind, name)}


@pytest.mark.parametrize(
    ("name", "has", "send"),
    [
        ("tablet", {"who"}, "Send my answers"),
        ("portal", {"who", "back"}, "Send my answers"),
        ("clinician's", {"back"}, "Save this rating"),
        ("observer's", {"back", "about"}, "Save this rating"),
        ("paper", {"back", "sheet"}, "Save these answers"),
    ],
)
def test_a_kind_of_form_has_its_own_parts(name: str, has: set[str], send: str) -> None:
    kind = view(KINDS[name]).kind
    assert (parts(kind), kind.send) == (has, send)


def test_the_patient_gets_the_small_banner_and_staff_the_whole_one() -> None:
    labels = {name: [fact.label for fact in view(one).kind.banner.facts] for name, one in KINDS.items()}
    assert {name for name, facts in labels.items() if "Gender" not in facts} == {"tablet", "portal"}


@pytest.mark.parametrize(("name", "leads"), [("portal", "Back to your page"), ("clinician's", "Back to the history")])
def test_the_way_back_says_where_it_leads(name: str, leads: str) -> None:
    assert view(KINDS[name]).kind.back_words == leads


def test_staff_are_warned_where_nothing_can_be_stored_and_a_patient_reads_where_it_is_kept() -> None:
    cannot: dict[str, Any] = {"step": None, "why_not_write": "the server takes no responses"}
    warned = [view(draft(NEGATIVE, **cannot)), view(draft(informant="clinician", **cannot))]
    assert all("The server takes no responses." in one.kind.warning for one in warned)
    own = view(draft(**cannot)).kind
    assert own.warning == ""
    assert "in this app" in [each.strong for each in own.who]


def test_nobody_is_named_where_an_observer_rates_nobody() -> None:
    assert view(draft(OBSERVED, informant="observer", clinician=None)).kind.about == ""
    assert view(OBSERVERS).kind.about == "You rate how Sofia Lindqvist and Ingrid Halvorsen work together."


def test_a_form_that_goes_on_says_so_and_shows_what_may_be_shown() -> None:
    fresh, shown = view(TABLET), view(TABLET, earlier=UNSENT)
    unseen = view(TABLET, earlier=replace(UNSENT, hidden=True))
    assert (fresh.going_on, shown.offer) == (None, None)
    assert shown.going_on
    assert unseen.going_on
    assert (shown.going_on.completes, unseen.going_on.completes) == (False, True)
    chosen = [[one.checked for block in each.blocks for item in block.items for one in item.choices] for each in (shown, unseen)]
    assert [sum(each) for each in chosen] == [1, 0]
    assert [item.before for block in unseen.blocks for item in block.items].count(True) == 1


@pytest.mark.parametrize(("of", "called"), [(TABLET, "9 questions have"), (PAPER, f"{len(NEGATIVE.items)} items have")])
def test_a_form_that_came_back_says_what_is_missing_in_its_own_words(of: BlankForm, called: str) -> None:
    errors = view(of, invalid=parse(of.instrument, of.informant, {})).errors
    assert errors
    assert errors.headline == f"{called} no answer yet"
    assert view(of).errors is None


def test_an_unnamed_clinician_is_spoken_of_all_the_same() -> None:
    nobody = Person(reference="Practitioner/x", name=None)
    assert view(draft(clinician=nobody, signed_in=nobody)).kind.who[0].strong == "Your clinician"


def test_whoever_types_in_a_sheet_reads_what_its_author_says_of_two_marks() -> None:
    intros = {slug: view(draft(LIBRARY.get(slug))).kind.heading.intro for slug in ("dses-8", "who-5")}
    assert intros["dses-8"].endswith("choose the lower one. Where two others are, tick the box: the item is not scored.")
    assert intros["dses-8"].startswith(intros["who-5"])


def test_a_translated_form_says_on_its_foot_that_nobody_has_read_it_over() -> None:
    foot = {code: " ".join(view(draft(LIBRARY.get(CHECK_IN.slug, language=code))).kind.footer) for code in ("en", "de")}
    assert "Wording in German: not reviewed by clinicians or patients." in foot["de"]
    assert "reviewed" not in foot["en"]
