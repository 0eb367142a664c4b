"""fhirpathpy on a published scoring form: its variables and calculated scores, compiled once."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

from fhir_mappings.r4 import systems

_Compiled = Callable[[Mapping[str, Any], Mapping[str, Any]], list[Any]]


class CompiledForm:
    """The expressions of one form."""

    def __init__(self, form: Mapping[str, Any]) -> None:
        variables = _expressions(form, systems.VARIABLE)
        self._variables = [(one["name"], _compiled(one)) for one in variables]
        self._scores = [(item["linkId"], _compiled(one)) for item in form["item"] for one in _expressions(item, systems.CALCULATED)]

    def scores(self, response: Mapping[str, Any]) -> dict[str, Decimal | None]:
        """Link id to score, as a form filler calculates it; None where the expression gives none."""
        context: dict[str, Any] = {"resource": response}
        for name, weights in self._variables:
            context[name] = weights(response, context)
        found = {link_id: next(iter(made(response, context)), None) for link_id, made in self._scores}
        return {link_id: None if one is None else Decimal(str(one)) for link_id, one in found.items()}


def _expressions(node: Mapping[str, Any], url: str) -> list[dict[str, str]]:
    return [one["valueExpression"] for one in node.get("extension", []) if one["url"] == url]


def _compiled(expression: Mapping[str, str]) -> _Compiled:
    compiled: _Compiled = fhirpathpy.compile(expression["expression"], models["r4"])
    return compiled
