"""One submission beside a server and a database that fail: sent, looked at, tried again, restarted, as people do it."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
import responses

from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again, undelivered
from smart_app.care.submission.receipt import Receipt
from smart_app.care.submission.sealed_submission import SealedSubmission, from_payload
from smart_app.care.submission.submit import submit
from smart_app.errors import FhirError, NotSealed, NotSentNow, RapportError, SessionError, StoreError
from smart_app.http import new_session
from smart_app.launch.context.launch_context import LaunchId
from smart_app.services import AppServices
from smart_app.settings import Settings
from smart_app.web.views.dashboard.left_over import LeftOverUrls, left_over
from smart_app.web.views.ended import thanks_view
from smart_app.web.views.error import ErrorView, failure_view, fhir_error_view, session_error_view
from smart_app.web.views.forms.receipt_page import ReceiptUrls, receipt_view
from smart_app.web.views.portal.portal_error import portal_error_view
from smart_app.web.views.portal.sent_answers import sent_view
from tests.care.collaborators import collaborators
from tests.care.submission.table.faulty_server import Ability, FaultyServer, Way, offers
from tests.care.submission.table.truth import Held, PartTold, Told
from tests.care.support import LAUNCH, SLUG, Clock, answers, asked_for, in_launch, patient, settings

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a92"
URLS = ReceiptUrls(history="/", check_again="/a", copied="/c", discard="/d")
NEXT = LaunchId("next-launch-of-ingrid")
# By then whatever was sending is known to be gone: to a page that waits, and to the start.
GONE, RESTARTED = timedelta(minutes=1), timedelta(minutes=11)


@contextmanager
def running(folder: Path, clock: Clock) -> Iterator[AppServices]:
    """The app's collaborators on the database in `folder`, as one process has them."""
    chosen, http, pool = _kept()
    with collaborators(folder, clock, chosen=chosen, http=http, pool=pool) as services:
        yield services


@cache
def _kept() -> tuple[Settings, requests.Session, Executor]:
    """What holds nothing of a submission, made once for hundreds of cells."""
    # A page waits three of these for whoever is sending: not long, as nobody is.
    return settings(read_timeout=1, read_deadline=10), new_session(pool=4), ThreadPoolExecutor(4)


@dataclass
class Scene:
    """`launch` is the one whose pages are open."""

    server: FaultyServer
    folder: Path
    clock: Clock = field(default_factory=Clock)
    launch: LaunchId = LAUNCH
    process: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.services = self.process.enter_context(running(self.folder, self.clock))
        self.services.capabilities.of(self.server.base, wait=5)

    def restart(self) -> None:
        """The process is gone, and another comes up on the same database when whatever was sending must have ended. The chart is opened
        anew, and what its notice leads to is looked at; without one the tab that was open."""
        self.process.close()
        self.clock.now += RESTARTED
        self.start()
        self.services.store.purge(self.clock())
        if self.notices():
            self.launch = NEXT

    @property
    def held(self) -> Held:
        return self.server.resources

    def sealed(self) -> SealedSubmission | None:
        entry = self.services.store.outbox.get(KEY)
        return from_payload(entry.payload) if entry else None

    def send(self) -> Told | None:
        """The form is sent; the error page, where one comes."""
        record = in_launch(self.services)
        try:
            submit(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", fields=answers())
        except RapportError as error:
            return self._failed(error, posted=True)
        return None

    def look(self) -> Told:
        """What the patient's last page, their own page, the receipt and the next launch say."""
        try:
            found = receipt(in_launch(self.services, launch_id=self.launch), key=KEY)
        except RapportError as error:
            return self._failed(error, posted=False)
        return self._told(found)

    def press(self) -> Told | None:
        """The button of the receipt."""
        try:
            send_again(in_launch(self.services, launch_id=self.launch), key=KEY)
        except RapportError as error:
            return self._failed(error, posted=True)
        return None

    def notices(self) -> tuple[str, ...] | None:
        """What the next launch says; None where the app's database does not let it be opened."""
        record = in_launch(self.services, launch_id=NEXT)
        try:
            left = undelivered(record)
        except StoreError:
            return None
        said = left_over(left, (), (), urls=LeftOverUrls(receipt=_to, send=_to, seen=_to), now=record.now())
        return tuple(f"{one.title} {one.text}" for one in (*said.own, *said.older)) if said else ()

    def _told(self, found: Receipt) -> Told:
        record = in_launch(self.services, launch_id=self.launch)
        thanks = thanks_view(found.outcome, clinician="Sofia Lindqvist", code=None, ways_back="/lent")
        home = sent_view(found, patient_id="p1", home="/", look=None, again="/a", end="/e", now=record.now())
        page = receipt_view(found, context=record.context, patient=None, urls=URLS, now=record.now())
        sealed = self.sealed()
        missing = zip(sealed.missing if sealed else (), found.not_written, strict=True)
        return Told(
            state=found.outcome,
            pages={
                "patient": f"{thanks.headline}. {thanks.lines[0]}",
                "patient at home": f"{home.headline}. {home.lead}",
                "clinician": f"{page.headline}. {page.lead}",
            },
            written=tuple(row.id for row in page.written),
            missing=tuple(
                PartTold(kind=part.type, identifier=(part.if_none_exist or "").rpartition("|")[2] or None, said=row.now)
                for part, row in missing
            ),
            notices=self.notices(),
            button=page.check_words if page.check_again else None,
        )

    def _failed(self, error: RapportError, *, posted: bool) -> Told:
        own = portal_error_view(error, reference="RP", posted=posted, home="/", again=None)
        pages = {"patient": _clinics(error, posted=posted), "patient at home": own}
        return Told(
            state=error.code,
            pages={who: f"{page.headline}. {page.lead}" for who, page in pages.items()},
            notices=self.notices(),
            # What stops a try before it begins says nothing new of the answers.
            silent=not posted or isinstance(error, NotSentNow),
            taken=not isinstance(error, NotSealed),
        )


def _to(key: str) -> str:
    return f"/{key}"


def _clinics(error: RapportError, *, posted: bool) -> ErrorView:
    """The error page of a launch from the chart."""
    match error:
        case SessionError():
            return session_error_view(error, reference="RP", posted=posted)
        case FhirError():
            return fhir_error_view(error, reference="RP", retry=None)
        case _:
            return failure_view(error, reference="RP", posted=posted)


@contextmanager
def scene(ability: Ability, way: Way) -> Iterator[Scene]:
    """A patient's form, ready to be sent."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock, TemporaryDirectory() as folder:
        server = FaultyServer(metadata=offers(ability, way), ability=ability)
        server.attach(mock)
        server.put(patient())
        place = Path(folder) / "database"
        place.mkdir()
        standing = Scene(server=server, folder=place)
        with standing.process:
            yield standing
