"""How far one token goes during one request: which interactions, which resources, and how a search is held to them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from smart_app.sandbox.authorization.tokens import Grant
from smart_app.sandbox.exchange.compartment import ABOUT, SHARED, belongs, local_reference
from smart_app.sandbox.exchange.json_text import FhirJson, parsed
from smart_app.sandbox.exchange.messages import FhirBackend, FhirRequest, Query, query_text
from smart_app.sandbox.scope_guard.interaction import InteractionRefused, Kind, RequestedInteraction, insufficient
from smart_app.sandbox.smart_scopes import Letter, ResourceScope, covering, parse_scopes

_CONDITIONAL: frozenset[Kind] = frozenset({"update-where", "delete-where"})
_WITH_BODY: frozenset[Kind] = frozenset({"create", "update", "update-where"})
_LOCAL = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_SUBJECT_PARAMETERS = frozenset({"patient", "subject"})
# These hide the elements the answer is judged by; a server may return more than asked (https://hl7.org/fhir/R4/search.html#elements).
_HIDING = frozenset({"_elements", "_summary", "_format", "_pretty"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeUse:
    """One interaction a client tried: `interaction` is the scope letter."""

    resource: str
    interaction: Letter
    allowed: bool


Recorder = Callable[[ScopeUse], None]


def ignore_touch(_touch: ScopeUse) -> None:
    """The recorder that records nothing."""


class TokenReach:
    """How far one grant goes, during one request."""

    def __init__(self, grant: Grant, base: str, backend: FhirBackend, recorder: Recorder) -> None:
        self.patient = grant.patient
        self.base = base
        self._scopes = _of_user(grant, parse_scopes(grant.scope))
        self._backend = backend
        self._recorder = recorder
        self._known: dict[str, FhirJson | None] = {}

    def learn(self, reference: str, resource: FhirJson) -> None:
        """A resource still on its way in, under its urn:uuid."""
        self._known[reference] = resource

    def learn_from(self, entries: list[Any]) -> None:
        """What a search brought, so that looking at its Provenances needs no further reads."""
        for entry in entries:
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict):
                self._known.setdefault(f"{resource.get('resourceType')}/{resource.get('id')}", resource)

    def lookup(self, reference: str) -> FhirJson | None:
        """The resource behind `Type/id`, None when there is none; read once per request."""
        if reference not in self._known:
            self._known[reference] = self._read(reference)
        return self._known[reference]

    def _read(self, reference: str) -> FhirJson | None:
        if not _LOCAL.fullmatch(reference):
            return None
        answer = self._backend.handle(
            FhirRequest(method="GET", path=reference, base=self.base, headers={"accept": "application/fhir+json"})
        )
        return parsed(answer.body) if answer.status == 200 else None  # noqa: PLR2004

    def authorise(self, step: RequestedInteraction) -> RequestedInteraction:
        """`step`, narrowed to what may be asked; Refused when nothing of it may."""
        if step.kind == "page":
            return step
        try:
            allowed = self._authorised(step)
        except InteractionRefused:
            self._recorder(ScopeUse(resource=step.resource, interaction=step.letter, allowed=False))
            raise
        self._recorder(ScopeUse(resource=step.resource, interaction=step.letter, allowed=True))
        return allowed

    def _authorised(self, step: RequestedInteraction) -> RequestedInteraction:
        scopes = covering(self._scopes, step.resource, step.letter)
        if not scopes:
            raise insufficient(step, f"No granted scope allows this on {step.resource}.")
        self._check_existing(step)
        self._check_body(step)
        return self._narrowed(step, scopes)

    def _check_existing(self, step: RequestedInteraction) -> None:
        """What is to be replaced or deleted must itself be in reach."""
        if step.kind not in {"update", "delete"}:
            return
        existing = self.lookup(f"{step.resource}/{step.resource_id}")
        if existing is not None and not self.admits(existing, step.letter):
            raise insufficient(step, f"This {step.resource} is outside what the token reaches.")

    def _check_body(self, step: RequestedInteraction) -> None:
        if step.kind not in _WITH_BODY:
            return
        if step.body is None or step.body.get("resourceType") != step.resource:
            raise InteractionRefused(400, "invalid", f"The body must be a {step.resource}.")
        if not self.admits(step.body, step.letter):
            raise insufficient(step, f"This {step.resource} may not be written: another patient's, or outside the scope's conditions.")

    def _narrowed(self, step: RequestedInteraction, scopes: tuple[ResourceScope, ...]) -> RequestedInteraction:
        """The query, and a create's condition, held to the patient and the conditions the scopes share."""
        if any(scope.level == "user" and not scope.params for scope in scopes):
            return step
        shown = tuple((name, value) for name, value in step.query if name not in _HIDING or (name, value) == ("_summary", "count"))
        if step.kind in _CONDITIONAL:
            _check_expressible(step, scopes)
        if step.kind == "search" or step.kind in _CONDITIONAL:
            return replace(step, query=self._narrowed_query(step, scopes, shown))
        if step.if_none_exist is None:
            return replace(step, query=shown)
        condition = self._narrowed_query(step, scopes, _condition(step.if_none_exist))
        return replace(step, query=shown, if_none_exist=query_text(condition))

    def _narrowed_query(self, step: RequestedInteraction, scopes: tuple[ResourceScope, ...], query: Query) -> Query:
        added = (*self._patient_condition(step, scopes, query), *_shared_conditions(scopes))
        return query + tuple(pair for pair in added if pair not in query)

    def _patient_condition(self, step: RequestedInteraction, scopes: tuple[ResourceScope, ...], query: Query) -> Query:
        """The parameter that holds a search to the patient, unless it is there already, or a user scope reaches further."""
        if any(scope.level == "user" for scope in scopes) or step.resource in SHARED:
            return ()
        if step.resource == "Provenance":
            self._check_targets(step, query)
            return ()
        own = self._own_values(step.resource)
        given = [
            value for name, value in query if name.partition(":")[0] in _SUBJECT_PARAMETERS and name.partition(":")[2] in {"", "Patient"}
        ]
        if any(value not in own for values in given for value in values.split(",")):
            raise insufficient(step, "The token reaches one patient, and this asks for another.")
        if step.resource == "Patient":
            return (("_id", self.patient),)
        if step.resource not in ABOUT:
            raise insufficient(step, f"A patient-level scope does not reach {step.resource}.")
        return () if given else ((ABOUT[step.resource][0], f"Patient/{self.patient}"),)

    def _own_values(self, resource: str) -> frozenset[str]:
        """Every way a query may name the patient of the token."""
        reference = f"Patient/{self.patient}"
        return frozenset({self.patient, reference, f"{self.base}/{reference}"}) if resource != "Patient" else frozenset()

    def _check_targets(self, step: RequestedInteraction, query: Query) -> None:
        """A Provenance has no patient parameter that finds it, so a search must name targets, and they must be the patient's."""
        targets = [value for name, values in query if name.partition(":")[0] in {"target", "patient"} for value in values.split(",")]
        if not targets:
            raise insufficient(step, "With a patient-level scope, Provenance is searched by target.")
        if not all(self._targets_own(local_reference(target, self.base)) for target in targets):
            raise insufficient(step, "The token reaches one patient, and this target is not theirs.")

    def _targets_own(self, target: str) -> bool:
        found = self.lookup(target) if "/" in target else None
        return target in self._own_values("Provenance") or (found is not None and self._is_own(found))

    def _is_own(self, resource: FhirJson) -> bool:
        return belongs(resource, self.patient, base=self.base, lookup=self.lookup)

    def admits(self, resource: FhirJson, *letters: Letter) -> bool:
        """Whether any granted scope with one of `letters` reaches this very resource."""
        kind = str(resource.get("resourceType"))
        return any(self._reaches(scope, resource, letter) for letter in letters for scope in covering(self._scopes, kind, letter))

    def _reaches(self, scope: ResourceScope, resource: FhirJson, letter: Letter) -> bool:
        if not all(_has_code(resource, name, value) for name, value in scope.params):
            return False
        if scope.level == "user":
            return True
        if resource.get("resourceType") in SHARED:
            return letter in {"r", "s"}
        return self._is_own(resource)

    def admits_included(self, resource: FhirJson) -> bool:
        """Whether a resource that came along with a search may be seen; the recorder hears of it."""
        admitted = self.admits(resource, "r", "s")
        if admitted:
            self._recorder(ScopeUse(resource=str(resource.get("resourceType")), interaction="r", allowed=True))
        return admitted

    def unlimited(self, resource: str) -> bool:
        """Whether every resource of this type may be seen, so that an entry without one (a deletion) gives nothing away."""
        return any(scope.level == "user" and not scope.params for scope in covering(self._scopes, resource, "r"))


