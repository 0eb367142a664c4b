"""A submission on its way: what is sent, how far it got. The sealed payload of the outbox is one of these."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Literal, cast

import msgspec
import simplejson
from msgspec import Struct, field
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.kept_sentence import as_data, from_data
from fhir_mappings.sentence import Sentence
from fhir_mappings.submission.transaction import bundle_sent_by
from smart_app.care.forms.late_visit import LateVisit
from smart_app.errors import NotOpened
from smart_app.fhir.client import Resource
from smart_app.launch.context.launch_context import Author
from smart_app.store import OutboxEntry

PROVENANCE = "provenance"
RESPONSE = "response"
PANEL = "panel"
NOT_ANSWERED = "not-answered"


class SubmissionPart(Struct, frozen=True, kw_only=True):
    """One resource of a submission. `role` is `response`, `panel`, a scale's key, `not-answered`, or `provenance`;
    `full_url` its urn in the bundle."""

    role: str
    full_url: str
    resource: Resource
    if_none_exist: str | None

    @property
    def type(self) -> str:
        """The resource type."""
        return str(self.resource["resourceType"])


# What became of a part that is not known to be stored. "left_out": this sign-in or this server does not let it be written, and nothing was
# asked. "waiting": it certainly did not arrive, and can be sent. "expired" and "forbidden": 401, 403. "refused": the server said no.
# "failed": the server said that it is not stored, for now. "unknown": it may be stored.
Became = Literal["left_out", "waiting", "expired", "forbidden", "refused", "failed", "unknown"]


class WriteOutcome(Struct, frozen=True, kw_only=True):
    """What became of one part: where it is stored, or what became of it instead and `why`. Neither: it was not sent. `status` is the
    server's answer where it stored nothing."""

    reference: str | None = None
    version: str | None = None
    why: Sentence | None = None
    became: Became | None = None
    status: int | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """That somebody decided over a submission which the record does not hold, or not all of: `by` whom, in English, which is a name or what
    they are `called` without one; `why` by its code, and when. `told`
    whoever has read it since: the author, the patient."""

    by: str
    why: str
    at: datetime
    told: tuple[Literal["author", "patient"], ...] = ()
    called: Sentence | None = None

    @property
    def who(self) -> str:
        """By whom, for people."""
        return self.called or self.by


class ScoreLine(Struct, frozen=True, kw_only=True):
    """One score for people: "Total", "4.25", "of 5"; `text` None with its `reason`."""

    role: str
    title: Sentence
    text: str | None
    high: int
    reason: Sentence | None


# What an outbox holds already says `fates`.
class SealedSubmission(Struct, frozen=True, kw_only=True, rename={"outcomes": "fates"}):
    """`digest` tells equal answers from changed ones under one key. `step` is the key of the rung that wrote it. `notes` says why
    higher rungs were not used; `searched` when the server was last searched for it. `content` is the bundle as text: numbers keep
    their digits whoever seals it. `clinician` is None where nobody is rated; `unscored` says why there are no scores. `author` and `scope`
    are of the launch under which it was sealed: None for what was sealed before they were. `decision` is of what was discarded or copied;
    `attempt` counts the times it was sent, or meant to be; `late` is the visit where it is one of before; `transmitter` is who
    last sent it in its author's place. `loose` names, of a part that was stored while parts it refers to were not, the roles of those: what
    it says of them has to be put right once they are. `sent` is when the last try of sending it ended: None before, and of what was sealed
    before it was noted. `not_answered` is why there are no answers: the form was not answered, and `decided_by` is the reference of whoever
    decided that, and `entered_by` of whoever wrote it down. `after_seen`: a second rating of a visit whose other rating its author had
    seen."""

    key: str
    base: str
    patient: str
    slug: str
    informant: Informant
    instrument_title: Sentence
    instrument_version: str
    validated: bool
    direction: Sentence
    clinician: str | None
    clinician_name: str | None
    answered: int
    of: int
    encounter: str | None
    visit: str
    authored: datetime
    digest: str
    scores: tuple[ScoreLine, ...]
    content: str
    outcomes: Mapping[str, WriteOutcome] = field(default_factory=dict)
    step: str | None = None
    reason: Sentence | None = None
    notes: tuple[Sentence, ...] = ()
    searched: datetime | None = None
    repeated: bool = False
    from_paper: bool = False
    unscored: Sentence | None = None
    author: Author | None = None
    scope: str | None = None
    decision: Decision | None = None
    attempt: int = 0
    late: LateVisit | None = None
    transmitter: str | None = None
    loose: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sent: datetime | None = None
    not_answered: NotAnsweredReason | None = None
    decided_by: str | None = None
    entered_by: str | None = None
    after_seen: bool = False

    @property
    def bundle(self) -> Resource:
        """The transaction bundle, numbers as Decimals."""
        return cast("Resource", simplejson.loads(self.content, use_decimal=True))

    @property
    def parts(self) -> tuple[SubmissionPart, ...]:
        """The resources in the order of the bundle."""
        return parts_of(self.bundle, self.key)

    @property
    def missing(self) -> tuple[SubmissionPart, ...]:
        """The parts not known to be stored."""
        return tuple(part for part in self.parts if self.outcome_of(part.role).reference is None)

    @property
    def stored(self) -> dict[str, str]:
        """Role to `Type/id` of what is known to be stored."""
        return {role: outcome.reference for role, outcome in self.outcomes.items() if outcome.reference is not None}

    @property
    def placed(self) -> bool:
        """Whether the answers are known to be stored."""
        return RESPONSE in self.stored

    def outcome_of(self, role: str) -> WriteOutcome:
        """What became of that part so far. Before outcomes were judged one by one, a part with a reason was one that was not taken."""
        outcome = self.outcomes.get(role, WriteOutcome())
        told = outcome.why is not None and outcome.reference is None and outcome.became is None
        return replace(outcome, became="refused") if told else outcome

    def sent_by(self, who: str | None) -> "SealedSubmission":
        """The same as `who` (a reference) sends it in its author's place; None: as its author does. Not said any more of a Provenance that
        is stored. InvalidResource."""
        if who == self.transmitter or PROVENANCE in self.stored:
            return self
        return replace(self, content=content_of(bundle_sent_by(self.bundle, who)), transmitter=who)

    def with_outcomes(self, outcomes: Mapping[str, WriteOutcome]) -> "SealedSubmission":
        """The same with more known."""
        return replace(self, outcomes={**self.outcomes, **outcomes})


