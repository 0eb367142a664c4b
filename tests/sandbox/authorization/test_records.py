"""What the EHR reads of its own server with its own rights."""

from smart_app.sandbox.authorization.records import Records
from smart_app.sandbox.exchange.json_text import written
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse


class Remembering:
    """A server that answers equal questions from its memory, unless it is told not to."""

    def __init__(self) -> None:
        self.practitioners: list[dict[str, object]] = []
        self._known: dict[tuple[str, object], FhirResponse] = {}

    def handle(self, request: FhirRequest) -> FhirResponse:
        asked = (request.path, request.query)
        if "no-cache" not in request.headers.get("cache-control", "") and asked in self._known:
            return self._known[asked]
        entries = [{"resource": one} for one in self.practitioners]
        answer = FhirResponse(status=200, body=written({"resourceType": "Bundle", "type": "searchset", "entry": entries}))
        self._known[asked] = answer
        return answer


def test_a_practitioner_loaded_a_moment_ago_may_be_signed_in() -> None:
    server = Remembering()
    records = Records(backend=server, base="https://ehr.example/fhir")
    assert records.users() == []
    server.practitioners = [{"resourceType": "Practitioner", "id": "weiss", "name": [{"text": "Dr Weiss"}]}]
    assert [user.reference for user in records.users()] == ["Practitioner/weiss"]
