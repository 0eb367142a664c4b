"""Whether what people are told is so, judged by what the server holds at that moment. Written from the rules alone: nothing of the app is
imported, only its words are read.

Never in the record without the answers there; never not in the record with them there; "not known" wherever it cannot be known, and never
beside a word that knows. Silence at the next launch says that all is well."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

Claim = Literal["there", "not there", "unknown"]
Held = Mapping[str, dict[str, Any]]
_CLAIMS: tuple[tuple[Claim, str], ...] = (
    ("there", r"Saved(?: in the record|, )"),
    ("there", r"(?:answers are|It is) in your health record\."),
    ("there", r"(?:answers are|rating is) in (?!your health record)[A-Z]"),
    ("there", r"What was sent is in the record"),
    ("there", r"The answers are in the record"),
    ("there", r"Not all of it is in the record:"),
    ("not there", r"[Nn]ot in (?:the|your health) record yet"),
    ("not there", r"did not take"),
    ("not there", r"refused to store it"),
    ("not there", r"could not be taken"),
    ("not there", r"not stored"),
    ("not there", r"[Nn]othing was sent"),
    ("unknown", r"[Nn]ot known"),
    ("unknown", r"check whether they have reached"),
    ("unknown", r"did not say whether it stored"),
    ("unknown", r"[Bb]eing sent at this moment"),
)
_ROW_DENIES = re.compile(r"Not in the record(?! yet)")
_RESPONSE = "response"


class PartTold(Struct, frozen=True, kw_only=True):
    """A row of what is not written: of which part (its type and its own identifier, None for Provenance), and what is said of its place."""

    kind: str
    identifier: str | None
    said: str


class Told(Struct, frozen=True, kw_only=True):
    """What people are told at one moment. `state` is the receipt's, or an error's code. `pages` are the texts by who reads them; `silent`
    pages need not speak of the answers at all, and of what was not `taken` no launch does. `written` are the places the receipt names;
    `notices` what the next launch says, None where it cannot be opened; `button` what can be pressed."""

    state: str
    pages: Mapping[str, str]
    written: tuple[str, ...] = ()
    missing: tuple[PartTold, ...] = ()
    notices: tuple[str, ...] | None = ()
    button: str | None = None
    silent: bool = False
    taken: bool = True


def claims(text: str) -> set[Claim]:
    """What a page says of the answers."""
    return {claim for claim, words in _CLAIMS if re.search(words, text)}


def untrue(told: Told, held: Held, *, key: str) -> list[str]:
    """Everything that is not so, or is not said."""
    there = responses_held(held, key) > 0
    found = [f"{who}: {wrong}: {text}" for who, text in told.pages.items() for wrong in _wrong(text, there=there, silent=told.silent)]
    found += [f"next launch: {wrong}: {text}" for text in told.notices or () for wrong in _wrong(text, there=there, silent=False)]
    if told.notices == () and not there and told.taken and not told.silent:
        found.append("next launch: silent, and the answers are not there")
    found += [f"{place} is called written and is not there" for place in told.written if place not in held]
    found += [f"{part.identifier} is there, and the receipt says: {part.said}" for part in told.missing if _denied(part, held)]
    return found + doubled(held, key)


def _wrong(text: str, *, there: bool, silent: bool) -> Iterable[str]:
    said = claims(text)
    if not said and not silent:
        yield "says nothing of the answers"
    if len(said) > 1:
        yield f"says {' and '.join(sorted(said))} at once"
    if "there" in said and not there:
        yield "says that they are there"
    if "not there" in said and there:
        yield "says that they are not there"


def _denied(part: PartTold, held: Held) -> bool:
    return bool(part.identifier and _ROW_DENIES.search(part.said) and _identified(held, part.kind, part.identifier))


def responses_held(held: Held, key: str) -> int:
    """How many responses of that submission there are."""
    return len(_identified(held, "QuestionnaireResponse", f"{key}.{_RESPONSE}"))


def doubled(held: Held, key: str) -> list[str]:
    """What is there more than once."""
    counted = Counter(value for resource in held.values() for value in _identifiers(resource) if value.startswith(f"{key}."))
    counted["Provenance"] = sum(place.startswith("Provenance/") for place in held)
    return [f"{name} is there {number} times" for name, number in counted.items() if number > 1]


def dangling(held: Held) -> list[str]:
    """References between what was written that lead nowhere."""
    written = [
        (place, one) for place, one in held.items() if place.partition("/")[0] in {"QuestionnaireResponse", "Observation", "Provenance"}
    ]
    named = [(place, reference) for place, one in written for reference in re.findall(r"'reference': '((?:Q|O)[A-Za-z]+/\d+)", str(one))]
    return [f"{place} refers to {reference}, which is not there" for place, reference in named if reference not in held]


def lacking(held: Held, identifiers: Iterable[str]) -> list[str]:
    """Which of the identifiers nothing has."""
    there = {value for resource in held.values() for value in _identifiers(resource)}
    return [f"{value} is not there" for value in identifiers if value not in there]


def _identified(held: Held, kind: str, value: str) -> Sequence[str]:
    return [place for place, one in held.items() if place.startswith(f"{kind}/") and value in _identifiers(one)]


def _identifiers(resource: Mapping[str, Any]) -> list[str]:
    given = resource.get("identifier") or []
    return [str(one.get("value")) for one in (given if isinstance(given, list) else [given])]
