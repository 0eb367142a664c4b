"""Before a copy of the page is filed in the record: what will be filed, who may read it, the way back; and afterwards, how it stands."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, full_sentence, joined
from smart_app.care.dashboard.filed_copies import FiledCopy
from smart_app.care.record.patient_in_context import Patient
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.store import FilingState
from smart_app.web import formats
from smart_app.web.views.banner import Banner, clinician_banner
from smart_app.web.views.parts import Fact, Link, Table
from smart_app.web.views.printed.filed_paper import BESIDE, ON_IT, FiledSheet
from smart_app.web.views.printed.visit_rows import LastVisits

# No entry says who reads the documents of its charts: this holds wherever charts are shared and released to patients.
WHO_READS = Sentence("Everybody with access to this chart can read this, and the patient may through their portal.")
_NOT_ON_IT = (
    ON_IT,
    BESIDE,
    Sentence("No reason to talk, no change in goal, task or bond, no verdict, and nothing to try is on it."),
    Sentence("It is a copy. No rating is stored by it, and it cannot be taken back from here."),
)


class CopyUrls(Struct, frozen=True, kw_only=True):
    """Where the page leads: back, to the very file, and where it is filed."""

    back: str
    pdf: str
    file: str


class ShownVisits(Struct, frozen=True, kw_only=True):
    """The visits of a pair, as they stand on the page."""

    title: Sentence
    table: Table


class CopyView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `key` is what it is filed under, "" where nothing can be: `stopped` says why, or `before` leads to a
    copy of the same that is there already, or may be. `changed` is said where it is shown once more."""

    banner: Banner
    signed_in: str
    synthetic: bool
    patient_id: str
    urls: CopyUrls
    who_reads: Sentence
    span: Sentence
    lines: tuple[Sentence, ...]
    pairs: tuple[ShownVisits, ...]
    not_on_it: tuple[Sentence, ...]
    key: str
    years: str
    stopped: Sentence = NOTHING
    changed: Sentence = NOTHING
    before: Link | None = None


def copy_view(
    sheet: FiledSheet,
    *,
    context: LaunchContext,
    urls: CopyUrls,
    key: str,
    years: str,
    stopped: Sentence = NOTHING,
    changed: bool = False,
    before: Link | None = None,
) -> CopyView:
    """The page. `changed`: the record reads otherwise than when it was shown, so it is shown once more."""
    return CopyView(
        banner=sheet.view.banner,
        signed_in=context.user.called,
        synthetic=context.synthetic,
        patient_id=context.patient,
        urls=urls,
        who_reads=WHO_READS,
        span=sheet.view.span,
        lines=tuple(line.text for line in sheet.view.lines),
        pairs=tuple(ShownVisits(title=who, table=_table(visits)) for who, visits in sheet.pairs),
        not_on_it=_NOT_ON_IT,
        key=key,
        years=years,
        stopped=stopped,
        changed=_CHANGED if changed else NOTHING,
        before=before,
    )


_CHANGED = Sentence("The record reads otherwise now than when this page was shown, so nothing was filed. This is the page as it is now.")


def _table(visits: LastVisits) -> Table:
    """A row is headed by its visit, so that each says which."""
    results = [Sentence("HbA1c on or before")] if visits.results else []
    rows, day = [], ""
    for row in visits.rows:
        day = row.visit or day
        scores = row.scores or (row.words, *[""] * (len(visits.scores) - 1))
        rows.append((day, row.rater, *scores, *([row.result] if visits.results else [])))
    head = (Sentence("Visit"), Sentence("By"), *visits.scores, *results)
    return Table(summary=visits.title, style="plain", head=head, rows=tuple(rows))


class CopyReceiptView(Struct, frozen=True, kw_only=True):
    """How a copy stands. `tick`: it is in the record. `check` is where the server is asked once more, `send` where it is filed, "" where
    nothing of that makes sense; `key` is its own."""

    banner: Banner | None
    signed_in: str
    synthetic: bool
    patient_id: str
    tick: bool
    headline: Sentence
    lead: Sentence
    facts: tuple[Fact, ...]
    back: str
    key: str
    check: str = ""
    send: str = ""


def copy_receipt(
    copy: FiledCopy, *, context: LaunchContext, patient: Patient | None, now: datetime, back: str, check: str, send: str
) -> CopyReceiptView:
    """The page; `patient` is None where the record did not give it just now."""
    return CopyReceiptView(
        banner=clinician_banner(patient, today=now.date()) if patient else None,
        signed_in=context.user.called,
        synthetic=context.synthetic,
        patient_id=context.patient,
        tick=copy.state == "filed",
        headline=_HEADLINES[copy.state],
        lead=_lead(copy, context.issuer_name),
        facts=_facts(copy, context, now),
        back=back,
        key=copy.key,
        check=check if copy.may_check else "",
        send=send if copy.may_send and copy.state != "shown" else "",
    )


_HEADLINES: Mapping[FilingState, Sentence] = {
    "shown": Sentence("The copy was shown and is not filed"),
    "sending": Sentence("The copy is being sent"),
    "filed": Sentence("The copy is in the record"),
    "not_filed": Sentence("The copy is not in the record"),
    "not_known": Sentence("It is not known whether the copy is in the record"),
}
_ONLY_THERE = Sentence("Do not file it again. Look among the documents of the chart.")


def _lead(copy: FiledCopy, server: str) -> Sentence:
    why = [full_sentence(copy.why)] if copy.why else []
    if copy.state == "filed":
        return Sentence("{server} has taken it. {who}", server=server, who=WHO_READS)
    if copy.state == "sending":
        return Sentence("Open this page again in a minute.")
    if copy.state == "not_known" and copy.may_check:
        return joined(" ", [*why, Sentence("Do not file it again. Check again in a minute.")])
    if copy.state == "not_known" and copy.may_send:
        return joined(" ", [*why, Sentence("The server can tell an equal one, so that sending it again files none twice.")])
    if copy.state == "not_known":
        return joined(" ", [*why, _ONLY_THERE])
    return joined(" ", [*why, Sentence("Nothing else depends on it: the history and the printed page are as they were.")])


def _facts(copy: FiledCopy, context: LaunchContext, now: datetime) -> tuple[Fact, ...]:
    place = [Fact(label=Sentence("Id in the record"), value=copy.place)] if copy.place else []
    when = Sentence("Shown") if copy.state == "shown" else Sentence("Sent")
    local = copy.since.astimezone(now.tzinfo)
    return (
        Fact(label=when, value=joined(", ", (formats.clock(local, now.tzinfo), formats.short_date(local.date())))),
        Fact(label=Sentence("Record"), value=context.issuer_name),
        *place,
    )
