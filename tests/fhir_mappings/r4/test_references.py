from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.r4.references import About, is_about
from tests.fhir_mappings.records import JUNK

WRITTEN = ["Patient/p1", "https://ehr.example/fhir/Patient/p1", "Patient/p1/_history/3", "Patient/p11", "Patient/p_1", "Group/p1", "p1", ""]
SUBJECTS = st.sampled_from(WRITTEN).map(lambda written: {"reference": written}) | JUNK | st.builds(lambda junk: {"reference": junk}, JUNK)


@given(st.sampled_from(["p1", "p11", "p_1", ""]), st.lists(SUBJECTS, max_size=8))
def test_whose_resources_are_is_judged_alike_one_by_one_and_in_a_row(patient: str, subjects: list[object]) -> None:
    resources = [{"subject": subject} for subject in (*subjects, *subjects)]
    about = About(patient)
    assert [about.holds(resource) for resource in resources] == [is_about(resource, patient) for resource in resources]
