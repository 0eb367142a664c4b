import pytest

from smart_app.fhir.reference import local_reference, own_resources, place_of
from tests.fhir.support import BASE, observation


# SMART K1
# IG 98
@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("Patient/p1", "Patient/p1"),
        ("Patient/p1/_history/3", "Patient/p1"),
        (f"{BASE}/Patient/p1", "Patient/p1"),
        ("https://other.example/fhir/Patient/p1", None),
        ("https://ehr.example/Patient/p1", None),
        ("other/Patient/p1", None),
        ("urn:uuid:c0ffee00-0000-4000-8000-000000000000", None),
        ("#contained", None),
        ("Patient/", None),
        (None, None),
        (7, None),
    ],
)
def test_only_references_on_this_server_count(reference: object, found: str | None) -> None:
    assert local_reference(reference, base=BASE) == found


@pytest.mark.parametrize(
    "subject", [{}, None, "Patient/p1", {"reference": "Patient/p11"}, {"reference": "Group/p1"}, {"display": "p1"}, []]
)
def test_resource_of_anyone_else_or_of_nobody_is_not_this_patients(subject: object) -> None:
    resource = {**observation(1), "subject": subject}
    assert own_resources([resource, observation(2)], patient="p1", base=BASE) == ([observation(2)], 1)


# SMART K1
def test_location_gives_type_and_id_whatever_the_host() -> None:
    place = place_of("http://upstream:8080/r4/Observation/12/_history/4")
    assert place is not None
    assert (place.reference, place.version) == ("Observation/12", "4")
    assert place_of("http://upstream/") is None
    assert place_of(None) is None