def _of_user(grant: Grant, scopes: tuple[ResourceScope, ...]) -> tuple[ResourceScope, ...]:
    """The scopes as this user has them: what a patient may see at all is their own record."""
    if not grant.user.reference.startswith("Patient/"):
        return scopes
    return tuple(replace(scope, level="patient") for scope in scopes)


def _check_expressible(step: RequestedInteraction, scopes: tuple[ResourceScope, ...]) -> None:
    """What a conditional update or delete will hit is not seen beforehand, so its query must be able to say all the scopes' limits."""
    patient_only = all(scope.level == "patient" for scope in scopes)
    if any(scope.params for scope in scopes) or (patient_only and step.resource not in ABOUT):
        raise insufficient(step, f"With these scopes a {step.resource} is changed or deleted by its id, not by a search.")


def _condition(text: str) -> Query:
    """The query of an If-None-Exist, with or without a leading `Type?`."""
    query = tuple(parse_qsl(text.partition("?")[2] or text, keep_blank_values=True))
    if not query:
        raise InteractionRefused(400, "invalid", "If-None-Exist holds no search parameter.")
    return query


def _shared_conditions(scopes: tuple[ResourceScope, ...]) -> Query:
    """One parameter that says what all scopes' conditions have in common, where each has a single one of the same name."""
    names = {scope.params[0][0] if len(scope.params) == 1 else "" for scope in scopes}
    if len(names) != 1 or "" in names:
        return ()
    return ((names.pop(), ",".join(dict.fromkeys(scope.params[0][1] for scope in scopes))),)


def _has_code(resource: FhirJson, element: str, wanted: str) -> bool:
    """Token search on a CodeableConcept element: `system|code`, `code`, `|code` or `system|`, commas meaning or."""
    concepts = resource.get(element)
    listed = concepts if isinstance(concepts, list) else [concepts]
    codings = [
        coding for concept in listed if isinstance(concept, dict) for coding in concept.get("coding", []) if isinstance(coding, dict)
    ]
    return any(_coded(coding, token) for token in wanted.split(",") for coding in codings)


def _coded(coding: Mapping[str, object], token: str) -> bool:
    system, bar, code = token.rpartition("|")
    if bar and coding.get("system", "") != system:
        return False
    return not code or coding.get("code") == code
