"""The scoring form beside each capture form: the same items with weights, and every score as an expression that other form fillers can
run. It agrees with `scoring`, which is what Rapport itself scores by.

The expressions read the weight that stands in the answer, because this runs unchanged in fhirpathpy, fhirpath.js and LHC-Forms; the
`weight()` of SDC does not. They do not round: fhirpath.js rounds other numbers than we do, so round half up to two decimals to compare.
Behaviour profile: https://hl7.org/fhir/uv/sdc/StructureDefinition-sdc-questionnaire-behave.html
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from fhir_mappings.definitions.canonical_resource import artifact
from fhir_mappings.definitions.narrative import narrative, paragraph, table
from fhir_mappings.definitions.questionnaire import about, description, language, questionnaire, shared_head
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.canonicals import score_title
from fhir_mappings.instruments.instrument import Informant, Instrument, Item, Scale
from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import Json

_WEIGHT = f"extension.where(url='{systems.ITEM_WEIGHT}' or url='{systems.ORDINAL_VALUE}').value"
_SCORE_UNIT: Json = {"system": systems.UCUM, "code": "{score}", "display": "score"}
# "extends" and not "compliesWith": a response made on this form holds score items the capture form does not have, whereas every
# response made on the capture form is valid here. Definitions of the codes: HL7 FHIR extensions 5.3.0,
# http://hl7.org/fhir/questionnaire-derivationType
_EXTENDS: Json = {
    "url": systems.DERIVATION_TYPE,
    "valueCoding": {"system": systems.DERIVATION_TYPES, "code": "extends", "display": "extends"},
}


class Expressions(Struct, frozen=True, kw_only=True):
    """One scale in FHIRPath: `weights` is the value of the variable `name`, `score` the score made from such variables (empty where
    the rule gives none, unrounded)."""

    scale: Scale
    name: str
    weights: str
    score: str


def expressions(instrument: Instrument) -> tuple[Expressions, ...]:
    """Every scale's expressions, in the file's order."""
    names = {scale.key: _variable(place, scale) for place, scale in enumerate(instrument.scales, 1)}
    return tuple(
        Expressions(
            scale=scale, name=names[scale.key], weights=_weights(instrument, scale), score=_score(instrument, scale, names)
        )
        for scale in instrument.scales
    )  # fmt: skip


def scoring_questionnaire(instrument: Instrument, informant: Informant, *, base: str) -> Json:
    """One informant's form with weights and scores; a draft while the key is neither verified nor confirmed. KeyError when the
    instrument has no form for that informant, ValueError when it has no scales."""
    if not instrument.scales:
        raise ValueError(f"{instrument.slug} has no scales")
    capture = questionnaire(instrument, informant, base=base)
    found = expressions(instrument)
    title = f"{capture['title']}, with scores"
    said = f"{_about_key(instrument)} {description(instrument)}"
    head = shared_head(instrument, informant)
    return artifact(
        "Questionnaire",
        canonicals.scoring_questionnaire_url(instrument, informant, base=base),
        version=instrument.version,
        title=title,
        description=said,
        more={
            **head,
            **({} if instrument.why_unscored is None else {"status": "draft", "experimental": True}),
            "text": narrative(title, _narrative(instrument, informant), language=language(instrument)),
            "extension": [*_listed(head["extension"]), *map(_declared, found)],
            "derivedFrom": [f"{capture['url']}|{capture['version']}"],
            "_derivedFrom": [{"extension": [_EXTENDS]}],
            "code": capture["code"],
            "item": [
                *_weighted(instrument, _listed(capture["item"])),
                *(_score_item(instrument, informant, one, base=base) for one in found),
            ],
        },
    )


def score_link_id(scale: Scale) -> str:
    """Link id of a score's item; no item of an instrument can have it, because of the full stop."""
    return f"score.{scale.key}"


def _about_key(instrument: Instrument) -> str:
    if instrument.why_unscored is None:
        return "With the weights of the answers and hidden scores, for form fillers that calculate."
    return (
        "The scoring key in this form is not verified: it must be confirmed against its source before any of its scores is used. "
        "Weights and scores stand here so that it can be."
    )


def _variable(place: int, scale: Scale) -> str:
    """`w1Total`: letters and digits only, which FHIRPath takes after a % and FHIR as an id; the place keeps two apart."""
    return f"w{place}{''.join(part.capitalize() for part in scale.key.split('-'))}"


