"""Launches, answers and resources for the use-case tests. Invented people only."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace
from pydantic import SecretStr

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.people.person import Person
from smart_app.care.forms.asked_form import AskedForm, ask
from smart_app.care.record.record import ChartRecord, Record
from smart_app.fhir.client import Renew
from smart_app.launch.context.launch_context import LaunchContext, LaunchId, User
from smart_app.services import AppServices
from smart_app.settings import Settings
from tests.care.ehr import BASE

CANONICAL = "https://w3id.org/rapport/fhir"
SLUG = "rapport-check-in"
LAUNCH = LaunchId("launch-of-ingrid")
NOW = datetime(2026, 11, 22, 14, 20, tzinfo=UTC)
ALL = "patient/*.cruds"
ITEMS = tuple(f"{element}-{number}" for element in ("goal", "task", "bond") for number in (1, 2, 3))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def settings(**more: Any) -> Settings:
    """However busy the machine is, nothing is given up on that answers; a test of how long a page waits says so itself."""
    given = {"read_timeout": 5, "read_deadline": 60, "time_zone": "UTC", **more}
    return Settings(secret_keys=(SecretStr("k" * 43),), **given)


def context(**more: Any) -> LaunchContext:
    user = User(reference="Practitioner/sofia", name="Sofia Lindqvist", issuer="https://ehr.example", subject="sofia")
    fields: dict[str, Any] = {
        "iss": BASE, "issuer_name": "Northfield General", "via": "ehr", "patient": "p1", "encounter": None, "user": user, "scope": ALL,
        "access_token": "token", "refresh_token": None, "token_endpoint": None, "expires": None, "opened": NOW,
        "need_patient_banner": True, "synthetic": False,
    }  # fmt: skip
    return LaunchContext(**{**fields, **more})


def in_launch(
    services: AppServices, launch: LaunchContext | None = None, *, launch_id: LaunchId = LAUNCH, renew: Renew | None = None
) -> ChartRecord:
    """What the guard hands to a use case; of the launch of `context()` where no other is given."""
    return Record(context=launch or context(), services=services, launch_id=launch_id, renew=renew)


def asked_for(record: ChartRecord, slug: str, informant: Informant, *, rated: Person | None = None) -> AskedForm:
    """The form as the door resolves it; `rated` is whom it was told it is about."""
    asked = ask(record, slug=slug, informant=informant)
    return replace(asked, chosen=rated) if rated else asked


def answers(value: int = 4, **changed: int) -> dict[str, list[str]]:
    """A filled-in check-in: every item `value`, except those named (`goal_1=2`)."""
    given = {item: [str(value)] for item in ITEMS}
    return given | {name.replace("_", "-"): [str(number)] for name, number in changed.items()}


def patient(identity: str = "p1") -> dict[str, Any]:
    name = [{"use": "official", "family": "Halvorsen", "given": ["Ingrid"]}]
    return {"resourceType": "Patient", "id": identity, "name": name, "birthDate": "1968-03-14", "gender": "female"}


def hba1c(identity: str, value: str, *, day: str, who: str = "p1", **more: Any) -> dict[str, Any]:
    quantity = {"value": float(value), "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    coding = {"system": "http://loinc.org", "code": "4548-4"}
    return {
        "resourceType": "Observation", "id": identity, "status": "final", "code": {"coding": [coding]},
        "subject": {"reference": f"Patient/{who}"}, "effectiveDateTime": day, "valueQuantity": quantity, **more,
    }  # fmt: skip
