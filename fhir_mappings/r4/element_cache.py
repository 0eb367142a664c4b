"""The typed models, element by element: an element found valid once is not built again.

The models of fhir.resources take about 20 µs for each element, however often the same one comes: a submission has 145 of them,
most of them alike (the categories of every score, the same answer to the same item). Building each only once took its typed check
from 3.3 to 0.8 ms. The rules are the models' own; an element is the same when its model and its JSON text are.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, get_args

import simplejson

Known = dict[tuple[Any, str], Any]
# Made of an instrument's words and codes, not of a person's data: only these outlast the check of one submission. An answer here is a
# chosen option, never free text.
_ABOUT_NOBODY = frozenset({"meta", "category", "code", "valueQuantity", "item"})
_MOST_REMEMBERED = 1024
_text = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False).encode


def with_typed_elements(model: Any, node: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """`node`, to be checked by `model`, with a typed element in place of every object right below it (of items: at every level).

    `known` holds what one submission repeats. Raises pydantic's ValidationError, whose place is within the element."""
    return {key: _typed(_element(model, key), key, value, known) for key, value in node.items()}


def _typed(model: Any, key: str, value: Any, known: Known) -> Any:
    if isinstance(value, list):
        return [_typed(model, key, one, known) for one in value]
    if model is None or not isinstance(value, dict):
        return value
    if "item" in value:
        return {**value, "item": _typed(_element(model, "item"), "item", value["item"], known)}
    text = _text(value)
    if key in _ABOUT_NOBODY:
        return _remembered(model, text)
    if (model, text) not in known:
        known[model, text] = model.model_validate(value)
    return known[model, text]


@lru_cache(_MOST_REMEMBERED)
def _remembered(model: Any, text: str) -> Any:
    """The typed element of that JSON text; a failure is not remembered."""
    return model.model_validate(simplejson.loads(text, use_decimal=True))


@lru_cache(_MOST_REMEMBERED)
def _element(model: Any, key: str) -> Any:
    """The typed model of the objects under a JSON key; None where there are none, or the model has no such key."""
    field = next((field for field in model.model_fields.values() if field.alias == key), None)
    named = (one.get_model_klass() for one in _types(field.annotation) if hasattr(one, "get_model_klass")) if field else iter(())
    return next(named, None)


def _types(annotation: Any) -> Iterator[Any]:
    """The types within `list[X] | None` and its like."""
    within = get_args(annotation)
    if not within:
        yield annotation
    for one in within:
        yield from _types(one)
