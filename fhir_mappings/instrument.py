"""What an alliance instrument is: items, options, scales, informants, rights. Data only; files become these in `library`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Informant = Literal["patient", "clinician", "observer"]
Certainty = Literal["verified", "unverified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer: `code` goes into FHIR, `value` into the score. `label` is absent where wording may not ship."""

    code: str
    value: int
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One scored item; `number` is its place in the author's form, `scale` the key of its subscale (None: total only)."""

    link_id: str
    number: int
    scale: str | None
    reverse: bool
    text: Mapping[Informant, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A coded question asked beside the items and never scored ("Was anything difficult?"); always optional."""

    link_id: str
    text: Mapping[Informant, str]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A score: `key` is `total`, `goal`, `task`, `bond` …; `items` are link ids; scored when `min_answered` are answered
    and, where `needs` names other scales, when those are scored too. `low` and `high` bound the score."""

    key: str
    title: str
    about: str
    method: Literal["mean", "sum"]
    items: tuple[str, ...]
    min_answered: int
    needs: tuple[str, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a key, rule or wording comes from, and how sure that is."""

    text: str
    certainty: Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who holds the wording and on what terms."""

    holder: str
    licence: str
    terms: str
    wording_ships: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One informant's form: what it is called, the words before the first item, and how long it takes."""

    informant: Informant
    title: str
    intro: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Items shown together under one heading; order as in the file."""

    key: str
    title: Mapping[Informant, str]
    help: Mapping[Informant, str]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One version of one instrument, with every informant's form.

    `slug` names it in URLs and codes (`rapport-check-in`); `forms` has one entry per informant who may answer;
    `validated` is False unless a citation says otherwise, and every page that shows the instrument says so.
    """

    slug: str
    version: str
    title: str
    description: str
    validated: bool
    direction: str
    forms: Mapping[Informant, Form]
    sections: tuple[Section, ...]
    options: tuple[Option, ...]
    items: tuple[Item, ...]
    questions: tuple[Question, ...]
    scales: tuple[Scale, ...]
    rights: Rights
    citations: tuple[Citation, ...]

    def item(self, link_id: str) -> Item:
        """The item of that link id. KeyError when there is none."""
        for item in self.items:
            if item.link_id == link_id:
                return item
        raise KeyError(link_id)

    def scale(self, key: str) -> Scale:
        """The scale of that key. KeyError when there is none."""
        for scale in self.scales:
            if scale.key == key:
                return scale
        raise KeyError(key)


def worded(text: str, *, clinician: str | None = None, patient: str | None = None) -> str:
    """An item's or title's wording with the names in it; "my clinician" and "the patient" where no name may or need stand."""
    named = text.replace("{clinician}", clinician or "my clinician").replace("{patient}", patient or "the patient")
    return named[:1].upper() + named[1:]