def _weights(instrument: Instrument, scale: Scale) -> str:
    """The weights of a scale's answers. A scale of every item needs no list of them."""
    if set(scale.items) == {item.link_id for item in instrument.items}:
        return f"%resource.item.item.answer.value.{_WEIGHT}"
    listed = " or ".join(f"linkId='{link_id}'" for link_id in scale.items)
    return f"%resource.item.item.where({listed}).answer.value.{_WEIGHT}"


def _score(instrument: Instrument, scale: Scale, names: dict[str, str]) -> str:
    """The guarded sum or mean: prorated where items may be missing, times the factor, multiplied before it is divided."""
    enough = " and ".join(f"%{names[one.key]}.count() >= {one.min_answered}" for one in (scale, *_needed(instrument, scale)))
    weights, of = f"%{names[scale.key]}", len(scale.items)
    total = f"{weights}.aggregate($this + $total, 0)"
    exact = scale.method == "sum" and scale.min_answered == of
    times = scale.factor * (1 if exact or scale.method == "mean" else of)
    multiplied = total if times == 1 else f"{total} * {times:f}"
    return f"iif({enough}, {multiplied if exact else f'{multiplied} / {weights}.count()'}, {{}})"


def _needed(instrument: Instrument, scale: Scale) -> tuple[Scale, ...]:
    """Every other scale that must be scored for this one, and what those need in turn."""
    found: dict[str, Scale] = {scale.key: scale}
    waiting = list(scale.needs)
    while waiting:
        key = waiting.pop(0)
        if key not in found:
            found[key] = instrument.scale(key)
            waiting.extend(found[key].needs)
    return tuple(found.values())[1:]


def _declared(one: Expressions) -> Json:
    """A variable of the whole form."""
    expression = {"name": one.name, "language": "text/fhirpath", "expression": one.weights}
    return {"url": systems.VARIABLE, "valueExpression": expression}


def _score_item(instrument: Instrument, informant: Informant, one: Expressions, *, base: str) -> Json:
    """A hidden, calculated score under the code its Observation has."""
    code = {"system": canonicals.score_system(base), "code": canonicals.score_code(instrument, informant, one.scale.key)}
    return {
        "extension": [
            {"url": systems.HIDDEN, "valueBoolean": True},
            {"url": systems.UNIT, "valueCoding": _SCORE_UNIT},
            {"url": systems.CALCULATED, "valueExpression": {"language": "text/fhirpath", "expression": one.score}},
        ],
        "linkId": score_link_id(one.scale),
        "code": [code],
        "text": score_title(instrument, informant, one.scale.key),
        "type": "decimal",
        "required": False,
        "repeats": False,
        "readOnly": True,
    }


def _weighted(instrument: Instrument, nodes: list[Any]) -> Iterator[Json]:
    """The same items, with the weight on each option of a scored one."""
    scored = {item.link_id: item for item in instrument.items}
    for node in nodes:
        if "item" in node:
            yield {**node, "item": list(_weighted(instrument, node["item"]))}
        elif node["linkId"] in scored:
            yield {**node, "answerOption": list(_options(instrument, scored[node["linkId"]], node["answerOption"]))}
        else:
            yield node


def _options(instrument: Instrument, item: Item, offered: list[Any]) -> Iterator[Json]:
    """SDC wants the weight on the answerOption, not on its Coding."""
    for option, node in zip(instrument.options, offered, strict=True):
        weight = instrument.weight(item, option)
        yield node if weight is None else {"extension": [{"url": systems.ITEM_WEIGHT, "valueDecimal": weight}], **node}


def _narrative(instrument: Instrument, informant: Informant) -> Iterator[str]:
    yield paragraph(_about_key(instrument))
    yield from about(instrument, informant)
    heads = ("Score", "Made from", "Needs", "Range")
    yield table(heads, (_rule(scale) for scale in instrument.scales))
    yield table(
        ("Part of the key", "Where it comes from", "How sure"), ((one.part, one.source, one.certainty) for one in instrument.claims)
    )
    if instrument.confirmation:
        by, on, source = instrument.confirmation.by, instrument.confirmation.on.isoformat(), instrument.confirmation.source
        yield paragraph(f"Key confirmed by {by} on {on} against {source}.")


def _rule(scale: Scale) -> tuple[str, str, str, str]:
    """A scale as a row: title, method, what must be answered, range."""
    times = "" if scale.factor == 1 else f", times {scale.factor:f}"
    needs = f" and {', '.join(scale.needs)} scored" if scale.needs else ""
    answered = f"{scale.min_answered} of {len(scale.items)} answered{needs}"
    return scale.title, f"{scale.method} of {len(scale.items)} items{times}", answered, f"{scale.low} to {scale.high}"


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
