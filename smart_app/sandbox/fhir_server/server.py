"""The FHIR server: one request in, one answer out. Routing, headers and formats are here; what happens is in `interactions`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import parse_qsl
from uuid import uuid4

import simplejson
from sqlalchemy.exc import SQLAlchemyError

from smart_app.sandbox.exchange.json_text import FhirJson
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse
from smart_app.sandbox.exchange.refusal import issue, operation_outcome
from smart_app.sandbox.fhir_server import interactions, transactions
from smart_app.sandbox.fhir_server.capability_statement import capability_statement
from smart_app.sandbox.fhir_server.date_ranges import instant, moment
from smart_app.sandbox.fhir_server.ingest import IngestReport, ingest
from smart_app.sandbox.fhir_server.interactions import InteractionResult, Work
from smart_app.sandbox.fhir_server.outcome import Refusal, bad_request
from smart_app.sandbox.fhir_server.search_parameters import RESOURCE_TYPES
from smart_app.sandbox.fhir_server.storage import Session, Storage, StoredVersion, instant_text

FHIR_JSON = "application/fhir+json"
_JSON_TYPES = frozenset({FHIR_JSON, "application/json", "text/json", "json"})
_FORM = "application/x-www-form-urlencoded"
_ANY = frozenset({"*/*", "application/*", ""})


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def random_id() -> str:
    """An id nobody can guess."""
    return str(uuid4())


class LocalServer:
    """The sandbox's own FhirBackend over a Storage or the database it is to open (`sqlite://` in memory, `sqlite:///file`).
    `clock` gives aware datetimes, `new_id` ids for what is created. One process to a database."""

    def __init__(
        self, storage: Storage | str = "sqlite://", *, clock: Callable[[], datetime] = utc_now, new_id: Callable[[], str] = random_id
    ) -> None:
        self._storage = Storage(storage) if isinstance(storage, str) else storage
        self._clock = clock
        self._new_id = new_id

    def handle(self, request: FhirRequest) -> FhirResponse:
        """The answer; every failure is an OperationOutcome, nothing is raised."""
        try:
            return self._answer(request)
        except Refusal as refusal:
            return _json_response(refusal.status, refusal.outcome(), headers=refusal.headers)
        except RecursionError:
            return _json_response(400, bad_request("the body is nested too deeply", code="structure").outcome())
        except SQLAlchemyError as broken:
            failed = issue("exception", f"the store failed: {type(broken).__name__}; nothing was written")
            return _json_response(500, operation_outcome(failed))

    def load(self, resources: FhirJson | Iterable[FhirJson], *, base: str = "") -> IngestReport:
        """Store resources or Bundles as they are, ids kept; what is wrong in them stays wrong. `base` makes absolute links to it local."""
        with self._storage.session() as session:
            return ingest(self._work(session, base=base), resources)

    def close(self) -> None:
        """Let go of the database."""
        self._storage.close()

    def _work(self, session: Session, *, base: str, strict: bool = False) -> Work:
        return Work(session=session, base=base, now=instant(self._clock()), new_id=self._new_id, strict=strict)

    def _answer(self, request: FhirRequest) -> FhirResponse:
        """Route a request that has passed the checks on its headers; HEAD is a GET without a body."""
        _check_accept(request)
        asked = replace(request, method="GET") if request.method == "HEAD" else request
        call = _Call(request=asked, prefer=_preferences(request.headers.get("prefer", "")))
        if asked.path == "metadata":
            call.only("GET", "HEAD")
            return _json_response(200, capability_statement(base=asked.base, now=instant(self._clock())))
        with self._storage.session() as session:
            answered = call.answer(self._work(session, base=asked.base, strict=call.prefer.get("handling") == "strict"))
        return replace(answered, body=b"") if request.method == "HEAD" else answered


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A request on its way to the interaction it asks for."""

    request: FhirRequest
    prefer: Mapping[str, str]

    def answer(self, work: Work) -> FhirResponse:
        """The answer of the base, a type, a resource or its history."""
        parts = self.request.path.split("/") if self.request.path else []
        if not parts:
            return self._at_base(work)
        if any(part.startswith("$") for part in parts):
            raise Refusal(404, "not-supported", f"there is no operation {self.request.path}")
        if parts[0] not in RESOURCE_TYPES:
            raise Refusal(404, "not-supported", f"{parts[0]!r} is no R4 resource type")
        match parts[1:]:
            case []:
                return self._at_type(work, parts[0])
            case ["_search"]:
                self.only("POST")
                return self._sent(interactions.search(work, parts[0], self._form()))
            case ["_history"]:
                raise Refusal(404, "not-supported", "there is a history of single resources only")
            case [resource_id]:
                return self._at_resource(work, parts[0], resource_id)
            case [resource_id, "_history"]:
                self.only("GET", "HEAD")
                self._no_query("a history is given whole")
                return self._sent(interactions.history(work, parts[0], resource_id))
            case [resource_id, "_history", version]:
                self.only("GET", "HEAD")
                return self._sent(interactions.vread(work, parts[0], resource_id, version=version))
        raise Refusal(404, "not-found", f"there is nothing at {self.request.path}")

    def only(self, *methods: str) -> None:
        """405 for any other method."""
        if self.request.method not in methods:
            allow = ", ".join(methods)
            sentence = f"{self.request.method} is not possible at /{self.request.path}; possible: {allow}"
            raise Refusal(405, "not-supported", sentence, headers={"Allow": allow})

    def _at_base(self, work: Work) -> FhirResponse:
        """Batch and transaction."""
        self.only("POST")
        bundle = self._body()
        kind = bundle.get("type") if isinstance(bundle, Mapping) else None
        if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle" or kind not in {"batch", "transaction"}:
            raise bad_request("the base takes a Bundle of type batch or transaction", expression="Bundle.type")
        results = transactions.batch(work, bundle) if kind == "batch" else transactions.transaction(work, bundle)
        entries = [self._entry(result) for result in results]
        answer = {"resourceType": "Bundle", "type": f"{kind}-response"}
        return _json_response(200, {**answer, "entry": entries} if entries else answer)

    def _at_type(self, work: Work, resource_type: str) -> FhirResponse:
        """Search and create."""
        self.only("GET", "HEAD", "POST")
        if self.request.method == "GET":
            return self._sent(interactions.search(work, resource_type, self.request.query))
        self._no_query("a conditional create sends its condition as If-None-Exist")
        condition = self.request.headers.get("if-none-exist")
        return self._sent(interactions.create(work, resource_type, self._body(), if_none_exist=condition))

    def _at_resource(self, work: Work, resource_type: str, resource_id: str) -> FhirResponse:
        """Read, update and delete."""
        self.only("GET", "HEAD", "PUT", "DELETE")
        if self.request.method == "GET":
            return self._sent(interactions.read(work, resource_type, resource_id))
        self._no_query("parameters have no meaning here")
        if_match = self.request.headers.get("if-match")
        if self.request.method == "DELETE":
            return self._sent(interactions.remove(work, resource_type, resource_id, if_match=if_match))
        return self._sent(interactions.update(work, resource_type, resource_id, resource=self._body(), if_match=if_match))

    def _no_query(self, sentence: str) -> None:
        """400 for parameters that would otherwise be ignored without a word."""
        names = {name for name, _ in self.request.query} - {"_format", "_pretty"}
        if names:
            raise bad_request(f"{self.request.method} with {', '.join(sorted(names))} in the address: {sentence}", code="not-supported")

    def _form(self) -> list[tuple[str, str]]:
        """The parameters of a POSTed search: those in the address, then those of the form."""
        if _media_type(self.request.headers.get("content-type", _FORM)) != _FORM:
            raise Refusal(415, "not-supported", f"_search takes {_FORM}")
        try:
            text = self.request.body.decode()
        except UnicodeDecodeError as wrong:
            raise bad_request("the form is not UTF-8") from wrong
        return [*self.request.query, *parse_qsl(text, keep_blank_values=True)]

    def _body(self) -> object:
        """The JSON of the request, decimals digit by digit."""
        media_type = _media_type(self.request.headers.get("content-type", ""))
        if media_type not in _JSON_TYPES:
            raise Refusal(415, "not-supported", f"the Content-Type is {media_type or 'missing'}, expected {FHIR_JSON}")
        return parse_json(self.request.body)

    def _sent(self, result: InteractionResult) -> FhirResponse:
        """A result as HTTP: headers of the version, and as much of it as the client prefers."""
        if result.bundle is not None:
            return _json_response(result.status, result.bundle)
        stored = result.stored
        if stored is None:
            return FhirResponse(status=result.status)
        headers = _version_headers(stored)
        if result.write:
            headers["Location"] = f"{self.request.base}/{stored.reference}/_history/{stored.version}"
            if self.prefer.get("return") == "minimal":
                return FhirResponse(status=result.status, headers=headers)
            if self.prefer.get("return") == "OperationOutcome":
                return _json_response(result.status, _done(result), headers=headers)
        return _response(result.status, stored.body or "", headers=headers)

    def _entry(self, result: InteractionResult | Refusal) -> dict[str, object]:
        """A result as an entry of a response Bundle."""
        if isinstance(result, Refusal):
            return {"response": {"status": _status_line(result.status), "outcome": result.outcome()}}
        response: dict[str, object] = {"status": _status_line(result.status)}
        if result.bundle is not None:
            return {"resource": result.bundle, "response": response}
        if result.stored is None:
            return {"response": response}
        stored = result.stored
        response["location"] = f"{stored.reference}/_history/{stored.version}"
        response["etag"] = stored.etag
        response["lastModified"] = instant_text(stored.last_updated)
        if self.prefer.get("return") == "OperationOutcome":
            response["outcome"] = _done(result)
        return {**self._entry_resource(result, stored), "response": response}

    def _entry_resource(self, result: InteractionResult, stored: StoredVersion) -> dict[str, object]:
        """The resource, where it was read or is preferred."""
        if result.write and self.prefer.get("return") != "representation":
            return {}
        return {"fullUrl": f"{self.request.base}/{stored.reference}", "resource": simplejson.RawJSON(stored.body or "")}


