"""The launch's two addresses: where the EHR sends the browser, and where its sign-in sends it back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask import Flask, Response, g, request, url_for

from fhir_mappings.sentence import Sentence
from smart_app.care.handover.lend import lock_on
from smart_app.care.handover.way_back import by_sign_in, may_open, opened_anew, unlock_by_sign_in
from smart_app.care.record.access import prefetch_capabilities
from smart_app.care.record.record import Record
from smart_app.care.sessions.room_for_launches import make_room_for_launch, make_room_for_sign_in
from smart_app.care.sessions.signed_in_name import with_name
from smart_app.errors import OPEN_AGAIN, LaunchError, SessionError
from smart_app.launch.context.launch_context import LaunchContext, LaunchId, PendingLaunch
from smart_app.launch.flow import Begun
from smart_app.launch.oauth.parameters import callback_state, launch_request
from smart_app.services import AppServices
from smart_app.store import LaunchLock, Loan
from smart_app.store.launch_cookies import PREFIX
from smart_app.telemetry import new_log
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.first_page import after_loan, first_page
from smart_app.web.session import cookies
from smart_app.web.session.csrf import origin_of
from smart_app.web.session.headers import see_other
from smart_app.web.session.lent_browser import Held, held
from smart_app.web.views.start import onward_view

_DESTINATION, FRAMED = "Sec-Fetch-Dest", {"iframe", "frame", "embed", "object", "fencedframe"}
# Says that the one hop of `cookies_tried` was made.
TRIED = "&cookies=tried"
_ONE_HOP = 60
_COOKIES_BLOCKED = Sentence(
    "Rapport keeps patients apart with a cookie for each chart, and this browser did not keep one. Allow cookies for Rapport, or open it "
    "in a window of its own."
)
# Time to sign in, a second factor included.
SIGN_IN = timedelta(minutes=10)


def register(app: Flask, dependencies: Dependencies) -> None:
    """Put every address where `launch.json` says they are."""
    handler = ChartLaunch(dependencies)
    registration = dependencies.services.registration
    app.add_url_rule(registration.smart.launch_uri, "launch", handler.launch)
    for path in registration.client.redirect_uris:
        app.add_url_rule(path, "callback", handler.callback)


class ChartLaunch:
    """EHR launch."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def launch(self) -> Response:
        """Send the browser to the EHR's sign-in. An unknown `iss` causes no request to anywhere."""
        # The raw query, because form decoding would turn every `+` in `launch` into a space.
        g.iss = request.args.get("iss")
        asked = launch_request(request.query_string.decode("ascii", "replace"), plus=self._services.registration.launch_plus)
        tried = cookies_tried()
        if tried is not None:
            return tried
        begun = self._services.launcher.begin(asked.iss, asked.launch, newer_than=since_lent())
        prefetch_capabilities(asked.iss, self._services)
        response = self._sent_to_sign_in(begun)
        if cookies.PROBE in request.cookies:
            cookies.drop(response, cookies.PROBE)
        return response

    def callback(self) -> Response:
        """Complete the launch and go to its page. The pending launch is used up, whatever comes of it; who comes back this way
        afterwards is shown the launch it became."""
        params = request.args.to_dict(flat=False)
        state = callback_state(params)
        launches = self._services.store.launches
        try:
            pending = launches.take_pending(state, request.cookies)
        except LaunchError:
            running = launches.led_to(state, request.cookies)
            if running is None:
                raise
            launch_id, context = running
            if g.loan is not None:
                raise held(Held(loan=g.loan)) from None
            return see_other(first_page(Record(context=context, services=self._services, launch_id=launch_id)))
        g.standalone = pending.via == "standalone"
        if pending.proves:
            response = self._proven(pending, params)
        else:
            _check_may_open(pending)
            response = self._completed(pending, params, state)
        cookies.drop(response, launches.cookie_name_for_state(state))
        return response

    def _completed(self, pending: PendingLaunch, params: Mapping[str, Sequence[str]], state: str) -> Response:
        """The launch opened; or the sign-in once more, for less, where the EHR refused scopes that Rapport can do without."""
        launcher = self._services.launcher
        try:
            context = with_name(launcher.complete(pending, params), self._services)
        except LaunchError as error:
            again = launcher.ask_for_less(pending, error)
            if again is None:
                raise
            new_log().warning("scope_refused", reason_code=",".join(again.pending.refused))
            return self._sent_to_sign_in(again)
        if g.loan is not None and not may_open(self._services, g.loan, context):
            raise held(Held(loan=g.loan), _NOT_BY_LENDER)
        # Asked for now, it is there when the first page is made, which may take a while.
        self._dependencies.pages.themes.of(context)
        return opened(self._services, context, state=state)

    def _proven(self, pending: PendingLaunch, params: Mapping[str, Sequence[str]]) -> Response:
        """A lent device taken back, or a launch unlocked, by the sign-in that came back. Where it proves nothing, nothing changes."""
        kind, _, wanted = pending.proves.partition(":")
        by = self._held_for(kind, wanted)
        try:
            user = self._services.launcher.proven(pending, params)
        except LaunchError as error:
            raise held(by, error.user_message if error.code in _SAID else NO_SIGN_IN) from error
        if by.other_device and by.launch is not None:
            lock = LaunchLock(loan=by.loan, kind="user")
            proven = unlock_by_sign_in(self._services, lock, by.launch, iss=pending.iss, user=user)
        else:
            proven = by_sign_in(self._services, by.loan, iss=pending.iss, user=user)
        if not proven:
            raise held(by, _NOT_BY_LENDER)
        response = see_other(url_for("dashboard", launch_id=by.launch) if by.other_device else after_loan(by.loan))
        if not by.other_device:
            cookies.drop(response, self._services.store.loans.cookie_name)
        return response

    def _held_for(self, kind: str, wanted: str) -> Held:
        """What a sign-in that came back was to prove something for. SessionError where that is over."""
        loan: Loan | None = g.loan
        if f"{kind}:" == PROVES_LOAN:
            if loan is None or loan.id != wanted or loan.state == "called_back":
                raise held(Held(loan=loan)) if loan else SessionError(_NOT_LENT_ANY_MORE, reopen=OPEN_AGAIN)
            return Held(loan=loan)
        if loan is not None:
            raise held(Held(loan=loan))
        launch = LaunchId(wanted)
        self._services.store.launches.get(launch, request.cookies)
        lock = self._services.store.loans.on(launch)
        if lock is None:
            raise SessionError(_NOT_LENT_ANY_MORE, reopen=OPEN_AGAIN)
        return Held(loan=lock.loan, launch=launch, other_device=lock.kind == "user")

    def _sent_to_sign_in(self, begun: Begun) -> Response:
        make_room_for_sign_in(self._services, request.cookies)
        cookie = self._services.store.launches.add_pending(begun.pending, ttl=SIGN_IN)
        response = to_sign_in(self._dependencies, begun)
        cookies.keep(response, cookie.name, cookie.value, seconds=int(SIGN_IN.total_seconds()))
        return response


