"""What the script of an open page is told of its launch: enough to tell launches and patients apart, and when it ends; nobody's name or
id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fhir_mappings.sentence import Sentence
from smart_app.care.record.record import ChartRecord
from smart_app.launch.context.launch_context import Via
from smart_app.web.session.csrf import Csrf

# That a launch is in use is noted once a minute, so it may end as much earlier (store.launches).
_NOTED_AFTER = timedelta(minutes=1)
_ENOUGH = 12
_AGAIN: Mapping[Via, Sentence] = {
    "standalone": Sentence("Start again on Rapport's own page, and sign in there."),
    "open": Sentence("Go back to the list of patients, and choose one there."),
}
_LAST: Mapping[Via, Sentence] = {
    "standalone": Sentence("This page closes in two minutes. Finish here, or start again on Rapport's own page, and sign in there."),
    "open": Sentence("This page closes in two minutes. Finish here, or go back to the list of patients, and choose one there."),
}

# Of a patient who has signed in themself, with no chart around.
_PORTAL_AGAIN = Sentence("Open Rapport again from your patient portal.")
_PORTAL_LAST = Sentence("This page closes in two minutes. Finish here, or open Rapport again from your patient portal.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """`launch` and `patient` are the same in all pages of the same one in this deployment. `idle`: seconds after which the launch ends
    without use, `left`: in any case, or after which nothing can be asked of
    the record any more. `stay` is where its use can be noted. `again` is how to come back, None for the way from a chart; `last` the same
    in the sentence that the page is about to close.
    `ended`: this page closed the launch. `over` is where a page goes that nobody uses, "" where it stays."""

    launch: str
    patient: str
    idle: int
    left: int
    stay: str
    csrf: str = field(repr=False)
    again: Sentence | None = None
    last: Sentence | None = None
    ended: bool = False
    over: str = ""


def own_tab(record: ChartRecord, *, name: str, until: datetime, stay: str, token: str) -> Tab:
    """The tab of a form behind a one-time link: it ends with the link, and no other page knows of it."""
    left = max(int((until - record.services.clock()).total_seconds()), 0)
    mark = name.rsplit("-", 1)[-1]
    return Tab(launch=mark, patient=mark, idle=left, left=left, stay=stay, csrf=token, again=_NEW_LINK, last=_LAST_OF_LINK)


_NEW_LINK = Sentence("Ask your clinic for a new link.")
_LAST_OF_LINK = Sentence("This page closes in two minutes. Please send your answers before then.")


def tab_of(record: ChartRecord, csrf: Csrf, *, name: str, stay: str, token: str, ended: bool = False) -> Tab:
    """The tab of a page; `name` is the launch's cookie's."""
    context, settings = record.context, record.services.settings
    idle = timedelta(minutes=settings.idle_minutes)
    end = context.opened + timedelta(minutes=settings.absolute_minutes)
    left = min(end, context.fixed_end or end) - record.services.clock()
    return Tab(
        launch=name.rsplit("-", 1)[-1],
        patient=csrf.token("patient", context.iss.rstrip("/"), context.patient)[:_ENOUGH],
        idle=int((idle - min(_NOTED_AFTER, idle / 4)).total_seconds()),
        left=max(int(left.total_seconds()), 0),
        stay=stay,
        csrf=token,
        again=_AGAIN.get(context.via) or (_PORTAL_AGAIN if context.by_patient else None),
        last=_LAST.get(context.via) or (_PORTAL_LAST if context.by_patient else None),
        ended=ended,
    )
