"""The table of faults, and how a launch asks for some of them."""

from collections.abc import Iterable, Mapping
from typing import get_args

from smart_app.sandbox.faults.fault import Case, Fault, Faults, Group, UnknownFault
from smart_app.sandbox.faults.fhir_exchange import FHIR
from smart_app.sandbox.faults.granted import GRANTED
from smart_app.sandbox.faults.identity import IDENTITY
from smart_app.sandbox.faults.search_answers import SEARCHES
from smart_app.sandbox.faults.sign_in import SIGN_IN
from smart_app.sandbox.faults.token_response import RENEWAL, REVOCATION, TOKEN_RESPONSE

TABLE: tuple[Fault, ...] = (*SIGN_IN, *GRANTED, *TOKEN_RESPONSE, *IDENTITY, *RENEWAL, *REVOCATION, *FHIR, *SEARCHES)
GROUPS: tuple[tuple[Group, tuple[Fault, ...]], ...] = tuple(
    (group, tuple(fault for fault in TABLE if fault.group == group)) for group in get_args(Group)
)
BY_NAME: Mapping[str, Fault] = {fault.name: fault for fault in TABLE}


def faults(asked: Iterable[str]) -> Faults:
    """The faults named, each `name` or `name=value`. UnknownFault says which cannot be had and what could."""
    return Faults(tuple(chosen(text, BY_NAME) for text in asked))


def chosen(text: str, known_faults: Mapping[str, Fault]) -> tuple[Fault, Case]:
    """One of these faults as it is asked for. UnknownFault where it cannot be had."""
    name, equals, value = text.partition("=")
    fault = known_faults.get(name)
    if fault is None:
        raise UnknownFault(f"There is no fault {name!r} to be had here; /faults lists them.")
    if not equals:
        return fault, Case(fault.values[0] if fault.values else "")
    if not fault.takes(value):
        known = ", ".join(fault.values) or "none"
        raise UnknownFault(f"The fault {name} cannot be {value!r}; it takes {known}{' or another' if fault.free or fault.numeric else ''}.")
    return fault, Case(value)