def parse_json(body: bytes) -> object:
    """JSON with decimals kept; a Refusal (400) says where it breaks."""
    try:
        parsed: object = simplejson.loads(body.decode(), use_decimal=True, object_pairs_hook=_unique)
        simplejson.dumps(parsed, use_decimal=True, ensure_ascii=False).encode()
    except UnicodeError as wrong:
        raise bad_request("the body is not UTF-8 text", code="structure") from wrong
    except ValueError as wrong:
        raise bad_request(f"the body is not JSON: {wrong}", code="structure") from wrong
    return parsed


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; a ValueError where a name comes twice, of which JSON readers keep one or the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"an object has two elements {next(name for name in names if names.count(name) > 1)!r}")
    return found


def _check_accept(request: FhirRequest) -> None:
    """406 for a client that takes no JSON."""
    asked = dict(request.query).get("_format") or request.headers.get("accept", "")
    accepted = {_media_type(one) for one in asked.split(",")}
    if not accepted & (_JSON_TYPES | _ANY):
        raise Refusal(406, "not-supported", f"this server answers in {FHIR_JSON}, not in {asked}")


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _preferences(header: str) -> dict[str, str]:
    """`Prefer: return=minimal; handling=strict` as a mapping."""
    pairs = (part.partition("=") for part in header.replace(",", ";").split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _version_headers(stored: StoredVersion) -> dict[str, str]:
    updated = moment(stored.last_updated).astimezone(UTC).replace(microsecond=0)
    return {"ETag": stored.etag, "Last-Modified": format_datetime(updated, usegmt=True)}


def _done(result: InteractionResult) -> dict[str, object]:
    """An OperationOutcome that says what happened."""
    reference = result.stored.reference if result.stored else ""
    sentence = f"{reference} was created" if result.status == HTTPStatus.CREATED else f"{reference} is stored"
    return operation_outcome(issue("informational", sentence, severity="information"))


def _status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _json_response(status: int, content: Mapping[str, object], *, headers: Mapping[str, str] | None = None) -> FhirResponse:
    return _response(status, simplejson.dumps(content, use_decimal=True, ensure_ascii=False), headers=headers)


def _response(status: int, text: str, *, headers: Mapping[str, str] | None = None) -> FhirResponse:
    return FhirResponse(status=status, headers={"Content-Type": f"{FHIR_JSON}; charset=utf-8", **(headers or {})}, body=text.encode())
