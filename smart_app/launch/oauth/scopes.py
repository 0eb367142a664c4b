"""SMART scopes: what was granted, in the grammars of version 1 and 2, and what it allows.

`patient/Observation.read`, `patient/Observation.rs`, `user/*.*`, `patient/Observation.rs?category=system|code`, and the same behind
`http://smarthealthit.org/fhir/scopes/` (SMART App Launch 2.2, scopes and launch context). Unknown strings grant nothing.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl

from msgspec import Struct

Interaction = Literal["c", "r", "u", "d", "s"]

_URI = "http://smarthealthit.org/fhir/scopes/"
_OPENID_URI = "http://openid.net/specs/openid-connect-core-1_0#"
# An EHR grants its users few lists that differ, and one page asks of the same list some fifty times.
_GRANTS = 256
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
# The letters stand in this order or the scope is none (version 2 grammar); at least one of them.
_SCOPE = re.compile(
    r"(?P<context>patient|user|\*)/(?P<resource>[A-Z][A-Za-z]*|\*)\.(?P<can>read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(?P<query>.+))?"
)


class Scope(Struct, frozen=True, kw_only=True):
    """One understood resource scope. `resource` may be `*`; `interactions` are letters of `cruds`; `query` narrows it: all of its pairs
    must hold."""

    context: str
    resource: str
    interactions: frozenset[str]
    query: tuple[tuple[str, str], ...]


@lru_cache(maxsize=_GRANTS)
def parse(granted: str) -> tuple[Scope, ...]:
    """The resource scopes in a space-separated list. `system/` ones are left out: they are not this launch's."""
    return tuple(scope for text in granted.split() if (scope := _parsed(text.removeprefix(_URI))))


def allows(granted: str, resource: str, interaction: Interaction, *, categories: Collection[str] = ()) -> bool:
    """True when `granted` covers the interaction, by the union of its scopes. `categories` are those, as `system|code`, that what is read
    or written carries.

    Without them a narrowed scope allows reading (something comes back), and never writing."""
    return any(_covers(scope, resource, interaction, categories) for scope in parse(granted))


def narrowed(granted: str, resource: str, interaction: Interaction) -> bool:
    """True when it is granted, but only of some of the resources: what comes back may then be less than there is."""
    covering = [scope for scope in parse(granted) if _names(scope, resource, interaction)]
    return bool(covering) and all(scope.query for scope in covering)


def has(granted: str, scope: str) -> bool:
    """True when a plain scope such as `openid` was granted, as a word or as an address."""
    return scope in {text.removeprefix(_URI).removeprefix(_OPENID_URI) for text in granted.split()}


def _parsed(text: str) -> Scope | None:
    match = _SCOPE.fullmatch(text)
    if match is None:
        return None
    can, query = match["can"], match["query"]
    pairs = tuple(parse_qsl(query, keep_blank_values=True)) if query else ()
    if query and not (pairs and all(name and value for name, value in pairs)):
        # Meant to narrow, and nobody can say to what: as if it were not there it would grant everything.
        return None
    return Scope(context=match["context"], resource=match["resource"], interactions=frozenset(_VERSION_1.get(can, can)), query=pairs)


def _names(scope: Scope, resource: str, interaction: Interaction) -> bool:
    return scope.resource in {resource, "*"} and interaction in scope.interactions


def _covers(scope: Scope, resource: str, interaction: Interaction, categories: Collection[str]) -> bool:
    if not _names(scope, resource, interaction):
        return False
    return not scope.query or (interaction in {"r", "s"} and not categories) or _is_category(scope, categories)


def _is_category(scope: Scope, categories: Collection[str]) -> bool:
    """True when the only narrowing is by category, and all of it holds; a token without system means the code in any system."""
    carried = {*categories, *(category.rpartition("|")[2] for category in categories)}
    return all(name == "category" and value in carried for name, value in scope.query)
