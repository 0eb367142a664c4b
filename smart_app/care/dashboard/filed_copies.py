"""Filing a copy of the page in the record, as a document: kept as it was shown, filed once, and told as it ended.

It is a copy for people to read and no rung of the write ladder: no rating counts as stored by it, and what could not be filed waits in no
outbox. It is found again by an identifier of its own, on which it is created where the server can be asked that."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.canonicals import demo_tag
from fhir_mappings.kept_sentence import as_data, from_data
from fhir_mappings.people.patient import Standing
from fhir_mappings.r4.json_types import Json
from fhir_mappings.r4.references import by_owner
from fhir_mappings.sentence import Sentence
from fhir_mappings.submission.filed_page import FiledPage, filed_page, page_identifier
from smart_app.care.record.access import Permissions, patient_on_server, permissions, writer
from smart_app.care.record.patient_in_context import patient_read_again
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.judgement import UNCERTAIN, of_error, of_written
from smart_app.care.submission.outcome_search import SETTLES_WITHIN
from smart_app.care.submission.sealed_submission import WriteOutcome
from smart_app.errors import Conflict, FhirError, NotOffered, OutcomeNotKept, StoreError
from smart_app.fhir.client import Resource
from smart_app.launch.oauth.granted_features import is_asked_by_name
from smart_app.store import FilingState, KeptPage, author_of

_TYPE = "DocumentReference"
_FEATURE = "file_page"
# It is looked at, and filed or not; what became of it is read on the day, as of a receipt.
_SHOWN_FOR, _SENT_FOR = timedelta(hours=1), timedelta(days=1)
# What is being sent for longer belongs to a process that is gone.
_GONE = timedelta(minutes=2)


class PageToFile(Struct, frozen=True, kw_only=True):
    """A page as it is shown: the file, what it is called, its language, when it was made and what it covers. `content` is what pages that
    say the same have in common."""

    pdf: bytes
    title: str
    language: str
    made: datetime
    start: datetime
    end: datetime
    content: str


class FiledCopy(Struct, frozen=True, kw_only=True):
    """How a copy stands, since when: its `place` in the record, or `why` it has none. `may_send`: sending it (again) can double nothing;
    `may_check`: the server can be asked whether it is there."""

    key: str
    state: FilingState
    since: datetime
    content: str
    place: str | None = None
    why: Sentence | None = None
    may_send: bool = False
    may_check: bool = False


def is_switched_on(record: ChartRecord) -> bool:
    """Whether the site asks for it at this EHR, by name."""
    issuer = record.services.registration.find(record.context.iss)
    return issuer is not None and is_asked_by_name(issuer.scope, _FEATURE)


def why_not_file(record: ChartRecord) -> Sentence | None:
    """Why nothing can be filed here; None where it can. Of a site that has not switched it on a page says nothing."""
    if not is_switched_on(record):
        return Sentence("Filing a copy in the record is not switched on here.")
    return permissions(record).why_not(_TYPE, "create")


def why_not_into(standing: Standing) -> Sentence | None:
    """Why nothing is filed in a record that stands so."""
    return _NOT_INTO.get(standing)


_NOT_INTO: Mapping[Standing, Sentence] = {
    "inactive": Sentence("This record is marked as not in use, so no copy is filed in it."),
    "replaced": Sentence("This record was replaced, so no copy is filed in it."),
    "dead": Sentence("The record says that this person has died, so no copy is filed in it."),
}


def keep_shown(record: ChartRecord, page: PageToFile) -> str:
    """Seal the page as it is shown; the key it is filed under."""
    key = record.services.new_id()
    sealed = {
        "pdf": b64encode(page.pdf).decode("ascii"),
        "title": page.title,
        "language": page.language,
        **{name: getattr(page, name).isoformat() for name in ("made", "start", "end")},
        "content": page.content,
    }
    record.services.store.filed_pages.show(author_of(record.context), key, sealed, alike=page.content, ttl=_SHOWN_FOR)
    return key


def shown_file(record: ChartRecord, key: str) -> bytes:
    """The file of a page that is shown, or was. NotOffered where there is none of that key any more."""
    held = _kept(record, key).payload.get("pdf")
    if not isinstance(held, str):
        raise _gone()
    return b64decode(held)


def copy_of(record: ChartRecord, key: str) -> FiledCopy:
    """How the copy of that key stands. NotOffered where this user was shown none."""
    return _copy(record, _kept(record, key))


def filed_before(record: ChartRecord, content: str) -> FiledCopy | None:
    """The copy of this content that somebody has filed today already, or that may be in the record; None without one."""
    found = [_copy(record, one) for one in record.services.store.filed_pages.alike(author_of(record.context), content)]
    return next((one for one in reversed(found) if one.state != "not_filed"), None)


def file_copy(record: ChartRecord, key: str) -> None:
    """File the page that was shown under that key, once: what is being sent, filed already or perhaps there is not sent again. NotOffered
    where nothing can be filed; FhirError where the patient cannot be read, and then nothing was sent. OutcomeNotKept where it was sent and
    how it ended could not be written down."""
    reason = why_not_file(record) or why_not_into(patient_read_again(record).standing(record.now().date()))
    if reason is not None:
        raise NotOffered(Sentence("{why} Nothing was filed.", why=reason))
    kept = _kept(record, key)
    copy = _copy(record, kept)
    if not copy.may_send:
        return
    if record.services.store.filed_pages.claim(author_of(record.context), key, was=(kept.state,), ttl=_SENT_FOR):
        _settle(record, kept, _sent(record, kept))


def check_copy(record: ChartRecord, key: str) -> None:
    """Ask the server whether the copy of that key is there, where that is not known."""
    kept = _kept(record, key)
    if _copy(record, kept).may_check:
        _settle(record, kept, _looked_up(record, kept), sent=False)


def _sent(record: ChartRecord, kept: KeptPage) -> WriteOutcome:
    """Created on its identifier, unless the server says that it does not know how. HAPI answers racing requests 409, and 412 where several
    were created at once on one identifier (hapi-fhir, issue 3141): it is looked for, as is one that was taken without saying where."""
    allowed = permissions(record)
    unconditional = allowed.capabilities.conditional_create(_TYPE) is False
    try:
        condition = None if unconditional else f"identifier={'|'.join(_identifier(record, kept.key))}"
        outcome = of_written(writer(record).create(_document(record, kept), if_none_exist=condition))
    except Conflict as error:
        outcome = replace(of_error(error), became="unknown")
    except FhirError as error:
        return of_error(error)
    place = _place(record, kept.key) if outcome.reference is None and _can_be_searched(allowed) else None
    return WriteOutcome(reference=place) if place else outcome


def _document(record: ChartRecord, kept: KeptPage) -> Json:
    context, canonical, page = record.context, record.services.settings.canonical_base, kept.payload
    made = FiledPage(
        patient=context.patient,
        encounter=context.encounter,
        author=context.user.reference,
        pdf=b64decode(page["pdf"]),
        title=page["title"],
        language=page["language"],
        made=datetime.fromisoformat(page["made"]),
        filed=record.now(),
        start=datetime.fromisoformat(page["start"]),
        end=datetime.fromisoformat(page["end"]),
        key=kept.key,
        tags=(demo_tag(canonical),) if context.synthetic else (),
    )
    return filed_page(made, base=canonical)


def _looked_up(record: ChartRecord, kept: KeptPage) -> WriteOutcome:
    """Where the server lists it. That it does not proves nothing so soon after it was sent."""
    try:
        found = _search(record, kept.key)
    except FhirError as error:
        return WriteOutcome(why=error.user_message, became="unknown")
    if found.place is not None:
        return WriteOutcome(reference=found.place)
    if not found.whole:
        return WriteOutcome(why=_UNSURE, became="unknown")
    if record.services.clock() - _when_sent(kept) < SETTLES_WITHIN:
        return WriteOutcome(why=_TOO_SOON, became="unknown")
    return WriteOutcome(why=_NOT_LISTED, became="waiting")


_TOO_SOON = Sentence(
    "The server does not list it, which proves nothing so soon after it was sent: some list a thing only after a while. Check again in a "
    "minute."
)
_UNSURE = Sentence("The server could not be searched for it completely.")
_NOT_LISTED = Sentence("The server was searched for it and does not list it.")


class _Search(Struct, frozen=True, kw_only=True):
    """Where it was found; `whole`: else it is certainly not listed."""

    place: str | None
    whole: bool


def _search(record: ChartRecord, key: str) -> _Search:
    """By its identifier, among this patient's documents: a server may return anything. FhirError."""
    system, value = _identifier(record, key)
    result = writer(record).search(_TYPE, [("identifier", f"{system}|{value}"), ("patient", record.context.patient)], fresh=True)
    own = by_owner(result.resources, patient_on_server(record.context)).own
    places = [f"{_TYPE}/{one['id']}" for one in own if one.get("id") and _has_identifier(one, system, value)]
    return _Search(place=next(iter(places), None), whole=result.complete)


