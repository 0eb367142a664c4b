"""What an instrument is: items, options, scales, informants, rights, and how sure each of these is. Data only; files become these in
`instrument_file`, sites add wording and confirmations in `packs`."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal

from msgspec import Struct

from fhir_mappings.data_files.certainty import Certainty
from fhir_mappings.data_files.content_hash import content_hash
from fhir_mappings.sentence import Sentence, in_small_letters

Informant = Literal["patient", "clinician", "observer"]
# What a permission to use an instrument's wording may allow: to show it, to keep it in stored responses, to publish it.
Scope = Literal["display", "store", "redistribute"]
# What the relationship is with: one clinician, a team, or nobody (a questionnaire about living with diabetes).
Rated = Literal["clinician", "team", "nobody"]
# Which end of a score is the one to hope for; a fall is called worse only where an instrument says so.
Better = Literal["higher", "lower"]
# The parts of a scoring key, each with a source of its own.
Part = Literal["options", "subscales", "reversal", "scores", "missing"]
# Instruments whose preparation is kept: more than a site has, versions and languages counted.
MOST_PREPARED = 128
_NO_KEY = Sentence("No scoring key is known for it.")
_KEY_UNVERIFIED = Sentence("Its scoring key is not verified, and this site has not confirmed it.")


class Option(Struct, frozen=True, kw_only=True):
    """One answer: `code` goes into FHIR, `value` into the score (None: "does not apply", an answer without a value). `label` is absent
    where wording may not ship."""

    code: str
    value: int | None
    label: str | None


class Item(Struct, frozen=True, kw_only=True):
    """One scored item; `number` is its place in the author's form, `scale` the key of its subscale (None: total only)."""

    link_id: str
    number: int
    scale: str | None
    reverse: bool
    text: Mapping[Informant, str]


class Question(Struct, frozen=True, kw_only=True):
    """A coded question asked beside the items and never scored ("Was anything difficult?"); always optional. `at_visit`: it is about a
    visit of that day, so nobody at home is asked it."""

    link_id: str
    text: Mapping[Informant, str]
    options: tuple[Option, ...]
    at_visit: bool = False


class Scale(Struct, frozen=True, kw_only=True):
    """A score: `key` is `total`, `goal`, `task`, `bond` …; `items` are link ids; scored when `min_answered` are answered
    and, where `needs` names other scales, when those are scored too. `factor` multiplies the mean or sum (WHO-5: 4).
    `low` and `high` bound the score; `direction` is the direction word ("higher = more trust"); `better` says which end is
    the one to hope for (None: not said)."""

    key: str
    title: str
    about: str
    method: Literal["mean", "sum"]
    items: tuple[str, ...]
    min_answered: int
    needs: tuple[str, ...]
    factor: Decimal
    direction: str
    low: int
    high: int
    better: Better | None = None

    @property
    def title_within(self) -> str:
        """The title as it stands within a sentence."""
        return in_small_letters(self.title)


class Citation(Struct, frozen=True, kw_only=True):
    """Where a key, rule or wording comes from, and how sure that is."""

    text: str
    certainty: Certainty


class Claim(Struct, frozen=True, kw_only=True):
    """Where one part of the scoring key comes from, and how sure it is."""

    part: Part
    source: str
    certainty: Certainty


class Reliability(Struct, frozen=True, kw_only=True):
    """How steady a score is in one population: `sd` and `r` (`r_type` says which kind of reliability), or a published smallest
    detectable change `mdc`, each in the score's own points. `interval` says how far apart the answers behind it were given, or that they
    were given once (alpha). `citation` names the source of every number in it."""

    scale: str
    informant: Informant
    sd: Decimal | None
    r: Decimal | None
    r_type: Literal["retest", "icc", "alpha"] | None
    mdc: Decimal | None
    interval: Sentence
    population: str
    n: int | None
    citation: str
    certainty: Certainty


class Cutoff(Struct, frozen=True, kw_only=True):
    """A threshold that was published for a score: where it lies, on which side of it something is meant, and in whom."""

    scale: str
    side: Literal["at least", "at most", "below"]
    value: Decimal
    meaning: Sentence
    population: Sentence
    citation: str
    certainty: Certainty


class Rights(Struct, frozen=True, kw_only=True):
    """Who holds the wording and on what terms; `permission` says how and from whom to get leave to use it."""

    holder: str
    licence: Sentence
    terms: str
    wording_ships: bool
    permission: str


class Wording(Struct, frozen=True, kw_only=True):
    """Whose leave the wording in an instrument rests on: a site's pack with the scopes it was granted. `reference` is the letter,
    mail or licence it can be looked up by."""

    granted_by: str
    granted_on: date
    reference: str
    scopes: frozenset[Scope]


