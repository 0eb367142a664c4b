"""Lets a request to a page of a launch in: the id in the path and that launch's own cookie, together, or not at all."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

from flask import g, request, url_for
from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence
from smart_app.care.handover.lend import lock_on
from smart_app.care.handover.one_time_link import waiting_record, with_launch
from smart_app.care.handover.patients_page import LEFT_ALONE
from smart_app.care.record.record import ChartRecord, Record
from smart_app.errors import OPEN_AGAIN, LaunchError, NotForUser, SessionError, WrongPatient
from smart_app.fhir.client import Renew
from smart_app.launch.context.launch_context import LaunchContext, LaunchId
from smart_app.services import AppServices
from smart_app.store import LaunchLock, LinkEntry
from smart_app.web.session.csrf import Csrf
from smart_app.web.session.doors import REFUSED, Door
from smart_app.web.session.lent_browser import Held, held, locked
from smart_app.web.session.tab import Tab, own_tab, tab_of

# A refresh takes one request to the token endpoint; whoever waits for another's looks again this often, this long.
_LEASE = timedelta(seconds=20)
_POLL, _PATIENCE = 0.1, 10.0

# Below it are the pages of a patient who has signed in themself.
PORTAL = "/l/<launch_id>/own/"
# So begin the pages of a patient on a device of their own: the guard of a one-time link, and the form behind it.
OWN_DEVICE = ("/link/", "/mine/")
# What the patient's page of a lent device is bound to, beside its address and cookie.
LENT = "lent"
# The same of a form behind a one-time link, and of the link's own page.
LINKED = "linked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """One request within a launch. `record` is what use cases are handed, `csrf` the token for forms on the page, `cookie` the launch's
    own, `tab` what the page's script is told, `loan` the loan under which a patient asks, "" for none."""

    record: ChartRecord
    csrf: str
    tab: Tab
    cookie: str = field(repr=False)
    loan: str = ""

    @property
    def id(self) -> LaunchId:
        """The launch's id."""
        return self.record.launch

    @property
    def context(self) -> LaunchContext:
        """The launch."""
        return self.record.context


class _Once:
    """Asks for a newer token once per refused one, however many reads of a request were refused it at the same time."""

    def __init__(self, renew: Renew) -> None:
        self._renew = renew
        self._known: dict[str, str | None] = {}
        self._lock = Lock()

    def __call__(self, refused: str) -> str | None:
        """The newer token, or None."""
        with self._lock:
            if refused not in self._known:
                self._known[refused] = self._renew(refused)
            return self._known[refused]