def _place(record: ChartRecord, key: str) -> str | None:
    """Where it is found just after it was sent; None where it is not, or nobody can say."""
    try:
        return _search(record, key).place
    except FhirError:
        return None


def _has_identifier(resource: Resource, system: str, value: str) -> bool:
    given = resource.get("identifier")
    listed = given if isinstance(given, list) else []
    return any(isinstance(one, dict) and (one.get("system"), one.get("value")) == (system, value) for one in listed)


def _identifier(record: ChartRecord, key: str) -> tuple[str, str]:
    return page_identifier(key, base=record.services.settings.canonical_base)


def _can_be_searched(allowed: Permissions) -> bool:
    return allowed.granted(_TYPE, "search-type") and allowed.capabilities.searchable(_TYPE, "identifier") is not False


# How it stands


def _settle(record: ChartRecord, kept: KeptPage, outcome: WriteOutcome, *, sent: bool = True) -> None:
    """Seal how it ended and record it. The file itself is not kept here once it is in the record."""
    state = _state(outcome)
    store, author = record.services.store, author_of(record.context)
    payload: dict[str, Any] = {
        **{name: value for name, value in kept.payload.items() if name not in {"place", "why"} and (name != "pdf" or state != "filed")},
        "sent": (record.services.clock() if sent else _when_sent(kept)).isoformat(),
        **({"place": outcome.reference} if outcome.reference else {}),
        **({"why": as_data(outcome.why)} if outcome.why else {}),
    }
    detail = {"key": kept.key, "outcome": state, "status": outcome.status, "place": outcome.reference, "sent": sent}
    try:
        with store.database.begin() as together:
            store.filed_pages.settle(author, kept.key, state, payload, alike=kept.payload["content"], within=together)
            store.audit.add("page_filed", launch_id=record.launch_id, context=record.context, detail=detail, within=together)
    except StoreError as error:
        raise OutcomeNotKept(_NOT_KEPT[state], detail=error.detail) from error


