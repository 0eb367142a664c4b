"""Which features scopes are good for, whatever words they are in; asking for less where an EHR refuses some; and what is off, and why."""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from fhir_mappings.r4.systems import DOCUMENT_CATEGORY, OBSERVATION_CATEGORY
from smart_app.launch.oauth.scopes import Interaction, allows, has, parse
from smart_app.registration.features import Feature, catalogue

# The first time included: an EHR that refuses whatever it is asked is not asked for ever.
MOST_TRIES = 3
WhyOff = Literal["refused", "not_granted", "no_token", "not_asked"]
# What is written of a type carries these, and a scope may be narrowed to them.
_CARRIED = {"Observation": (f"{OBSERVATION_CATEGORY}|survey",), "DocumentReference": (f"{DOCUMENT_CATEGORY}|clinical-note",)}
_WRITING = frozenset("cud")
# As many lists of scopes as are understood at once (`scopes`).
_GRANTS = 256
_RENEWAL = "renewal"
_SCOPE_IN_WORDS = re.compile(r"[a-z]+/[A-Za-z*]+\.[a-z*]+|[A-Za-z_]+(?:/[a-z]+)?")


class FeatureOff(Struct, frozen=True, kw_only=True):
    """One feature that a launch does without."""

    feature: Feature
    why: WhyOff


@lru_cache(maxsize=_GRANTS)
def features_of(scope: str) -> tuple[Feature, ...]:
    """The features that a scope, asked for or granted, is good for."""
    return tuple(feature for feature in catalogue().feature if all(_covers(scope, wanted) for wanted in feature.scopes))


def is_asked_by_name(scope: str, key: str) -> bool:
    """Whether a scope names what a feature needs, type by type: one for all types switches nothing on that a site has to want."""
    feature = next(one for one in catalogue().feature if one.key == key)
    named = " ".join(one for one in scope.split() if all(part.resource != "*" for part in parse(one)))
    return all(_covers(named, wanted) for wanted in feature.scopes)


def features_off(*, asked: str, granted: str, refused: Collection[str], renewable: bool) -> tuple[FeatureOff, ...]:
    """What is off in a launch: `asked` is what its entry asks for, `refused` the features that the EHR would not have asked for."""
    wanted, on = features_of(asked), features_of(granted)
    return tuple(
        FeatureOff(feature=feature, why=why)
        for feature in catalogue().feature
        if (why := _why_off(feature, wanted=wanted, on=on, refused=refused, renewable=renewable)) is not None
    )


def with_less(scope: str, *, words: str, tries: int) -> tuple[str, tuple[str, ...]] | None:
    """The scope to ask for next and the features it leaves out, after an EHR refused `scope` with those words: without what it names, else
    without what is given up in this try or before it. None after the last try, and where nothing is left to leave out."""
    on = features_of(scope)
    if tries >= MOST_TRIES:
        return None
    for chosen in (_named(on, words), _given_up(on, tries), _given_up(on, tries + 1)):
        less = " ".join(_without(scope, chosen, [feature for feature in on if feature not in chosen]))
        if less != scope:
            return less, tuple(feature.key for feature in chosen)
    return None


def _why_off(
    feature: Feature, *, wanted: Sequence[Feature], on: Sequence[Feature], refused: Collection[str], renewable: bool
) -> WhyOff | None:
    if feature.key in refused:
        return "refused"
    if feature not in wanted:
        return None if feature in on else "not_asked"
    if feature not in on:
        return "not_granted"
    return "no_token" if feature.key == _RENEWAL and not renewable else None


def _covers(scope: str, wanted: str) -> bool:
    if "." not in wanted:
        return has(scope, wanted)
    return all(_allows(scope, one.resource, letter) for one in parse(wanted) for letter in _letters(one.interactions))


def _letters(interactions: Collection[str]) -> Iterator[Interaction]:
    letters: tuple[Interaction, ...] = ("c", "r", "u", "d", "s")
    return (letter for letter in letters if letter in interactions)


def _allows(scope: str, resource: str, letter: Interaction) -> bool:
    """What is written of these types is of one category, and a scope may be for that one alone."""
    categories = _CARRIED.get(resource, ()) if letter in _WRITING else ()
    return allows(scope, resource, letter, categories=categories)


def _given_up(on: Sequence[Feature], tries: int) -> tuple[Feature, ...]:
    return tuple(feature for feature in on if feature.given_up is not None and feature.given_up <= tries)


def _named(on: Sequence[Feature], words: str) -> tuple[Feature, ...]:
    """The features that the EHR's words are about. Of those that share a scope it names, the ones given up first; and nothing where it
    repeats the whole list."""
    said = _SCOPE_IN_WORDS.findall(words)
    if any(one in catalogue().sign_in for one in said):
        return ()
    found = [feature for feature in on if any(_is_named(wanted, said) for wanted in feature.scopes)]
    first = min((feature.given_up or MOST_TRIES for feature in found), default=0)
    return tuple(feature for feature in found if (feature.given_up or MOST_TRIES) == first)


def _is_named(wanted: str, said: Collection[str]) -> bool:
    """By the scope, by one that shares a letter with it, or by the resource type."""
    if "." not in wanted:
        return wanted in said
    (scope,) = parse(wanted)
    named = (other for one in said for other in parse(one) if other.resource == scope.resource)
    return scope.resource in said or any(scope.interactions & other.interactions for other in named)


def _without(scope: str, left_out: Sequence[Feature], kept: Sequence[Feature]) -> Iterator[str]:
    """The scopes one by one, each less what only the features left out need; one that cannot be said with less stays, or goes as a whole
    where nothing kept needs it."""
    still = set(_needs(kept))
    gone = set(_needs(left_out)) - still
    plain = {wanted for feature in left_out for wanted in feature.scopes} - {wanted for feature in kept for wanted in feature.scopes}
    for text in scope.split():
        understood = parse(text)
        if text in plain:
            continue
        less = _less(text, gone, still) if understood else text
        if less:
            yield less


def _needs(features: Sequence[Feature]) -> Iterator[tuple[str, str]]:
    return (
        (one.resource, letter) for feature in features for wanted in feature.scopes for one in parse(wanted) for letter in one.interactions
    )


def _less(text: str, gone: Collection[tuple[str, str]], still: Collection[tuple[str, str]]) -> str:
    """One resource scope without the letters that are `gone`; "" where it was for them, and none is left that is `still` needed. Version 1
    has no words for some letters, and a wildcard none for all types but one: they stay as they are unless they go whole."""
    (scope,) = parse(text)
    left = [letter for letter in "cruds" if letter in scope.interactions and (scope.resource, letter) not in gone]
    head, _, query = text.partition("?")
    base, _, can = head.rpartition(".")
    if len(left) == len(scope.interactions):
        return text
    if not any((scope.resource, letter) in still for letter in left):
        return ""
    less = can if can in {"read", "write", "*"} else "".join(left)
    return f"{base}.{less}" + (f"?{query}" if query else "")
