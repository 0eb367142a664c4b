"""What comes with a launch besides patient and user is read value by value; what is wrong is left out, what contradicts is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smart_app.errors import LaunchError, WrongPatient
from smart_app.launch.context.context_parameters import read_context_parameters
from smart_app.launch.context.launch_context import ContextItem, ContextParameters, LaunchContext
from smart_app.launch.flow import Launcher
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.launchers import launcher_for, registered

ISSUER = replace(registered(), hosts=("styles.example.org",))
CHECK_IN = "https://w3id.org/rapport/fhir/Questionnaire/rapport-check-in-patient|1.0.0"


def read(told: str | None = None, **response: Any) -> ContextParameters:
    return read_context_parameters(response, issuer=ISSUER, fhir_base=BASE, patient="pat-1", told=told)


def item(role: str = "launch", **more: Any) -> ContextItem:
    return ContextItem(**{"role": role, "type": None, "reference": None, "canonical": None, "identifier": None, **more})


def finish(launcher: Launcher, ehr: AuthorizationServer) -> LaunchContext:
    begun = launcher.begin(BASE, "abc")
    return launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))


def test_nothing_that_came_is_nothing() -> None:
    assert read() == ContextParameters()


# SMART I
# IG 191
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"reference": "ImagingStudy/123"}, item(type="ImagingStudy", reference="ImagingStudy/123")),
        ("Appointment/1", item(type="Appointment", reference="Appointment/1")),
        ({"reference": f"{BASE}/Task/t_1/_history/3"}, item(type="Task", reference="Task/t_1")),
        (
            {"reference": "https://other.example.org/fhir/List/1"},
            item(type="List", reference="https://other.example.org/fhir/List/1"),
        ),
        ({"canonical": CHECK_IN, "type": "Questionnaire"}, item(type="Questionnaire", canonical=CHECK_IN)),
        (
            {"canonical": "https://example.org/Questionnaire/123/|v2023-05-03"},
            item(canonical="https://example.org/Questionnaire/123/|v2023-05-03"),
        ),
        (
            {"identifier": {"system": "urn:x", "value": "7"}, "type": "List", "role": "https://example.org/role/at-home"},
            item(role="https://example.org/role/at-home", type="List", identifier=("urn:x", "7")),
        ),
        ({"identifier": {"value": "7"}}, item(identifier=("", "7"))),
        ({"reference": "Task/1", "unknown": {"x": 1}}, item(type="Task", reference="Task/1")),
    ],
)
def test_item_of_the_fhir_context_is_typed(entry: object, expected: ContextItem) -> None:
    assert read(fhirContext=[entry]) == ContextParameters(items=(expected,))


# SMART I
@pytest.mark.parametrize(
    "entry",
    [
        {},
        None,
        7,
        "Patient",
        "../Patient/pat-2",
        {"reference": "javascript:alert(1)"},
        {"reference": "Task/1?x=y"},
        {"reference": "Task/.."},
        {"reference": ["Task/1"]},
        {"reference": "Task/1", "role": ""},
        {"reference": "Task/1", "role": 7},
        {"reference": "Task/1", "type": "List"},
        {"reference": "Task/1", "type": "<b>"},
        {"canonical": 'https://e/x"><script>'},
        {"canonical": "rapport"},
        {"identifier": {"system": "urn:x"}},
        {"identifier": "7"},
        {"type": "Questionnaire"},
    ],
)
def test_item_that_cannot_be_used_is_named_and_hides_no_other(entry: object) -> None:
    assert read(fhirContext=[entry, {"reference": "Task/2"}]) == ContextParameters(
        items=(item(type="Task", reference="Task/2"),), ignored=("fhirContext[0]",)
    )


# SMART I
@pytest.mark.parametrize("value", [{}, "Task/1", 1, True, [{"reference": f"Task/{number}"} for number in range(51)]])
def test_fhir_context_that_is_no_short_list_is_ignored(value: object) -> None:
    assert read(fhirContext=value) == ContextParameters(ignored=("fhirContext",))


# SMART I
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("tenant", [7, "", "a\nb", "ü", "x" * 201, " x"]),
        ("appContext", [{"page": "form"}, 1, "x" * 4097]),
        (
            "smart_style_url",
            [
                7,
                "/style.json",
                "style.json",
                "http://ehr.example.org/style.json",
                "https://evil.example.org/style.json",
                "https://ehr.example.org@evil.example.org/s",
                "https://ehr.example.org:444/s",
                "https://ehr.example.org/s#x",
                "javascript://ehr.example.org/%0aalert(1)",
                "https://[",
            ],
        ),
    ],
)
def test_value_of_the_wrong_form_is_left_out_by_name(name: str, values: list[object]) -> None:
    for value in values:
        assert read(None, **{name: value}) == ContextParameters(ignored=(name,)), value


# SMART I
def test_values_of_the_right_form_are_kept() -> None:
    found = read(tenant="2ddd6c3a-8e9a", appContext='{"field1":"value"}', smart_style_url="https://styles.example.org/v1.json?a=1")
    assert found == ContextParameters(
        tenant="2ddd6c3a-8e9a", app_context='{"field1":"value"}', style_url="https://styles.example.org/v1.json?a=1"
    )
    assert "value" not in repr(found)


# SMART I
# SMART P
@pytest.mark.parametrize(
    "entry", ["Patient/pat-2", {"reference": f"{BASE}/Patient/pat-2"}, {"reference": "https://other.example.org/fhir/Patient/pat-1"}]
)
def test_another_patient_in_the_context_refuses_the_launch(entry: object) -> None:
    with pytest.raises(LaunchError) as refused:
        read(fhirContext=[entry])
    assert refused.value.code == "patient_contradicted"
    assert "pat-2" not in str(refused.value)


# SMART I
def test_same_patient_and_a_patient_in_another_role_are_no_contradiction() -> None:
    mother = {"reference": "Patient/pat-9", "role": "https://example.org/role/mother"}
    spelled = f"{BASE.replace('ehr', 'EHR')}/Patient/pat-1/_history/2"
    assert len(read(fhirContext=["Patient/pat-1", f"{BASE}/Patient/pat-1", spelled, mother]).items) == 4


# SMART I
@pytest.mark.parametrize(
    ("said", "told", "opens"),
    [("one", None, True), (None, "one", True), ("one", "one", True), (None, None, False), ("two", None, False), ("one", "two", False)],
)
def test_registered_tenant_must_be_the_one_said_everywhere(said: str | None, told: str | None, opens: bool) -> None:
    def launch() -> ContextParameters:
        return read_context_parameters({"tenant": said}, issuer=replace(ISSUER, tenant="one"), fhir_base=BASE, patient="pat-1", told=told)

    if opens:
        assert launch().tenant == said
    else:
        with pytest.raises(LaunchError) as refused:
            launch()
        assert refused.value.code == "tenant_differs"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.sampled_from(["Task/1", "Patient/pat-1", CHECK_IN, BASE]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["reference", "canonical", "identifier", "role", "type", "value", "system"]), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = ("appContext", "fhirContext", "tenant", "smart_style_url", "__x", "https://example.org/extra")


# SMART I
@given(st.dictionaries(st.sampled_from(NAMES), json_values))
def test_any_response_is_read_or_refused(response: dict[str, Any]) -> None:
    try:
        found = read_context_parameters(response, issuer=ISSUER, fhir_base=BASE, patient="pat-1")
    except LaunchError as error:
        assert error.code == "patient_contradicted"  # noqa: PT017  (both outcomes are right)
        return
    assert all(one.reference or one.canonical or one.identifier for one in found.items)
    assert {name.partition("[")[0] for name in found.ignored} <= set(NAMES[:4])


class TestLaunch:
    # SMART I
    # SMART B7
    def test_everything_is_in_the_completed_launch(self, ehr: AuthorizationServer, clock: Clock) -> None:
        ehr.token = {
            "appContext": "abc",
            "fhirContext": [{"reference": "Task/1"}],
            "tenant": "t1",
            "intent": "new-assessment",
            "smart_style_url": "https://ehr.example.org/style.json",
            "need_patient_banner": False,
            "__extension": {"x": [1]},
        }
        context = finish(launcher_for(registered(), clock), ehr)
        assert context.arrived == ContextParameters(
            app_context="abc", items=(item(type="Task", reference="Task/1"),), tenant="t1", style_url="https://ehr.example.org/style.json"
        )
        assert (context.intent, context.need_patient_banner) == ("new-assessment", False)

    # SMART I
    # SMART G2
    def test_what_was_left_out_or_assumed_is_named(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        ehr.token = {"intent": "a b", "encounter": "x/y", "need_patient_banner": "no", "tenant": 5, "scope": None}
        assert finish(launcher, ehr).arrived.ignored == ("tenant", "encounter", "intent", "need_patient_banner", "scope_missing")

    # SMART I
    @pytest.mark.parametrize(
        ("encounter", "items", "found"),
        [
            (None, ["Encounter/e7"], "e7"),
            ("enc-1", ["Encounter/e7"], "enc-1"),
            (None, ["Encounter/e7", "Encounter/e8"], None),
            (None, [{"reference": "Encounter/e7", "role": "https://example.org/role/earlier"}], None),
            (None, ["https://other.example.org/fhir/Encounter/e7"], None),
        ],
    )
    def test_encounter_of_the_context_stands_in_for_a_missing_one(
        self, launcher: Launcher, ehr: AuthorizationServer, encounter: str | None, items: list[object], found: str | None
    ) -> None:
        ehr.token = {"encounter": encounter, "fhirContext": items}
        assert finish(launcher, ehr).encounter == found

    # SMART I
    @pytest.mark.parametrize(
        "changed",
        [{"patient": "pat-2"}, {"patient": ""}, {"tenant": "t2"}, {"fhirContext": ["Patient/pat-2"]}, {"patient": {"id": "pat-1"}}],
    )
    def test_refresh_that_says_otherwise_ends_the_launch(
        self, launcher: Launcher, ehr: AuthorizationServer, changed: dict[str, object]
    ) -> None:
        ehr.token = {"tenant": "t1"}
        context = finish(launcher, ehr)
        ehr.token = changed
        with pytest.raises(WrongPatient) as over:
            launcher.refresh(context)
        assert "pat-2" not in str(over.value)

    # SMART I
    # SMART J2
    @pytest.mark.parametrize("silent", [{}, {"patient": None, "encounter": None, "tenant": None, "scope": None, "id_token": None}])
    def test_refresh_that_says_less_changes_nothing(self, launcher: Launcher, ehr: AuthorizationServer, silent: dict[str, object]) -> None:
        ehr.token = {"tenant": "t1", "intent": "history", "appContext": "x"}
        context = finish(launcher, ehr)
        ehr.token |= silent
        again = launcher.refresh(context)
        assert replace(again, access_token=None, refresh_token=None) == replace(context, access_token=None, refresh_token=None)
