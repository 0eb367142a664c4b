"""The composition root: the only place that wires rooms together. `create_app` gives a WSGI app and starts nothing else."""

import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from urllib.parse import urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars
from structlog.typing import FilteringBoundLogger

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.instruments.library import Library, load_library
from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measure import Measure
from fhir_mappings.options.option_files import load_options
from fhir_mappings.options.practice_option import OptionBook
from fhir_mappings.reliable_change.signals.signal_terms import Terms, load_terms
from smart_app.clinic_time import TIME_ZONE, site_zone
from smart_app.errors import ConfigurationError
from smart_app.fhir.recent_reads import RecentReads
from smart_app.http import new_session
from smart_app.launch.context.smart_style import Styles
from smart_app.launch.flow import Launcher
from smart_app.launch.keys.client_secrets import file_of
from smart_app.pack_folder import install_folder, with_options_of_site, with_site_codes, with_terms_of_site
from smart_app.registration import KeptSecret, Registration, load_registration
from smart_app.services import AppServices, capability_cache, read_pool
from smart_app.settings import Settings, secret_variables
from smart_app.settings.secret_places import FILE, open_to_all
from smart_app.store import Store, is_relative, open_store, parse_key, place_of
from smart_app.telemetry import configure_logging, new_log
from smart_app.web.languages.offered_languages import offered_languages
from smart_app.web.pages import (
    chart_launch,
    dashboard,
    draft_pages,
    error_pages,
    forms,
    health,
    patient_picker,
    portal_pages,
    published_documents,
    standalone_launch,
)
from smart_app.web.pages.answered import answered_pages, own_answers_pages
from smart_app.web.pages.aside import aside_pages
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.lent import lent_pages, return_pages
from smart_app.web.pages.note import note_pages
from smart_app.web.pages.options import option_pages
from smart_app.web.pages.own_device import link_pages
from smart_app.web.pages.printed import copy_pages, print_pages
from smart_app.web.pages.staff_links import staff_link_pages
from smart_app.web.pages.undelivered import item_pages
from smart_app.web.pages.why import why_pages
from smart_app.web.rendering.ehr_theme import Themes, made_theme
from smart_app.web.rendering.spoken_language import SpokenLanguages
from smart_app.web.rendering.static_files import load_static
from smart_app.web.rendering.templates import Pages
from smart_app.web.rendering.typeset.typesetter import Typesetter, is_installed
from smart_app.web.session import cookies
from smart_app.web.session.csrf import Csrf
from smart_app.web.session.guard import OWN_DEVICE, Guard
from smart_app.web.session.headers import protect, squeeze
from smart_app.web.session.lent_browser import LentBrowser
from smart_app.web.session.prefix import BelowPrefix

_INSTRUMENTS = "RAPPORT_INSTRUMENTS"
# No form of ours comes near it.
_LARGEST_BODY = 64 * 1024
# Read out over the telephone: no 0/O, 1/I/L.
_READABLE = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


def new_uuid() -> str:
    """A random UUID as text."""
    return str(uuid4())


