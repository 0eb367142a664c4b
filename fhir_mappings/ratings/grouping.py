"""Which stored parts belong to one submission: responses, panels and scores filed under the names they share."""

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from fhir_mappings.instruments import canonicals
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import identifiers_in, references_in, source_of
from fhir_mappings.ratings.score_reader import ScoreCode

_CORRECTED = frozenset({"amended", "corrected"})


class StoredScore(Struct, frozen=True, kw_only=True):
    """A score or panel Observation of ours that may be used."""

    source: str
    resource: FhirJson
    code: ScoreCode


class Submitted(Struct, kw_only=True):
    """What was found of one submission; `copies` of its response are displaced by a better one.

    `refused` says that there is a response which does not count, as was listed already: its scores do not count either."""

    response: FhirJson | None = None
    refused: bool = False
    copies: list[FhirJson] = field(default_factory=list)
    observations: list[StoredScore] = field(default_factory=list)


class Grouping:
    """Files resources of one server under the names they share: the response's reference, else the panel's, else the submission key.

    `base` is the canonical base, `server` the address of the FHIR server."""

    def __init__(self, *, base: str, server: str) -> None:
        self._server = server
        self._system = canonicals.submission_system(base)
        self._by_name: dict[str, Submitted] = {}
        self._all: list[Submitted] = []

    def __iter__(self) -> Iterator[Submitted]:
        """Every submission, in the order in which it was met."""
        return iter(self._all)

    def add_response(self, response: FhirJson, *, refused: bool) -> None:
        """File a response. Of two with one identifier the corrected or later one stands; a refused one never displaces another."""
        file = self._file([source_of(response, "QuestionnaireResponse"), *self._keys(response)])
        if refused:
            file.refused = file.response is None
        elif file.response is None:
            file.response, file.refused = response, False
        else:
            better = rank(response) > rank(file.response)
            file.copies.append(file.response if better else response)
            file.response = response if better else file.response

    def add_observation(self, stored: StoredScore) -> None:
        """File a panel or score. Panels come first, so that members find them."""
        observation = stored.resource
        members = references_in(observation.get("hasMember"), base=self._server) if stored.code.scale is None else ()
        names = [*references_in(observation.get("derivedFrom"), base=self._server), stored.source, *self._keys(observation), *members]
        self._file(names).observations.append(stored)

    def _file(self, names: Iterable[str]) -> Submitted:
        """The file that has one of the names, the first name first; then every name leads to it."""
        given = list(names)
        file = next((self._by_name[name] for name in given if name in self._by_name), None)
        if file is None:
            file = Submitted()
            self._all.append(file)
        for name in given:
            if not name.endswith("/(no id)"):
                self._by_name.setdefault(name, file)
        return file

    def _keys(self, resource: FhirJson) -> list[str]:
        """The submission keys of a resource, `KEY.ROLE` without the role."""
        return [f"key {value.rpartition('.')[0]}" for value in identifiers_in(resource.get("identifier"), self._system) if "." in value]


def rank(resource: FhirJson) -> tuple[bool, float, str]:
    """What decides between two copies: a correction first, then the later one, then the id."""
    meta = resource.get("meta")
    updated = parse_moment(meta.get("lastUpdated")) if isinstance(meta, dict) else None
    instant = updated.instant if updated else None
    status = resource.get("status")
    return isinstance(status, str) and status.strip() in _CORRECTED, instant.timestamp() if instant else 0.0, str(resource.get("id"))
