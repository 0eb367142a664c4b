"""SMART scopes: what was granted, in the grammars of version 1 and 2, and what it allows.

`patient/Observation.read`, `patient/Observation.rs`, `user/*.*`, `patient/Observation.rs?category=system|code`, and the same behind
`http://smarthealthit.org/fhir/scopes/` (SMART App Launch 2.2, scopes and launch context). Unknown strings grant nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

Interaction = Literal["c", "r", "u", "d", "s"]

_URI = "http://smarthealthit.org/fhir/scopes/"
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
# The letters stand in this order or the scope is none (version 2 grammar); at least one of them.
_SCOPE = re.compile(
    r"(?P<context>patient|user|\*)/(?P<resource>[A-Z][A-Za-z]*|\*)\.(?P<can>read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(?P<query>.+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One understood resource scope. `resource` may be `*`; `interactions` are letters of `cruds`; `query` narrows it."""

    context: str
    resource: str
    interactions: frozenset[str]
    query: Mapping[str, str]


def parse(granted: str) -> tuple[Scope, ...]:
    """The resource scopes in a space-separated list. `system/` ones are left out: they are not this launch's."""
    return tuple(scope for text in granted.split() if (scope := _parsed(text.removeprefix(_URI))))


def allows(granted: str, resource: str, interaction: Interaction, *, category: str | None = None) -> bool:
    """True when `granted` covers the interaction, by the union of its scopes; `category` is `system|code` or a code.

    A narrowed scope allows reading (something comes back), but allows writing only what carries its category.
    """
    return any(_covers(scope, resource, interaction, category) for scope in parse(granted))


def has(granted: str, scope: str) -> bool:
    """True when a plain scope such as `openid` was granted."""
    return scope in granted.split()


def _parsed(text: str) -> Scope | None:
    match = _SCOPE.fullmatch(text)
    if match is None:
        return None
    can = match["can"]
    return Scope(
        context=match["context"],
        resource=match["resource"],
        interactions=frozenset(_VERSION_1.get(can, can)),
        query=dict(parse_qsl(match["query"] or "")),
    )


def _covers(scope: Scope, resource: str, interaction: Interaction, category: str | None) -> bool:
    if scope.resource not in {resource, "*"} or interaction not in scope.interactions:
        return False
    return not scope.query or (interaction in {"r", "s"} and category is None) or _is_category(scope.query, category)


def _is_category(query: Mapping[str, str], category: str | None) -> bool:
    """True when the only narrowing is by this category; a search token without system means the code in any system."""
    if category is None or set(query) != {"category"}:
        return False
    return query["category"] in {category, category.rpartition("|")[2]}
