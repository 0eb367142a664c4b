"""Whatever the persona: the resources are valid R4, complete, findable again, and never dated ahead."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.build import build, build_all, load_personas
from smart_app.sandbox.personas.case import Persona
from smart_app.sandbox.personas.files import PersonaFileError, parse
from smart_app.sandbox.personas.people import Resource
from smart_app.sandbox.personas.persona_scores import answers_by_element, scores

TODAY = date(2026, 11, 22)
DATES = ("authored", "effectiveDateTime", "issued", "deceasedDateTime")
EVERYTHING = build_all(TODAY)


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "reference" and isinstance(value, str))
        for value in node.values():
            yield from references(value)
    if isinstance(node, list):
        for value in node:
            yield from references(value)


def dates(resource: Resource) -> Iterator[str]:
    yield from (str(resource[key]) for key in DATES if key in resource)
    for key in ("period", "effectivePeriod"):
        span = resource.get(key)
        if isinstance(span, dict):
            yield from span.values()


def as_moment(text: str) -> datetime:
    return datetime.fromisoformat(text) if "T" in text else datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


@pytest.mark.parametrize("resource_type", sorted({str(resource["resourceType"]) for resource in EVERYTHING}))
def test_every_resource_is_a_valid_r4_resource(resource_type: str) -> None:
    model = getattr(import_module(f"fhir.resources.R4B.{resource_type.lower()}"), resource_type)
    for resource in EVERYTHING:
        if resource["resourceType"] == resource_type:
            model.model_validate(resource)


def test_every_reference_is_met_by_a_resource() -> None:
    there = {f"{resource['resourceType']}/{resource['id']}" for resource in EVERYTHING}
    assert set(references(EVERYTHING)) <= there


def test_ids_are_unique_and_allowed_and_never_purely_numeric() -> None:
    ids = [(resource["resourceType"], str(resource["id"])) for resource in EVERYTHING]
    assert len(ids) == len(set(ids))
    assert all(
        len(local_id) <= 64 and local_id.replace("-", "").replace(".", "").isalnum() and not local_id.isdigit() for _, local_id in ids
    )


def test_every_resource_carries_the_tag_and_one_unique_identifier_to_create_it_by() -> None:
    seen = set()
    for resource in EVERYTHING:
        meta, identifiers = resource["meta"], resource["identifier"]
        assert isinstance(meta, dict)
        assert meta["tag"][0]["code"] == "rapport-demo"
        identifier = identifiers if isinstance(identifiers, dict) else list(identifiers)[-1]
        seen.add((resource["resourceType"], identifier["system"], identifier["value"]))
    assert len(seen) == len(EVERYTHING)


@settings(deadline=None)
@given(st.dates(min_value=date(2026, 1, 1), max_value=date(2060, 12, 31)))
def test_nothing_is_dated_ahead_whatever_today_is(today: date) -> None:
    start_of_today = datetime.combine(today, datetime.min.time(), UTC)
    for slug in ("views-differ", "entered-in-error", "sparse-banner"):
        for resource in build(load_personas()[slug], today):
            assert all(as_moment(text) <= start_of_today for text in dates(resource))


@pytest.mark.parametrize("name", ["Pacific/Auckland", "America/Los_Angeles"])
def test_the_dates_are_those_of_the_zone_given(name: str) -> None:
    zone = ZoneInfo(name)
    start_of_today = datetime.combine(TODAY, datetime.min.time(), zone)
    moments = [datetime.fromisoformat(text) for one in build_all(TODAY, zone=zone) for text in dates(one) if "T" in text]
    assert max(moments) <= start_of_today
    assert all(moment.utcoffset() == moment.astimezone(zone).utcoffset() for moment in moments)


def test_identifiers_do_not_change_from_one_day_to_the_next() -> None:
    tomorrow = build_all(TODAY + timedelta(days=1))
    assert [resource["identifier"] for resource in tomorrow] == [resource["identifier"] for resource in EVERYTHING]


def test_canonicals_follow_the_base_given() -> None:
    text = simplejson.dumps(build_all(TODAY, base="https://example.org/fhir"), use_decimal=True)
    assert persona_canonicals.BASE not in text


@pytest.mark.parametrize("persona", load_personas().values(), ids=lambda persona: persona.slug)
def test_every_persona_has_its_purpose_and_an_encounter_today(persona: Persona) -> None:
    resources = build(persona, TODAY)
    extension = resources[0]["extension"]
    assert extension == [{"url": persona_canonicals.purpose_extension(persona_canonicals.BASE), "valueString": persona.purpose}]
    assert persona.purpose.endswith(".")
    today = [resource for resource in resources if resource["resourceType"] == "Encounter" and resource["status"] == "in-progress"]
    assert [encounter["period"] for encounter in today] == [{"start": TODAY.isoformat()}]


def answers_of(response: Resource) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {"goal": [], "task": [], "bond": []}
    for group in response["item"]:
        for item in group.get("item", []):
            found[group["linkId"]] += [int(answer["valueCoding"]["code"]) for answer in item.get("answer", [])]
    return found


def test_stored_scores_are_those_of_the_answers_by_the_rule() -> None:
    members: dict[str, dict[str, Decimal]] = {}
    for resource in EVERYTHING:
        if resource["resourceType"] == "Observation" and "derivedFrom" in resource and "valueQuantity" in resource:
            source, role = str(resource["derivedFrom"][0]["reference"]), str(resource["id"]).rsplit(".", 1)[1]
            members.setdefault(source, {})[role] = resource["valueQuantity"]["value"]
    responses = {f"QuestionnaireResponse/{one['id']}": one for one in EVERYTHING if one["resourceType"] == "QuestionnaireResponse"}
    assert len(responses) > 100
    for reference, one in responses.items():
        assert members.get(reference, {}) == by_hand(answers_of(one))


def by_hand(answers: dict[str, list[int]]) -> dict[str, Decimal]:
    scored = {element: round(Decimal(sum(values)) / len(values), 2) for element, values in answers.items() if len(values) >= 2}
    everything = [value for values in answers.values() for value in values]
    return scored | ({"total": round(Decimal(sum(everything)) / len(everything), 2)} if len(scored) == 3 else {})


signs = st.lists(st.text("12345x.", min_size=3, max_size=3), min_size=3, max_size=3).map(" ".join)


@settings(deadline=None)
@given(signs)
def test_a_score_lies_within_the_options_and_the_total_needs_every_element(answers: str) -> None:
    scored = scores(answers_by_element(answers))
    assert all(1 <= value <= 5 and value == value.quantize(Decimal("0.01")) for value in scored.values())
    assert ("total" in scored) == ({"goal", "task", "bond"} <= set(scored))


def test_a_panel_names_every_score_of_its_form_and_nothing_else() -> None:
    panels = [resource for resource in EVERYTHING if str(resource["id"]).endswith(".panel")]
    members = {member["reference"] for panel in panels for member in panel.get("hasMember", [])}
    roles = (".total", ".goal", ".task", ".bond")
    assert members == {f"Observation/{resource['id']}" for resource in EVERYTHING if str(resource["id"]).endswith(roles)}
    assert all("valueQuantity" not in panel and ("hasMember" in panel) != ("dataAbsentReason" in panel) for panel in panels)


def test_a_broken_persona_file_is_named_with_its_key() -> None:
    person = 'person = {family = "A", given = "B", gender = "male", born = "1950", haircolour = "red"}'
    text = f'slug = "x"\npurpose = "For a test."\nclinician = "s"\n{person}'
    with pytest.raises(PersonaFileError, match=r"x\.toml: person\.haircolour"):
        parse(text, Persona, name="x.toml")


def test_text_that_is_not_toml_is_named() -> None:
    with pytest.raises(PersonaFileError, match=r"x\.toml: not TOML"):
        parse("slug = ", Persona, name="x.toml")