def to_payload(sealed: SealedSubmission) -> dict[str, object]:
    """JSON-ready, its sentences as what they are made of: whoever reads them later may want another language."""
    return cast("dict[str, object]", msgspec.to_builtins(sealed, enc_hook=_sentence_out))


def from_payload(payload: Mapping[str, object]) -> SealedSubmission:
    """The submission as sealed. Before its sentences were kept, their English was. NotOpened where another version of Rapport sealed it in
    a way that this one cannot read."""
    try:
        return msgspec.convert(payload, SealedSubmission, dec_hook=_sentence_in)
    except msgspec.ValidationError as error:
        raise NotOpened(_OTHER_VERSION, detail="sealed by another version") from error


def _sentence_out(value: object) -> object:
    if isinstance(value, Sentence):
        return as_data(value)
    raise NotImplementedError(type(value).__name__)


def _sentence_in(kind: type, value: object) -> object:
    if kind is Sentence:
        return from_data(value)
    raise NotImplementedError(kind.__name__)


def readable(entries: Iterable[OutboxEntry]) -> Iterator[tuple[OutboxEntry, SealedSubmission]]:
    """Those that this version can read, each with what it holds: one that it cannot takes none of the others with it. Its author's page
    and `rapport outbox list` say that it is there."""
    for entry in entries:
        with suppress(NotOpened):
            yield entry, from_payload(entry.payload)


_OTHER_VERSION = Sentence(
    "These answers were sealed by another version of Rapport, and this one cannot read them. They are kept as they are. Do not enter "
    "them again before whoever looks after Rapport has looked at them."
)


def parts_of(bundle: Resource, key: str) -> tuple[SubmissionPart, ...]:
    """The resources of a submission's bundle, in its order."""
    return tuple(_part(entry, key) for entry in cast("list[Mapping[str, object]]", bundle["entry"]))


def content_of(bundle: Resource) -> str:
    """The bundle as text, numbers as they are."""
    return simplejson.dumps(bundle, use_decimal=True, ensure_ascii=False)


def _part(entry: Mapping[str, object], key: str) -> SubmissionPart:
    resource = cast("Resource", entry["resource"])
    request = cast("Mapping[str, str]", entry["request"])
    return SubmissionPart(
        role=_role(resource, key), full_url=str(entry["fullUrl"]), resource=resource, if_none_exist=request.get("ifNoneExist")
    )


def _role(resource: Resource, key: str) -> str:
    """The role in the resource's own identifier `KEY.ROLE`; R4 Provenance has none."""
    if resource["resourceType"] == "Provenance":
        return PROVENANCE
    given = resource["identifier"]
    identifiers = cast("list[Mapping[str, str]]", given if isinstance(given, list) else [given])
    values = (identifier["value"] for identifier in identifiers)
    return next(value.removeprefix(f"{key}.") for value in values if value.startswith(f"{key}."))