def create_app(
    settings: Settings,
    *,
    registration: Registration | None = None,
    clock: Callable[[], datetime] = utc_now,
    new_id: Callable[[], str] = new_uuid,
) -> Flask:
    """The app for one deployment. `registration` is `launch.json` when not given. Raises ConfigurationError and StoreError."""
    configure_logging(level=logging.getLevelNamesMapping()[settings.log_level])
    offered = offered_languages(settings.languages)
    services = build_services(settings, registration=registration or load_registration(settings.launch_file), clock=clock, new_id=new_id)
    say_not_opened(services.store)
    csrf = Csrf(keys=_keys(settings), base_url=settings.base_url)
    static = load_static()
    dependencies = Dependencies(
        services=services,
        csrf=csrf,
        guard=Guard(services=services, csrf=csrf),
        pages=Pages(static=static, themes=themes(services), spoken=SpokenLanguages(services=services, offered=offered)),
    )
    app = _QuietFlask("smart_app", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    # Werkzeug would redirect to the host and scheme of the request, which are the browser's or the proxy's word, with the launch id.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    app.extensions["rapport"] = services
    app.add_url_rule("/static/<digest>/<name>", "static", static.serve)
    for room in (chart_launch, standalone_launch, dashboard, forms, draft_pages, portal_pages, patient_picker, published_documents, health):
        room.register(app, dependencies)
    item_pages.register(app, dependencies)
    option_pages.register(app, dependencies)
    aside_pages.register(app, dependencies)
    why_pages.register(app, dependencies)
    answered_pages.register(app, dependencies)
    own_answers_pages.register(app, dependencies)
    note_pages.register(app, dependencies)
    lent_pages.register(app, dependencies)
    return_pages.register(app, dependencies)
    link_pages.register(app, dependencies)
    staff_link_pages.register(app, dependencies)
    typesetter = Typesetter(settings.pdf_fonts) if is_installed() else None
    print_pages.register(app, dependencies, typesetter)
    copy_pages.register(app, dependencies, typesetter)
    log = new_log()
    error_pages.register(app, dependencies, log)
    _Around(dependencies, log).register(app)
    app.wsgi_app = BelowPrefix(app.wsgi_app, urlsplit(settings.base_url).path)  # type: ignore[method-assign]
    return app


def build_services(
    settings: Settings, *, registration: Registration, clock: Callable[[], datetime], new_id: Callable[[], str]
) -> AppServices:
    """Every collaborator of the use cases, built."""
    zone = site_zone(settings.time_zone)
    _say_zone(zone, settings, registration)
    _say_open_secrets(registration, os.environ)
    library = site_library(settings, today=clock().astimezone(zone).date())
    http = new_session(pool=settings.read_workers * 4)
    launcher = Launcher(registration=registration, http=http, clock=clock, base_url=settings.base_url)
    launcher.check()
    pool = read_pool(settings)
    return AppServices(
        settings=settings,
        registration=registration,
        http=http,
        store=_store(settings, clock=clock),
        launcher=launcher,
        library=library,
        measures=site_measures(settings, load_measures()),
        clock=clock,
        time_zone=zone,
        new_id=new_id,
        capabilities=capability_cache(http, settings=settings, pool=pool, clock=clock),
        pool=pool,
        recent=RecentReads(clock),
        options=site_options(settings, load_options()),
        terms=site_terms(settings, load_terms(), library=library),
    )


def themes(services: AppServices) -> Themes:
    """The looks of the EHRs that have one."""
    styles = Styles(services.http, clock=services.clock, make=made_theme)
    return Themes(styles=styles, registration=services.registration, pool=services.pool)


def _store(settings: Settings, *, clock: Callable[[], datetime]) -> Store:
    """The store, and in the log which file or server it is."""
    store = open_store(settings.database_url, _keys(settings), clock=clock, site=settings.base_url, stored_kept=settings.form_lasts)
    told = "relative" if is_relative(settings.database_url) else "whole"
    new_log().info("database_opened", database=place_of(settings.database_url), reason_code=told, setting="RAPPORT_DATABASE_URL")
    return store


def say_not_opened(store: Store) -> None:
    """Log how many rows no configured key opens, by table, and the command that says more. Nothing where all can be opened."""
    found = store.not_opened().rows
    if found:
        tables = ", ".join(f"{table} {rows}" for table, rows in found.items())
        new_log().warning("rows_not_opened", tables=tables, count=sum(found.values()), command="rapport seal status")


def _say_zone(zone: ZoneInfo, settings: Settings, registration: Registration) -> None:
    """Log by which zone visits are dated. Nobody having said so is a warning where an EHR without a zone of its own has real patients."""
    real = any(one.trusted and not one.synthetic_data and one.time_zone is None for one in registration.issuers)
    if settings.time_zone or not real:
        new_log().info("time_zone", time_zone=zone.key, setting=TIME_ZONE)
    else:
        new_log().warning("time_zone_not_set", time_zone=zone.key, setting=TIME_ZONE)


def _say_open_secrets(registration: Registration, environ: Mapping[str, str]) -> None:
    """A warning for every file of a secret that all users of this machine may read. By the setting's name, or the EHR's: no path is
    logged."""
    for name in secret_variables(Settings):
        if open_to_all(environ.get(f"{name}{FILE}")):
            new_log().warning("secret_file_open_to_all", setting=f"{name}{FILE}")
    for issuer in registration.issuers:
        if issuer.trusted and isinstance(issuer.auth, KeptSecret) and open_to_all(file_of(issuer.auth, environ)):
            new_log().warning("secret_file_open_to_all", issuer_name=issuer.name)


def site_library(settings: Settings, *, today: date) -> Library:
    """The instruments with the site's packs and confirmations. A broken one stops the start: without it a form would silently fall back
    to paper entry, a score to none. One that is in order and not used (its permission has ended, its version is gone) is logged.
    Raises ConfigurationError."""
    shipped = load_library()
    try:
        found = install_folder(shipped, settings.packs, today=today)
    except DataFileError as broken:
        raise ConfigurationError("The folder of wording packs cannot be read.", where="RAPPORT_PACKS", detail=str(broken)) from broken
    if found.broken:
        first = found.broken[0]
        raise ConfigurationError("A file in the folder of wording packs is wrong.", where=first.file, detail=str(first)) from first
    for one in found.set_aside:
        new_log().warning("pack_not_used", instrument=one.slug, version=one.version, reason_code=one.code)
    _check_offered(settings, found.library)
    return found.library


def site_measures(settings: Settings, shipped: Sequence[Measure]) -> tuple[Measure, ...]:
    """The measures with the site's own codes. A file that is wrong stops the start: without it results would silently not be asked for.
    Raises ConfigurationError."""
    try:
        return with_site_codes(shipped, settings.measure_codes)
    except DataFileError as broken:
        raise ConfigurationError(
            "The file of the site's own codes is wrong.", where="RAPPORT_MEASURE_CODES", detail=str(broken)
        ) from broken


def site_options(settings: Settings, shipped: OptionBook) -> OptionBook:
    """What clinicians are offered to try, as the site's own file changes it. A file that is wrong stops the start: without it they would
    silently read something else. Raises ConfigurationError."""
    try:
        return with_options_of_site(shipped, settings.options)
    except DataFileError as broken:
        raise ConfigurationError("The file of the site's options is wrong.", where="RAPPORT_OPTIONS", detail=str(broken)) from broken


def site_terms(settings: Settings, shipped: Terms, *, library: Library) -> Terms:
    """What ratings are judged by, as the site's own file changes it. A file that is wrong stops the start: without it a rule would speak
    that the site had switched off. Raises ConfigurationError."""
    try:
        return with_terms_of_site(shipped, settings.signals, library=library)
    except DataFileError as broken:
        raise ConfigurationError("The file of the site's signals is wrong.", where="RAPPORT_SIGNALS", detail=str(broken)) from broken


def _check_offered(settings: Settings, library: Library) -> None:
    """ConfigurationError unless the site's instruments are known here and can be filled in."""
    known = {instrument.slug: instrument for instrument in library.newest}
    for slug in settings.instruments:
        if slug not in known:
            raise ConfigurationError(
                f"There is no instrument {slug!r}.", where=_INSTRUMENTS, detail=f"known are {', '.join(sorted(known))}"
            )
        if not known[slug].items:
            why = "has no items here: it is only described, so it cannot be filled in"
            raise ConfigurationError(f"The instrument {slug!r} {why}.", where=_INSTRUMENTS, detail=known[slug].rights.permission)


def _keys(settings: Settings) -> list[bytes]:
    return [parse_key(key.get_secret_value()) for key in settings.secret_keys]


class _QuietFlask(Flask):
    """Flask logs the address and the traceback of a failure; both can hold what no log may. Our own handler logs the place."""

    def log_exception(self, exc_info: object) -> None:
        """Say nothing."""


class _Around:
    """What happens before and after every request."""

    def __init__(self, dependencies: Dependencies, log: FilteringBoundLogger) -> None:
        self._ancestors = dependencies.services.registration.frame_ancestors()
        self._launches = dependencies.services.store.launches
        self._spoken = dependencies.spoken
        self._lent = LentBrowser(services=dependencies.services)
        self._secure = dependencies.services.settings.base_url.startswith("https:")
        self._log = log

    def register(self, app: Flask) -> None:
        """Hook in."""
        app.before_request(self.begin)
        app.after_request(self.finish)

    def begin(self) -> None:
        """A reference code, and the time; a query that is no text is refused, as nothing behind this can read it, and what a lent browser
        does not reach."""
        code = "".join(secrets.choice(_READABLE) for _ in range(8))
        g.reference = f"RP-{code[:4]}-{code[4:]}"
        g.nonce = secrets.token_urlsafe(16)
        g.began = time.perf_counter()
        # What a patient has open on a device of their own is in nobody's frame.
        g.frame_ancestors = () if error_pages.route().startswith(OWN_DEVICE) else self._ancestors
        g.form_targets = ()
        clear_contextvars()
        bind_contextvars(request_id=g.reference)
        g.loan = None
        try:
            request.query_string.decode()
        except UnicodeDecodeError:
            abort(400)
        self._lent.look()

    def finish(self, response: Response) -> Response:
        """Headers, cookies that have served, compression, one log line."""
        if error_pages.route().startswith(OWN_DEVICE):
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
        protect(response, ancestors=g.frame_ancestors, nonce=g.nonce, secure=self._secure, targets=g.form_targets)
        self._spoken.finish(response)
        cookies.drop_over(response, request, self._launches, entered=self._entered())
        squeeze(response, request)
        self._log.info(
            "request_finished",
            route=error_pages.route(),
            method=request.method,
            status=response.status_code,
            duration_ms=round((time.perf_counter() - g.began) * 1000, 1),
        )
        return response

    def _entered(self) -> str | None:
        """The name of the cookie of the launch that this request was let in to."""
        return g.entered_cookie if g.get("entered") else None
