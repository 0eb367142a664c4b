"""What Rapport does at an EHR, each part with the scopes it needs: `features.toml`, read once. An entry lists features; the scopes it asks
for are made from them here."""

from collections.abc import Collection
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import shipped_text


class Feature(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of what Rapport does. `given_up`: in which further try it is left out where an EHR refuses scopes and names none, None where
    it is not; `without` says what is off without it, and is a sentence as `title` is."""

    key: str
    title: str
    scopes: tuple[str, ...]
    default: bool
    without: str
    given_up: int | None = None


class FeatureFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: what every sign-in asks for, and the features in the order in which pages list them."""

    sign_in: tuple[str, ...]
    feature: tuple[Feature, ...]


@cache
def catalogue() -> FeatureFile:
    """The features there are."""
    read = msgspec.toml.decode(files("smart_app.registration").joinpath("features.toml").read_bytes(), type=FeatureFile)
    return replace(read, feature=tuple(_said(feature) for feature in read.feature))


def _said(feature: Feature) -> Feature:
    return replace(feature, title=shipped_text(feature.title), without=shipped_text(feature.without))


def default_features() -> tuple[str, ...]:
    """The keys of what is asked for where nothing else is said."""
    return tuple(feature.key for feature in catalogue().feature if feature.default)


def scope_of_features(keys: Collection[str]) -> str:
    """The scopes of a sign-in and of those features: plain ones first, then one for each resource type, its letters in the order of
    version 2."""
    known = catalogue()
    asked = [*known.sign_in, *(scope for feature in known.feature if feature.key in keys for scope in feature.scopes)]
    plain = dict.fromkeys(scope for scope in asked if "." not in scope)
    letters: dict[str, set[str]] = {}
    for scope in asked:
        head, dot, can = scope.rpartition(".")
        if dot:
            letters.setdefault(head, set()).update(can)
    return " ".join([*plain, *(f"{head}.{''.join(one for one in 'cruds' if one in can)}" for head, can in letters.items())])