class Translation(Struct, frozen=True, kw_only=True):
    """That the wording ships as a translation of another file's; `review` says who has read it over."""

    review: Sentence


class Confirmation(Struct, frozen=True, kw_only=True):
    """A site's recorded act: who compared the scoring key with which source, and when."""

    by: str
    on: date
    source: str


class Form(Struct, frozen=True, kw_only=True):
    """One informant's form: what it is called, the words before the first item ("" without), and how many minutes it takes
    where a source says so. `intro_home` are the words for who answers at home, where those before the first item speak of a visit. `sheet`
    is what the author says of marks on paper that fit no single answer, for whoever types a sheet in ("" without)."""

    informant: Informant
    title: str
    intro: str
    minutes: int | None
    intro_home: str = ""
    sheet: str = ""


class Section(Struct, frozen=True, kw_only=True):
    """Items shown together under one heading; order as in the file."""

    key: str
    title: Mapping[Informant, str]
    help: Mapping[Informant, str]
    items: tuple[str, ...]


class Instrument(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """One version of one instrument in one language, with every informant's form. Two are the same when everything in them is.

    `slug` names it in URLs and codes (`rapport-check-in`); `language` is None while it has no wording; `forms` has one entry per
    informant who may answer; `recall` is the time the answers are about, where a source says so ("" otherwise), `recall_home` that of who
    answers at home, where it is another. `validated` is
    False unless a citation says otherwise, and every page that shows the instrument says so. Without `items` it is only
    described: who holds it and how to get it.
    """

    slug: str
    version: str
    language: str | None
    title: Sentence
    description: str
    validated: bool
    direction: Sentence
    rated: Rated
    recall: str
    forms: Mapping[Informant, Form]
    sections: tuple[Section, ...]
    options: tuple[Option, ...]
    items: tuple[Item, ...]
    questions: tuple[Question, ...]
    scales: tuple[Scale, ...]
    claims: tuple[Claim, ...]
    reliability: tuple[Reliability, ...]
    cutoffs: tuple[Cutoff, ...]
    rights: Rights
    citations: tuple[Citation, ...]
    better: Better | None = None
    recall_home: str = ""
    translation: Translation | None = None
    wording: Wording | None = None
    confirmation: Confirmation | None = None

    @cached_property
    def identity(self) -> tuple[str, str, str | None, str]:
        """What no other instrument has: slug, version, language, and the hash of everything in it, which a pack, a confirmation or another
        file changes. What is made of an instrument is kept under it."""
        return self.slug, self.version, self.language, content_hash(self)

    def __hash__(self) -> int:
        """Of its identity."""
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        """By identity."""
        return isinstance(other, Instrument) and self.identity == other.identity

    @property
    def as_shipped(self) -> bool:
        """Whether it is the file itself, in no other words than its own."""
        return self.wording is None and self.translation is None

    def may(self, scope: Scope) -> bool:
        """Whether the wording it carries may be used so; a pack's leave counts, else the instrument's own rights."""
        return scope in self.wording.scopes if self.wording else self.rights.wording_ships

    def worded(self, informant: Informant) -> bool:
        """Whether every item has wording for that informant; without it the form is filled in from the licensed sheet."""
        return bool(self.items) and all(informant in item.text for item in self.items)

    def from_paper(self, informant: Informant) -> bool:
        """Whether that informant's answers are typed in from the licensed sheet: no wording, or no leave to show it."""
        return not (self.worded(informant) and self.may("display"))

    @property
    def why_unscored(self) -> Sentence | None:
        """Why no score may be given, in a sentence; None when the key is verified or the site has confirmed it."""
        if not self.scales:
            return _NO_KEY
        if self.confirmation is not None or all(claim.certainty == "verified" for claim in self.claims):
            return None
        return _KEY_UNVERIFIED

    def weight(self, item: Item, option: Option) -> int | None:
        """What an option counts on an item, mirrored between lowest and highest where the item is reversed; None without a value."""
        if option.value is None or not item.reverse:
            return option.value
        values = [one.value for one in self.options if one.value is not None]
        return min(values) + max(values) - option.value

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


def with_wording(text: str, *, clinician: str | None = None, patient: str | None = None) -> str:
    """An item's or title's wording with the names in it; "my clinician" and "the patient" where no name may or need stand. But for a
    capital where a name begins it, it stays letter by letter as it was written; a sentence without a name stays one."""
    if "{" not in text:
        return text
    named = text.replace("{clinician}", clinician or "my clinician").replace("{patient}", patient or "the patient")
    return named[:1].upper() + named[1:] if text.startswith("{") else named
