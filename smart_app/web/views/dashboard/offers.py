"""What can be begun from the dashboard: the first form of each informant, and the rest below, as the rule of the pages has it."""

from collections.abc import Callable, Sequence
from itertools import groupby

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.sentence import Sentence, counted, joined
from smart_app.care.record.page_rule import PageFacts, PageOffers, of_another_form, offers_for
from smart_app.web.views.parts import Link

Form = tuple[Instrument, Informant]


class Offer(Struct, frozen=True, kw_only=True):
    """One questionnaire: its title, what it is, and where each informant's form begins."""

    title: str
    about: Sentence
    links: tuple[Link, ...]


class Offers(Struct, frozen=True, kw_only=True):
    """`hand_over` and `rate` are the first form of each informant, None where there is none; `others` the rest."""

    hand_over: Link | None
    rate: Link | None
    others: tuple[Offer, ...]


def offers(forms: Sequence[Form], address: Callable[[Instrument, Informant], str], *, facts: PageFacts) -> Offers:
    """`forms` in the site's order; `address` tells where a form begins; `facts` are those of the first ones."""
    rule, others = offers_for(facts), offers_for(of_another_form(facts))
    first = {informant: next((form for form in forms if form[1] == informant), None) for informant in ("patient", "clinician")}
    rest = [form for form in forms if form not in first.values()]
    return Offers(
        hand_over=_link(first["patient"], address, rule),
        rate=_link(first["clinician"], address, rule),
        others=tuple(
            offer
            for instrument, group in groupby(rest, key=_instrument)
            if (offer := _offer(instrument, list(group), address, others)).links
        ),
    )


def _instrument(form: Form) -> Instrument:
    return form[0]


def _link(form: Form | None, address: Callable[[Instrument, Informant], str], rule: PageOffers) -> Link | None:
    words = _begin(*form, rule) if form else ""
    return Link(href=address(*form), text=words) if form and words else None


def _begin(instrument: Instrument, informant: Informant, rule: PageOffers) -> str:
    """What is done next; "" where it is not offered."""
    if informant == "clinician":
        return rule.rate_words
    if informant == "patient" and not instrument.from_paper(informant):
        return rule.hand_over_words
    if not rule.enter:
        return ""
    return Sentence("Enter from paper") if informant == "patient" else Sentence("Rate another clinician, as observer")


def _offer(instrument: Instrument, forms: Sequence[Form], address: Callable[[Instrument, Informant], str], rule: PageOffers) -> Offer:
    links = tuple(link for form in forms if (link := _link(form, address, rule)))
    return Offer(title=instrument.title, about=_about(instrument, forms), links=links)


def _about(instrument: Instrument, forms: Sequence[Form]) -> Sentence:
    """`17 items, about 5 minutes, from paper, stored but not scored`."""
    minutes = max((instrument.forms[informant].minutes or 0 for _, informant in forms), default=0)
    parts = [
        counted("{n} item", "{n} items", len(instrument.items)),
        counted("about {n} minute", "about {n} minutes", minutes) if minutes else None,
        Sentence("from paper") if any(instrument.from_paper(informant) for _, informant in forms) else None,
        Sentence("stored but not scored") if instrument.why_unscored else None,
    ]
    return joined(", ", [part for part in parts if part is not None])