def _state(outcome: WriteOutcome) -> FilingState:
    if outcome.reference is not None:
        return "filed"
    return "not_known" if outcome.became in UNCERTAIN else "not_filed"


_NOT_KEPT: Mapping[FilingState, Sentence] = {
    "filed": Sentence("The copy is in the record. Rapport's own database failed after that, so there is no receipt. Do not file it again."),
    "not_filed": Sentence("The record did not take the copy. Rapport's own database failed after that."),
    "not_known": Sentence(
        "It is not known whether the record has the copy. Rapport's own database failed after it was sent. Look among the documents of the "
        "chart before you file it again."
    ),
}


def _kept(record: ChartRecord, key: str) -> KeptPage:
    found = record.services.store.filed_pages.get(author_of(record.context), key)
    if found is None:
        raise _gone()
    return found


def _gone() -> NotOffered:
    return NotOffered(
        Sentence("This page is not kept here any more."), next_step=Sentence("Open the printed page again and have it shown once more.")
    )


def _copy(record: ChartRecord, kept: KeptPage) -> FiledCopy:
    """A copy whose process was cut off while it was sent may be there, as one whose answer was lost."""
    cut_off = kept.state == "sending" and record.services.clock() - kept.updated > _GONE
    state: FilingState = "not_known" if cut_off else kept.state
    allowed = permissions(record)
    uncertain, searched = state == "not_known", _can_be_searched(allowed)
    told = uncertain and not searched and allowed.capabilities.conditional_create(_TYPE) is True
    why = kept.payload.get("why")
    return FiledCopy(
        key=kept.key,
        state=state,
        since=_when_sent(kept),
        content=kept.payload["content"],
        place=kept.payload.get("place"),
        why=_CUT_OFF if cut_off else from_data(why) if why is not None else None,
        may_send=state in {"shown", "not_filed"} or told,
        may_check=uncertain and searched,
    )


_CUT_OFF = Sentence("Rapport was interrupted while it was sent.")


def _when_sent(kept: KeptPage) -> datetime:
    """When it was sent last; of what was not, when it was shown."""
    return datetime.fromisoformat(kept.payload["sent"]) if "sent" in kept.payload and kept.state != "sending" else kept.updated