_NOT_LENT_ANY_MORE = Sentence("This device is not on loan any more.")
_NOT_BY_LENDER = Sentence("That was not a sign-in of whoever lent this device, so nothing was opened.")
NO_SIGN_IN = Sentence("The sign-in did not come to an end, so nothing was opened.")
# What is worth telling whoever has the device.
_SAID = {"sign_in_not_new"}
# What a sign-in is to prove: that a loan ends, or that a launch of the same user is on another device.
PROVES_LOAN, PROVES_LAUNCH = "loan:", "launch:"


def since_lent() -> datetime | None:
    """After when somebody has to have signed in to begin a launch in this browser: None where it was not lent."""
    loan: Loan | None = g.loan
    return loan.since if loan else None


def _check_may_open(pending: PendingLaunch) -> None:
    """OnLoan where the browser is lent and the sign-in that came back may be an older one, or was begun before the patient's page ended."""
    loan: Loan | None = g.loan
    if loan is not None and (loan.state != "called_back" or pending.newer_than is None):
        raise held(Held(loan=loan))


def to_proof(dependencies: Dependencies, loan: Loan, proves: str) -> Response:
    """The page that goes on to the EHR's sign-in, which is asked who is there and for nothing else."""
    begun = dependencies.services.launcher.begin_proof(loan.author.iss, proves, newer_than=loan.since)
    make_room_for_sign_in(dependencies.services, request.cookies)
    cookie = dependencies.services.store.launches.add_pending(begun.pending, ttl=SIGN_IN)
    onward = dependencies.pages.page("onward", onward_view(dependencies.services.registration, begun))
    response = to_sign_in(dependencies, begun) if begun.form else onward
    cookies.keep(response, cookie.name, cookie.value, seconds=int(SIGN_IN.total_seconds()))
    return response


