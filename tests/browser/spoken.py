"""What a page in the language of tests says outside of its brackets, and which of that is data: what the record, the registration, the
instruments or the measures give."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

import msgspec
from playwright.sync_api import Page

from fhir_mappings.instruments.library import load_library
from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.options.option_files import load_options
from fhir_mappings.sentence import Sentence
from smart_app.registration import load_registration
from smart_app.sandbox.personas.build import build_all
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, RIGHT_TO_LEFT
from tests.support.stands import utc_today

# The texts of a page in their order, each attribute's by itself before them. A text may begin within a bracket and end in another element.
# What the page itself says to be in English is a form's own wording, or what IT has to find in a log.
_TEXTS = """() => {
  const read = ["title", "aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "alt", "placeholder", "data-label"];
  const attributes = [];
  for (const one of document.querySelectorAll("*"))
    for (const name of one.tagName === "INPUT" && one.type === "submit" ? [...read, "value"] : read)
      if (one.getAttribute(name)) attributes.push(one.getAttribute(name));
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walk.nextNode())
    if (!walk.currentNode.parentElement.closest("script, style, noscript, [lang=en]")) texts.push(walk.currentNode.data);
  return [attributes, texts];
}"""
_OPEN, _CLOSE = "⟦", "⟧"
_LETTER = re.compile(r"[^\W\d_]")
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_LONG_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# Before anything that is a number by itself.
_LONG_DATE = rf"\d?\d (?:{_LONG_MONTHS}) \d{{4}}"
# As they stand in every language of tests: dates, addresses, scopes, codes of errors and of a reference, UUIDs, addresses of resources.
_SHAPES = "|".join(
    [
        rf"\d\d-(?:{_MONTHS})-\d{{4}}",
        rf"(?:{_MONTHS})-\d{{4}}",
        rf"\b(?:{_MONTHS})\b",
        r"https?://[^\s,)]+",
        r"\b(?:patient|user|system)/\w+\.\w+",
        r"\b(?:launch/\w+|launch|openid|fhirUser|\w+_access)\b",
        r"\b[a-z]+(?:[._][a-z0-9]+)+\b",
        r"\bHTTP \d{3}\b",
        r"\bRP-[0-9A-Z-]+",
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        r"\b[A-Z][A-Za-z]+/[A-Za-z0-9.-]+",
    ]
)
_SHORT, _UNIT = 200, 2
# Of the app, of the site, and of languages in the switch and where a form's questions are in another one.
_NAMES = ("Rapport", "Northfield General", "Open FHIR server", "English", LEFT_TO_RIGHT, RIGHT_TO_LEFT)
_EVENTS = {"Encounter", "Appointment", "ServiceRequest", "Procedure", "MedicationRequest"}
_OF_RECORDS = {"family", "given", "prefix", "text", "display", "name", "title", "unit", "code", "value", "id", "valueString"}


def outside(tab: Page) -> list[str]:
    """What of the page's texts stands outside of brackets, has a letter and is no data, in their order."""
    attributes, texts = tab.evaluate(_TEXTS)
    parts = chain(chain.from_iterable(_outside([one]) for one in attributes), _outside(texts))
    return list(dict.fromkeys(part for part in map(str.strip, parts) if _LETTER.search(_without_data(part))))


def _outside(texts: Iterable[str]) -> Iterator[str]:
    """Of each text what is in no bracket; one opened in a text may be closed in a later one."""
    depth = 0
    for text in texts:
        kept = ""
        for sign in text:
            depth += (sign == _OPEN) - (sign == _CLOSE)
            kept += sign if depth == 0 and sign != _CLOSE else " "
        yield re.sub(r"\s+", " ", kept)


def _without_data(text: str) -> str:
    return "" if text in _whole() or _is_cut(text) else _parts().sub(" ", text)


def _is_cut(text: str) -> bool:
    """Whether it is the beginning of what somebody put in, with a sign that there is more."""
    return text.endswith("…") and any(one.startswith(text[:-1]) for one in _record())


@cache
def _whole() -> frozenset[str]:
    """Texts that are data where they stand alone."""
    return frozenset(chain(_record(), _files()))


@cache
def _parts() -> re.Pattern[str]:
    """What is data within a text too: names as they are written in a banner, titles, units and ids."""
    several = {one for one in chain(_NAMES, _record(), _files()) if _LETTER.search(one) and len(one) < _SHORT and not _is_word(one)}
    names = {one.upper() for one in _record() if " " not in one and not _is_word(one)}
    found = sorted({re.escape(one) for one in several | names | _words()}, key=len, reverse=True)
    return re.compile(rf"{_LONG_DATE}|(?<!\w)(?:{'|'.join(found)})(?!\w)|{_SHAPES}")


def _is_word(text: str) -> bool:
    """A word of no name, as codes are: data alone, but not among others. Units are short."""
    return text.isalpha() and text.islower() and len(text) > _UNIT


@cache
def _record() -> frozenset[str]:
    """Of everybody's record what people put in, not the words of FHIR itself; but the status of an event, which its table quotes."""
    resources = build_all(utc_today())
    quoted = {str(one["status"]) for one in resources if one["resourceType"] in _EVENTS}
    return frozenset(quoted).union(one for resource in resources for one in _given(resource, ""))


def _given(found: object, key: str) -> Iterator[str]:
    match found:
        case dict():
            for name, value in found.items():
                yield from _given(value, str(name))
        case list():
            for value in found:
                yield from _given(value, key)
        case str() if key in _OF_RECORDS and found:
            yield found


@cache
def _files() -> frozenset[str]:
    """Of the instruments, the measures, the options and the registration what is written to be read or entered and is no sentence: no codes
    of one lower-case word."""
    several = (load_library().instruments, load_measures(), load_options(), load_registration(None))
    leaves = [one for each in several for one in _leaves(msgspec.to_builtins(each, enc_hook=_unsaid))]
    return frozenset(one for one in leaves if not one.islower() or " " in one)


def _unsaid(one: object) -> str:
    return "" if isinstance(one, Sentence) else str(one)


@cache
def _words() -> frozenset[str]:
    """Of one lower-case word: units, and what stands for a question asked beside an instrument's items where its answer is told."""
    units = {unit.label for measure in load_measures() for unit in measure.units if unit.label.isalpha()}
    return frozenset(units | {question.link_id for each in load_library().instruments for question in each.questions})


def _leaves(found: object) -> Iterator[str]:
    match found:
        case dict():
            yield from chain.from_iterable(map(_leaves, found.values()))
        case list() | tuple():
            yield from chain.from_iterable(map(_leaves, found))
        case str() if found.strip():
            yield found.strip()