class Guard(Struct, frozen=True, kw_only=True):
    """Who may see a page of a launch."""

    services: AppServices
    csrf: Csrf

    def enter(self, launch_id: str) -> PageRequest:
        """The clinician's launch of this request, its token fresh; of a POST, only from our own page. SessionError otherwise: NotForUser
        where the patient is signed in, whatever they ask for, so that a page added later is closed to them until it says otherwise."""
        return self._enter(launch_id, door="clinician")

    def enter_portal(self, launch_id: str) -> PageRequest:
        """The same for the pages of a patient who has signed in themself, and for nobody else."""
        return self._enter(launch_id, door="patient")

    def enter_any(self, launch_id: str) -> PageRequest:
        """The same for the few pages that show nothing of a record."""
        return self._enter(launch_id, door="anybody")

    def enter_lent(self, handle: str) -> PageRequest:
        """The patient's request under a loan, for the browser that was lent and for its one form: nothing of it reaches a page of the
        launch behind it. SessionError otherwise, OnLoan where the patient's page was ended from elsewhere."""
        store = self.services.store
        loan = store.loans.of_handle(handle, request.cookies)
        if loan.state in {"called_back", "not_me"}:
            raise held(Held(loan=loan))
        cookie = request.cookies[store.loans.cookie_name]
        if request.method == "POST":
            self.csrf.check(request, LENT, handle, cookie)
        context = store.launches.lent(loan.launch)
        self._note(loan.launch, context, cookie_name=store.loans.cookie_name)
        record = self._record(loan.launch, context)
        token = self.csrf.token(LENT, handle, cookie)
        stay = url_for("lent_stay", handle=handle)
        tab = tab_of(record, self.csrf, name=store.launches.cookie_name_for(loan.launch), stay=stay, token=token)
        tab = dataclasses.replace(tab, idle=min(tab.idle, int(LEFT_ALONE.total_seconds())), over=url_for("lent_idle", handle=handle))
        return PageRequest(record=record, csrf=token, cookie=cookie, tab=tab, loan=loan.id)

    def enter_linked(self, entry: str) -> PageRequest:
        """The patient's request on a device of their own that has passed the guard of a one-time link, for its one form. The launch that
        made the link is behind it while that lasts, and not kept open by it. SessionError otherwise."""
        links = self.services.store.links
        found = links.of_entry(entry, request.cookies)
        name = links.cookie_name(entry)
        cookie = request.cookies[name]
        if request.method == "POST":
            self.csrf.check(request, LINKED, entry, cookie)
        record = self._behind(found)
        # What is refused here is recorded as the patient's.
        g.entered, g.entered_launch = replace(record.context, user=found.link.author.user), found.link.launch
        g.entered_cookie = name
        g.standalone, g.picked_at = False, None
        token = self.csrf.token(LINKED, entry, cookie)
        tab = own_tab(record, name=name, until=found.until, stay=url_for("mine_stay", entry=entry), token=token)
        return PageRequest(record=record, csrf=token, cookie=cookie, tab=tab)

    def _behind(self, entry: LinkEntry) -> ChartRecord:
        """With the launch that made the link, or without it once it is over."""
        launch = entry.link.launch
        try:
            return with_launch(self._record(launch, self.services.store.launches.reread(launch)), entry)
        except (SessionError, LaunchError):
            return waiting_record(self.services, entry)

    def enter_locked(self, launch_id: str) -> tuple[LaunchId, LaunchLock]:
        """A launch that a loan has locked, for what takes the device back; of a POST, only from our own page. SessionError where nothing
        locks it."""
        identity = LaunchId(launch_id)
        store = self.services.store
        context = store.launches.get(identity, request.cookies)
        self._note(identity, context, cookie_name=store.launches.cookie_name_for(identity))
        _check_door("clinician", context)
        if request.method == "POST":
            self.csrf.check(request, identity, store.launches.cookie_in(request.cookies, identity))
        lock = store.loans.on(identity)
        if lock is None:
            raise SessionError(Sentence("This device is not on loan any more."), reopen=OPEN_AGAIN)
        return identity, lock

    def _note(self, launch: LaunchId, context: LaunchContext, *, cookie_name: str) -> None:
        """For whatever makes the answer: in which launch it is."""
        g.entered, g.entered_launch, g.entered_cookie = context, launch, cookie_name
        g.standalone = context.via == "standalone"
        g.picked_at = context.iss if context.via == "open" else None
        g.frame_ancestors = self._ancestors(context)

    def _record(self, identity: LaunchId, context: LaunchContext) -> ChartRecord:
        """What use cases are handed, its token fresh."""
        fresh, renew = self._fresh(identity, context), _Once(partial(self._after_refusal, identity))
        return Record(context=fresh, services=self.services, launch_id=identity, renew=renew)

    def _enter(self, launch_id: str, *, door: Door) -> PageRequest:
        identity = LaunchId(launch_id)
        store = self.services.store
        launches = store.launches
        agent = request.headers.get("User-Agent", "")
        context = launches.get(identity, request.cookies, agent=agent)
        lock = lock_on(store, identity, context, agent=agent)
        if lock is not None:
            raise locked(identity, lock)
        self._note(identity, context, cookie_name=launches.cookie_name_for(identity))
        _check_door(door, context)
        cookie = launches.cookie_in(request.cookies, identity)
        if request.method == "POST":
            self.csrf.check(request, identity, cookie)
        record, token = self._record(identity, context), self.csrf.token(identity, cookie)
        return PageRequest(record=record, csrf=token, cookie=cookie, tab=self._tab(record, token))

    def _tab(self, record: ChartRecord, token: str) -> Tab:
        name = self.services.store.launches.cookie_name_for(record.launch)
        stay = "own_stay" if record.context.by_patient else "stay"
        return tab_of(record, self.csrf, name=name, stay=url_for(stay, launch_id=record.launch), token=token)

    def _ancestors(self, context: LaunchContext) -> tuple[str, ...]:
        """Only the launch's own EHR may frame its pages, and nobody where the launch began without one around it."""
        if context.via == "standalone":
            return ()
        issuer = self.services.registration.find(context.iss)
        return issuer.frame_ancestors if issuer else ()

    def _fresh(self, launch_id: LaunchId, context: LaunchContext) -> LaunchContext:
        """The context with a usable access token: renewed here, or by whoever is at it already."""
        try:
            return self._renewed(launch_id, context, self._ends_soon)
        except SessionError as over:
            self._end(launch_id, context, over)
            g.entered = None
            raise

    def _after_refusal(self, launch_id: LaunchId, refused: str) -> str | None:
        """A newer access token than the one the record answered 401 to; None where there is none. Called from threads of the pool.

        A refresh token that was refused is not used again, but the launch stays, so that what was sent has its receipt; where the EHR
        means another patient the launch ends and the request with it."""
        launches = self.services.store.launches
        context = launches.reread(launch_id)
        try:
            found = self._renewed(launch_id, context, lambda one: one.access_token == refused and one.refresh_token is not None)
            if found.access_token != refused:
                return found.access_token
            launches.release_refresh(launch_id)
        except WrongPatient as over:
            self._end(launch_id, context, over)
            raise
        except SessionError:
            launches.replace(launch_id, replace(context, refresh_token=None))
        except LaunchError:
            launches.release_refresh(launch_id)
        return None

    def _ends_soon(self, context: LaunchContext) -> bool:
        return self.services.launcher.needs_refresh(context, self.services.clock())

    def _renewed(self, launch_id: LaunchId, context: LaunchContext, needed: Callable[[LaunchContext], bool]) -> LaunchContext:
        """The context after one refresh, by whichever request comes first; as it is where none is needed."""
        launcher, launches = self.services.launcher, self.services.store.launches
        if not needed(context):
            return context
        if not launches.claim_refresh(launch_id, lease=_LEASE):
            return self._awaited(launch_id, context, needed)
        # Another request may have renewed it between this one's reading and its turn, and a refresh token is used once.
        context = launches.reread(launch_id)
        if not needed(context):
            launches.release_refresh(launch_id)
            return context
        try:
            renewed = launcher.refresh(context)
        except LaunchError:
            if _is_over(context, self.services.clock()):
                raise
            return context
        launches.replace(launch_id, renewed)
        return renewed

    def _end(self, launch_id: LaunchId, context: LaunchContext, over: SessionError) -> None:
        """The EHR has ended its session, or means another patient by it now: the launch and its tokens go too."""
        store = self.services.store
        with store.database.begin() as together:
            store.launches.end(launch_id, within=together)
            store.audit.add("ended_by_ehr", launch_id=launch_id, context=context, detail={"why": over.detail}, within=together)

    def _awaited(self, launch_id: LaunchId, context: LaunchContext, needed: Callable[[LaunchContext], bool]) -> LaunchContext:
        """What another request's refresh brought; the old context when it takes too long."""
        give_up = time.monotonic() + _PATIENCE
        while time.monotonic() < give_up and needed(context):
            time.sleep(_POLL)
            context = self.services.store.launches.reread(launch_id)
        return context


def _check_door(door: Door, context: LaunchContext) -> None:
    """NotForUser where it is closed to whoever has signed in."""
    sentence = REFUSED[door](context)
    if sentence is not None:
        raise NotForUser(sentence, detail=f"the user is a {context.user.reference.partition('/')[0]}")


def _is_over(context: LaunchContext, now: datetime) -> bool:
    """True when the old access token is of no use any more."""
    return context.expires is not None and context.expires <= now


def check_patient(context: LaunchContext) -> None:
    """SessionError unless the posted form was rendered for this launch's patient."""
    if request.form.get("patient") != context.patient:
        raise WrongPatient(Sentence("This page was opened for another patient, so nothing was done."), denies=True, reopen=OPEN_AGAIN)
