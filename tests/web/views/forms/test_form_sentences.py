"""The pages around a form say every word of ours in the page's language, and leave the instrument its own, marked as such."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date
from functools import partial
from typing import Any

import pytest
from bs4 import BeautifulSoup
from msgspec.structs import replace

from fhir_mappings.instruments.answers import FieldError, Invalid, parse
from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import Sentence, joined
from smart_app.care.forms.late_visit import LateVisit
from smart_app.care.forms.observed_clinician import Candidates, ClinicianChoice
from smart_app.care.record.page_rule import RATED, STOPPED
from smart_app.care.submission.submit import CONFIRMED
from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import Loan, author_of
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, PseudoLanguage
from smart_app.web.rendering.templates import environment
from smart_app.web.views.forms.clinician_choice import clinician_choice_view
from smart_app.web.views.forms.form_page import form_view
from smart_app.web.views.forms.handover import TICK_TWO, HandoverCode, handover_notes, handover_view
from tests.fhir_mappings.invented import NEGATIVE
from tests.web.support_history import CONTEXT, INGRID, SOFIA, TODAY, TOMAS
from tests.web.views.forms.test_form_page import (
    CLINICIANS,
    KINDS,
    NOW,
    OBSERVED,
    OBSERVERS,
    PAPER,
    PORTAL,
    TABLET,
    UNSENT,
    URLS,
    draft,
    view,
)

PSEUDO = PseudoLanguage(code=LEFT_TO_RIGHT)
NAMELESS = replace(INGRID, given="", family="", identifier=None)
UNNAMED = replace(INGRID, given="", family="")
NOBODY = Person(reference="Practitioner/x", name=None)
UNSTORED: dict[str, Any] = {"step": None, "why_not_write": Sentence("the server takes no responses")}
LATE = LateVisit(encounter="e0", day=date(2026, 11, 20))
EMPTY = {name: parse(one.instrument, one.informant, {}) for name, one in KINDS.items()}
ODD = Invalid(
    errors=(
        FieldError(link_id=f"{CONFIRMED}-again", message=Sentence("Tick it.")),
        FieldError(link_id=f"{CONFIRMED}-dead", message=Sentence("Tick it.")),
        FieldError(link_id=CLINICIANS.instrument.questions[0].link_id, message=Sentence("Two answers.")),
        FieldError(link_id="", message=Sentence("It was changed.")),
    ),
    kept={"goal-1": "4"},
)
MANY = Invalid(errors=tuple(FieldError(link_id=f"x{n}", message=Sentence("Wrong.")) for n in range(12)), kept={})


def paper(who: Informant = "patient", *, more: dict[str, Any] | None = None, **changes: Any) -> Callable[[], Any]:
    return lambda: view(draft(replace(NEGATIVE, **changes), informant=who, **(more or {})))


FORMS: dict[str, Callable[[], Any]] = {
    **{name: partial(view, one) for name, one in KINDS.items()},
    **{f"{name}, empty": partial(view, one, invalid=EMPTY[name]) for name, one in KINDS.items()},
    "odd": lambda: view(replace(CLINICIANS, confirm=("dead", "again")), invalid=ODD),
    "many": lambda: view(TABLET, invalid=MANY),
    "one left": lambda: view(TABLET, invalid=Invalid(errors=(EMPTY["tablet"].errors[0],), kept={})),  # type: ignore[union-attr]
    "one left on paper": lambda: view(PAPER, invalid=Invalid(errors=(EMPTY["paper"].errors[0],), kept={})),  # type: ignore[union-attr]
    "offered": lambda: view(TABLET, offered=UNSENT),
    "offered of another visit": lambda: view(CLINICIANS, offered=replace(UNSENT, other_visit=True)),
    "goes on": lambda: view(TABLET, earlier=UNSENT),
    "goes on unseen": lambda: view(TABLET, earlier=replace(UNSENT, hidden=True)),
    "late": lambda: view(replace(CLINICIANS, late=LATE)),
    "late, dated": lambda: view(replace(CLINICIANS, late=replace(LATE, dated=True))),
    "stands": lambda: view(replace(CLINICIANS, stands=RATED, own_score="3.92", confirm=("inactive", "replaced"))),
    "not stored": lambda: view(draft(informant="clinician", **UNSTORED)),
    "not stored, the patient's": lambda: view(draft(**UNSTORED)),
    "unsaved at a site": lambda: form_view(
        TABLET, urls=replace(URLS, save=""), now=NOW, site_name="SITE", ticket="", invalid=None
    ),
    "nobody named": lambda: view(draft(clinician=NOBODY, signed_in=NOBODY)),
    "about nobody, at home": lambda: view(draft(alone=True, clinician=None)),
    "unnamed patient": lambda: view(replace(PAPER, patient=NAMELESS, signed_in=NOBODY)),
    "paper, the clinician's": paper("clinician"),
    "paper, the observer's": paper("observer", more={"signed_in": TOMAS}),
    "paper, of a team": paper(rated="team", recall=Sentence("the past month")),
    "paper, of nobody": paper(rated="nobody", validated=True),
    "no minutes": lambda: view(
        draft(replace(CLINICIANS.instrument, forms={"patient": replace(CLINICIANS.instrument.forms["patient"], minutes=None)}))
    ),
    "observed": lambda: view(OBSERVERS, invalid=parse(OBSERVED, "observer", {})),
    "portal": lambda: view(PORTAL),
}  # fmt: skip


CODE, NO_CODE = HandoverCode(text="471928", sealed="…"), HandoverCode(text="", sealed="")
OUT = Loan(
    id="a",
    state="out",
    handle="b",
    launch=LaunchId("c"),
    author=author_of(CONTEXT),
    slug="s",
    has_code=True,
    tries=5,
    since=NOW,
    expires=NOW,
)


def handed(of: Any, *, blind: bool = True, code: HandoverCode = CODE, **more: Any) -> Any:
    return handover_view(of, action="/lend", back="/back", today=TODAY, blind=blind, code=code, lasts=Sentence("It lasts."), **more)


def chosen(*choices: ClinicianChoice, unknown: bool | None = None, me: str | None = "ANN", patient: Any = INGRID) -> Any:
    looked = ((Sentence("this visit"), Sentence("nobody besides you")),)
    found = Candidates(patient=patient, choices=choices, looked=looked)
    context = replace(CONTEXT, user=replace(CONTEXT.user, name=me))
    return clinician_choice_view(
        found, context=context, title=CLINICIANS.instrument.title, action="/a", back="/b", today=TODAY, unknown=unknown
    )


def choice(who: Person) -> ClinicianChoice:
    return ClinicianChoice(person=who, roles=(joined(", ", [Sentence("this visit"), "ATTENDER"]),), places=frozenset({"visit"}))


AGAIN = replace(SOFIA, reference="Practitioner/9")
PAGES: dict[str, tuple[str, Callable[[], Any]]] = {
    **{name: ("check_form", make) for name, make in FORMS.items()},
    "handover": ("handover", lambda: handed(TABLET)),
    "handover, nothing ticked": ("handover", lambda: handed(TABLET, problem=TICK_TWO, ticked=["name"])),
    "handover, in a frame, without a code": (
        "handover",
        lambda: handed(TABLET, code=NO_CODE, notes=handover_notes((OUT,), framed=True, disowned=True, zone=UTC)),
    ),
    "handover, of few": ("handover", lambda: handed(replace(TABLET, patient=NAMELESS))),
    "handover, unstored": ("handover", lambda: handed(draft(**UNSTORED), blind=False)),
    "handover, of a team": ("handover", lambda: handed(draft(replace(TABLET.instrument, rated="team"), clinician=None))),
    "handover, of nobody": ("handover", lambda: handed(replace(draft(replace(TABLET.instrument, rated="nobody")), patient=UNNAMED))),
    "handover, stopped": ("handover", lambda: handed(replace(TABLET, stopped=STOPPED["dead"]))),
    "whom": ("whom", lambda: chosen(choice(SOFIA), choice(AGAIN), choice(NOBODY))),
    "whom, unknown": ("whom", lambda: chosen(choice(SOFIA), unknown=True, me=None, patient=NAMELESS)),
    "whom, none": ("whom", lambda: chosen(choice(SOFIA), unknown=False)),
    "whom, nobody": ("whom", chosen),
}
# What the record, the launch and the clock say, and what the instrument calls itself.
DATA = re.compile(
    r"Ingrid|Halvorsen|HALVORSEN|Sofia|Lindqvist|Tomas|Brandt|\bMs\b|Nobody|the last visit|ANN|SITE|ATTENDER|Practitioner/\w+|MRN|Rapport|"
    r"\d\d-[A-Z][a-z]{2}-\d{4}|\d+ [A-Z][a-z]+ \d{4}"
)
_BRACKETS = re.compile(r"⟦[^⟦⟧]*⟧")
_WORDS_IN = ("aria-label", "title", "alt", "placeholder")


def page(template: str, seen: Any, language: PseudoLanguage | None = PSEUDO) -> BeautifulSoup:
    made = environment(language) if language else environment()
    parts: dict[str, Any] = {
        "asset": str,
        "sheet": lambda **_: "",
        "script": str,
        "theme": "",
        "nonce": "",
        "switch": (),
        "csrf": "",
        "tab": None,
    }
    return BeautifulSoup(made.get_template(f"pages/{template}.html").render(view=seen, **parts), "html.parser")


def own_words(soup: BeautifulSoup) -> Iterator[str]:
    """What stands on a page and is said to be in its language."""
    for one in soup.select("style, script"):
        one.decompose()
    yield from (str(one[name]) for one in soup.find_all(True) for name in _WORDS_IN if one.has_attr(name))
    # A part that is said to be in the page's language stays where what it stands in goes.
    for one in soup.select(f'[lang="en"] [lang="{LEFT_TO_RIGHT}"]'):
        yield one.extract().get_text()
    for one in soup.select('[lang="en"]'):
        one.decompose()
    yield soup.get_text("\n")


def left_over(text: str) -> list[str]:
    """What is neither said nor data."""
    while (shorter := _BRACKETS.sub("", text)) != text:
        text = shorter
    return [line for line in DATA.sub("", text).splitlines() if any(sign.isalpha() for sign in line)]


@pytest.mark.parametrize("name", PAGES)
def test_every_word_of_ours_is_said_in_the_pages_language(name: str) -> None:
    template, make = PAGES[name]
    assert [line for text in own_words(page(template, make())) for line in left_over(text)] == []


@pytest.mark.parametrize("name", [name for name, (template, _) in PAGES.items() if template == "check_form"])
def test_the_instruments_own_words_are_marked_and_stay_as_they_are(name: str) -> None:
    soup = page("check_form", PAGES[name][1]())
    for one in soup.select(f'[lang="en"] [lang="{LEFT_TO_RIGHT}"]'):
        one.decompose()
    marked = [one.get_text() for one in soup.select('[lang="en"]')]
    assert not [text for text in marked if "⟦" in text]
    assert bool(marked) != bool(soup.select("form.paper"))


def test_a_page_in_the_forms_language_marks_nothing() -> None:
    assert not page("check_form", view(TABLET), language=None).select("main [lang]")
