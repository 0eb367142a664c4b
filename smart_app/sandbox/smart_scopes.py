"""SMART scopes as text: reading v1 and v2, and what a client is granted of what it asked for. Knows no resource and no request.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import parse_qsl, quote

Level = Literal["patient", "user"]
Letter = Literal["c", "r", "u", "d", "s"]

CONTEXT_SCOPES = frozenset({"launch", "launch/patient", "launch/encounter", "openid", "fhirUser", "online_access", "offline_access"})
GRANULAR_PARAMETERS = frozenset({"category", "code"})

_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_V1_NAMES = {letters: name for name, letters in _V1.items()}
_SCOPE = re.compile(
    r"(?P<level>patient|user)/(?P<type>\*|[A-Z][A-Za-z]+)\.(?:(?P<v1>read|write|\*)|(?P<v2>c?r?u?d?s?))(?:\?(?P<query>.+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceScope:
    """`letters` in the order c r u d s; `resource` a type or `*`; `params` are the conditions of a granular scope, all must hold."""

    level: Level
    resource: str
    letters: str
    params: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """The scope in v2 syntax."""
        query = "&".join(f"{name}={quote(value, safe=':/|,.-')}" for name, value in self.params)
        return f"{self.level}/{self.resource}.{self.letters}" + (f"?{query}" if query else "")


def parse_scope(token: str) -> ResourceScope | None:
    """The resource scope `token` says, None for context scopes, unknown text, and conditions this server cannot enforce."""
    match = _SCOPE.fullmatch(token)
    if match is None:
        return None
    letters = _V1[match["v1"]] if match["v1"] else match["v2"]
    params = tuple(parse_qsl(match["query"] or "", keep_blank_values=True))
    if not letters or {name for name, _ in params} - GRANULAR_PARAMETERS or bool(match["query"]) != bool(params):
        return None
    return ResourceScope(level="patient" if match["level"] == "patient" else "user", resource=match["type"], letters=letters, params=params)


def parse_scopes(text: str) -> tuple[ResourceScope, ...]:
    """Every resource scope in a space-separated list."""
    return tuple(scope for scope in map(parse_scope, text.split()) if scope is not None)


def covering(granted: Sequence[ResourceScope], resource: str, letter: Letter) -> tuple[ResourceScope, ...]:
    """The granted scopes that allow `letter` on resources of type `resource`; union semantics, so any of them is enough."""
    return tuple(scope for scope in granted if scope.resource in {resource, "*"} and letter in scope.letters)


def negotiate(requested: str, *, allowed: str | None, remove: Sequence[str] = ()) -> str:
    """What is granted of `requested`: the part inside `allowed` (None: everything known), without `remove`; unknown scopes drop out.

    A scope granted as asked keeps its own spelling; one granted in part is written in the asked dialect where that can say it.
    """
    granted = (part for token in requested.split() for part in _granted(token, allowed, remove))
    return " ".join(dict.fromkeys(granted))


def _granted(token: str, allowed: str | None, remove: Sequence[str]) -> Iterator[str]:
    scope = parse_scope(token)
    if scope is None:
        if token in CONTEXT_SCOPES and token not in remove and (allowed is None or token in allowed.split()):
            yield token
        return
    ceilings = (scope,) if allowed is None else parse_scopes(allowed)
    for ceiling in ceilings:
        part = _without(_common(scope, ceiling), parse_scopes(" ".join(remove)))
        if part is not None:
            yield token if part == scope else _spelled_like(token, part)


def _common(asked: ResourceScope, ceiling: ResourceScope) -> ResourceScope | None:
    """The part of `asked` inside `ceiling`; None when they share nothing."""
    letters = "".join(letter for letter in asked.letters if letter in ceiling.letters)
    types = {asked.resource, ceiling.resource} - {"*"}
    if asked.level != ceiling.level or not letters or len(types) > 1:
        return None
    params = asked.params + tuple(param for param in ceiling.params if param not in asked.params)
    return ResourceScope(level=asked.level, resource=min(types, default="*"), letters=letters, params=params)


def _without(scope: ResourceScope | None, removed: Sequence[ResourceScope]) -> ResourceScope | None:
    """`scope` less the letters of each removed scope it overlaps. A wildcard loses them whole: fewer rights, never more."""
    if scope is None:
        return None
    gone = {letter for cut in removed if _overlap(scope, cut) for letter in cut.letters}
    letters = "".join(letter for letter in scope.letters if letter not in gone)
    return replace(scope, letters=letters) if letters else None


def _overlap(scope: ResourceScope, cut: ResourceScope) -> bool:
    return scope.level == cut.level and (scope.resource == cut.resource or "*" in {scope.resource, cut.resource})


def _spelled_like(token: str, scope: ResourceScope) -> str:
    """`scope` as v1 text where `token` was v1 and v1 has a word for it, else as v2 text."""
    head = token.partition("?")[0]
    name = _V1_NAMES.get(scope.letters) if head.endswith((".read", ".write", ".*")) and not scope.params else None
    return f"{scope.level}/{scope.resource}.{name}" if name else str(scope)