def to_sign_in(dependencies: Dependencies, begun: Begun) -> Response:
    """A redirect to the EHR's sign-in; where it is asked by POST, a page that posts itself and has a button for where it does not."""
    if begun.form is None:
        return see_other(begun.authorize_url)
    g.form_targets = tuple(dict.fromkeys([origin_of(begun.form.action), *begun.form.targets]))
    return dependencies.pages.page("authorize", begun.form)


def cookies_tried() -> Response | None:
    """One hop to the same address that finds out whether this browser keeps our cookies here; None where that is known, or was found.

    Asked before the launch value is spent, so that it can still be used in another window. A browser that holds one of our cookies keeps
    them. One that does not say what it fetches for (no fetch metadata) is not sent round: the callback refuses it then.
    Raises LaunchError cookies_blocked."""
    kept = any(name.startswith(PREFIX) for name in request.cookies)
    if kept or _DESTINATION not in request.headers:
        return None
    query = request.query_string.decode("ascii", "replace")
    if not query.endswith(TRIED):
        response = see_other(f"{url_for('launch')}?{query}{TRIED}")
        cookies.keep(response, cookies.PROBE, "1", seconds=_ONE_HOP)
        return response
    if request.headers[_DESTINATION] in FRAMED:
        g.elsewhere = f"{url_for('launch')}?{query.removesuffix(TRIED)}"
    raise LaunchError("cookies_blocked", _COOKIES_BLOCKED, detail=f"no cookie came back to a {request.headers[_DESTINATION][:20]}")


def opened(services: AppServices, context: LaunchContext, *, state: str | None = None) -> Response:
    """Keep a completed launch, set its cookie and go to the page it was opened for. `state` is what its sign-in came back with, if there
    was one."""
    settings = services.settings
    absolute = timedelta(minutes=settings.absolute_minutes)
    idle = timedelta(minutes=settings.idle_minutes)
    detail = {"via": context.via, "scope": context.scope}
    agent = request.headers.get("User-Agent", "")
    launch = services.store.open_launch(context, idle=idle, absolute=absolute, detail=detail, state=state, agent=agent)
    if g.loan is None:
        # A frame of a lent browser has cookies of its own, and a sign-in may have been begun there before.
        lock_on(services.store, launch.id, context, agent=agent)
    make_room_for_launch(services, request.cookies)
    for name in context.arrived.ignored:
        new_log().warning("launch_value_ignored", issuer_name=context.issuer_name, reason_code=name)
    response = see_other(first_page(Record(context=context, services=services, launch_id=launch.id)))
    cookies.keep(response, launch.cookie_name, launch.cookie_value, seconds=int(absolute.total_seconds()))
    if g.loan is not None:
        opened_anew(services, g.loan)
        cookies.drop(response, services.store.loans.cookie_name)
    return response
