"""An alliance rating as read from the record: who rated whom, at which visit, with which scores."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from msgspec import Struct

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.scores import Score
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.corrections import Correction
from fhir_mappings.sentence import Sentence

# Somebody who answered for the patient, and of whom no more is known.
PROXY: Answering = "proxy"


class Rating(Struct, frozen=True, kw_only=True):
    """One informant's rating of one visit.

    `clinician` is the rated person of the dyad for both informants, None for a questionnaire about a team or about nobody. `visit` is
    the encounter reference, else the day (`2026-11-22`), and pairs the two informants' ratings. `answers` maps link id to the option
    value; a declined or missing item is absent. `extra` maps a link id to its option code: of an unscored question, or of an item
    answered with an option without a value. `source` is the QuestionnaireResponse (or, where only scores were stored, the panel
    Observation). `language` is that of the form as it was answered, None where the record does not tell. `observer` is the reference of
    who answered an observer's form, `proxy` for somebody who answered for the patient, None of the other forms and where it is not told:
    what two people say is never compared. `anchors` maps the
    codes of options to the words they had when it was answered: every option's where they are those of the form, else those stored with
    the answers; empty where the record does not tell. `version_told` is False where there are
    scores alone, which may be of one version or another: `version` is then the newest. `answering` is who said that they answer a patient's
    form, None where it was not asked. `corrections` are what was put right of it, the first first. `after_seen` is what its author changed
    once they had seen the other's rating of the visit: the answers as they stand since, while `answers` and `scores` are those of before,
    which alone are compared and drawn. `given_after_seen`: they had seen it before they gave this rating at all.
    """

    instrument: str
    version: str
    informant: Informant
    clinician: Person | None
    when: Moment
    visit: str
    encounter: str | None
    scores: Mapping[str, Score]
    answers: Mapping[str, int]
    declined: tuple[str, ...]
    extra: Mapping[str, str]
    standing: str
    source: str
    language: str | None = None
    observer: str | None = None
    anchors: Mapping[str, str] = {}
    version_told: bool = True
    answering: Answering | None = None
    corrections: tuple[Correction, ...] = ()
    after_seen: Answers | None = None
    given_after_seen: bool = False


_One = TypeVar("_One")


def by_language(several: Sequence[_One], language_of: Callable[[_One], str | None]) -> list[tuple[_One, ...]]:
    """What may be compared by the language of its form, in the order of what is first. One that is not recorded joins the others where
    those have one language at most, else it is apart."""
    languages = list(dict.fromkeys(map(language_of, several)))
    if len([one for one in languages if one is not None]) <= 1:
        return [tuple(several)] if several else []
    return [tuple(each for each in several if language_of(each) == one) for one in languages]


def by_answer_words(several: Sequence[_One], words_of: Callable[[_One], Mapping[str, str]]) -> list[tuple[_One, ...]]:
    """What may be compared by the words of its answers, in the order of what is first: no option has two names in one group. Where they are
    not told it joins the others as long as those are one group, else it is apart."""
    groups: list[tuple[dict[str, str], list[_One]]] = []
    for one in several:
        words = words_of(one)
        fitting = next((group for group in groups if words and not contradict(words, group[0])), None)
        if fitting is not None:
            fitting[0].update(words)
            fitting[1].append(one)
        elif words:
            groups.append((dict(words), [one]))
    if len(groups) <= 1:
        return [tuple(several)] if several else []
    untold = tuple(one for one in several if not words_of(one))
    return [*(tuple(members) for _, members in groups), *([untold] if untold else [])]


def contradict(words: Mapping[str, str], others: Mapping[str, str]) -> bool:
    """Whether an option has two names."""
    return any(others.get(code, name) != name for code, name in words.items())


def language_breaks(ratings: Sequence[Rating]) -> frozenset[str]:
    """Of one person's ratings, oldest first, the sources of those whose form is in another language than that of the one before."""
    if len(by_language(ratings, language_of)) <= 1:
        return frozenset()
    return frozenset(after.source for before, after in pairwise(ratings) if after.language != before.language)


def word_breaks(ratings: Sequence[Rating]) -> frozenset[str]:
    """Of one person's ratings, oldest first, the sources of those whose answers had other words than those of the one before whose words
    are told, although form, version and language are the same."""
    told = [one for one in ratings if one.anchors]
    groups = by_answer_words(told, words_of)
    if len(groups) <= 1:
        return frozenset()
    place = {one.source: number for number, group in enumerate(groups) for one in group}
    pairs = [(before, after) for before, after in pairwise(told) if place[before.source] != place[after.source]]
    return frozenset(after.source for before, after in pairs if (before.version, before.language) == (after.version, after.language))


def version_breaks(ratings: Sequence[Rating]) -> frozenset[str]:
    """Of one person's ratings, oldest first, the sources of those whose form is of another version than that of the one before."""
    return frozenset(after.source for before, after in pairwise(ratings) if after.version != before.version)


def language_of(rating: Rating) -> str | None:
    """The language of its form."""
    return rating.language


def words_of(rating: Rating) -> Mapping[str, str]:
    """The words its answers had."""
    return rating.anchors


def form_named(title: str, informant: Informant) -> Sentence:
    """What a row of a list calls one informant's form of that instrument."""
    if informant == "patient":
        return Sentence("{instrument}, patient's form", instrument=title)
    if informant == "clinician":
        return Sentence("{instrument}, clinician's form", instrument=title)
    return Sentence("{instrument}, observer's form", instrument=title)
