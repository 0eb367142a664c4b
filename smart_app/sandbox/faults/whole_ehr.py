"""Faults of the EHR as a whole: of what it says to everybody, without a token, so that no launch can have them for itself. They are chosen
when it starts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from smart_app.sandbox.faults.fault import Answer, Case, Fault, Faults
from smart_app.sandbox.faults.fault_catalogue import chosen

# What an app writes, which some servers take without a word of it in their statement.
_WRITTEN = ("QuestionnaireResponse", "Observation")


def _each_type(statement: Answer, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Answer:
    """The statement with the types an app writes changed, or left out."""
    rest: Any = statement.get("rest", [])
    return {**statement, "rest": [{**part, "resource": [*_changed(part.get("resource", []), change)]} for part in rest]}


def _changed(resources: Iterable[dict[str, Any]], change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Iterable[dict[str, Any]]:
    for one in resources:
        told = change(one) if one.get("type") in _WRITTEN else one
        if told is not None:
            yield told


def _without_create(resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "interaction": [one for one in resource.get("interaction", []) if one.get("code") != "create"]}


def _left_out(resource: dict[str, Any]) -> dict[str, Any] | None:
    """As of a server whose statement was written before it took responses."""
    return None if resource["type"] == "QuestionnaireResponse" else _without_create(resource)


def _understated(statement: Answer, case: Case) -> Answer:
    return _each_type(statement, _left_out if case.value == "types" else _without_create)


WHOLE_EHR: tuple[Fault, ...] = (
    Fault(
        name="statement-understates",
        group="Writing",
        does="Does not say in its statement that responses and observations can be created (types: nothing at all of responses), "
        "and takes them.",
        expected="Sends nothing, says so before the form and names what IT can do; sends all the same where its entry says so.",
        ends="kept",
        values=("create", "types"),
        statement=_understated,
    ),
)
_BY_NAME: Mapping[str, Fault] = {fault.name: fault for fault in WHOLE_EHR}


def whole_ehr_faults(asked: Iterable[str]) -> Faults:
    """The faults named, each `name` or `name=value`. UnknownFault says which cannot be had for the whole EHR."""
    return Faults(tuple(chosen(text, _BY_NAME) for text in asked))
