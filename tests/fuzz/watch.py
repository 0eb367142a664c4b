"""The app beside an EHR that may say anything, and what must never happen whatever it or a browser says.

Every answer asked for here is judged: no status 500, a page of ours that says what happened, no byte of input unescaped in it, no request
to a host that is not listed, and a log without a traceback, a token, a code or a patient's id.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

import responses

from smart_app.launch.context.launch_context import LaunchContext
from smart_app.registration import Issuer
from smart_app.telemetry import configure_logging
from tests.fuzz.hostile_ehr import HostileEhr
from tests.support.authorization_server import BASE, ISSUER
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import SITE, Clinic, clinic

# Wherever it stands in an answer, none of its signs may stand there as it is.
MARKER = "zq<zq>zq\"zq'zq&zq"
_RAW_MARKER = re.compile(r"zq[<>\"'&]zq")
_HOST = urlsplit(BASE).netloc
# Parts of every token, code, state, nonce and patient id this EHR gives out.
_SECRETS = ("access-", "refresh-", "code-1", "eyJ", "pat-1", "pat-2", "zq<", MARKER)


@dataclass(kw_only=True)
class Watch:
    """`clinic` is the app, `ehr` the EHR, `log` what the app wrote since the last answer."""

    clinic: Clinic
    ehr: HostileEhr
    wire: responses.RequestsMock
    clock: Clock
    log: StringIO
    records: list[logging.LogRecord]
    secrets: list[str] = field(default_factory=list)

    def fresh(self) -> None:
        """Forget everything the last example did: caches, answers, cookies, calls."""
        self.ehr.truthful()
        launcher = self.clinic.services.launcher
        launcher.discovery.forget(self.clinic.services.registration.issuers[0])
        launcher.discovery._key_sets.drop(f"{ISSUER}/keys")
        self.clinic.client = self.clinic.browser()
        self.secrets.clear()
        self._empty()

    def ask(self, method: str, path: str, *, query: bytes | str = "", **more: Any) -> Any:
        """One request of the browser, judged. `query` goes out as it is."""
        raw = query.encode() if isinstance(query, str) else query
        # Told as a server tells it: the test client takes what follows two slashes for a host.
        environ = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "QUERY_STRING": raw.decode("latin-1"), **more.pop("environ", {})}
        answer = self.clinic.client.open("/", method=method, base_url=SITE, environ_overrides=environ, **more)
        self._judge(answer)
        return answer

    def begin(self) -> str:
        """Where a launch sends the browser."""
        answer = self.ask("GET", "/launch", query=f"iss={BASE}&launch=abc")
        assert answer.status_code == 303
        return str(answer.headers["Location"])

    def sign_in(self) -> Any:
        """The answer to the callback of a launch that went well until then."""
        return self.come_back(self.ehr.authorize(self.begin()))

    def come_back(self, callback: dict[str, list[str]]) -> Any:
        """The answer to a callback."""
        self.secrets += [*callback.get("state", ()), self.ehr.authorized["nonce"]]
        return self.ask("GET", "/callback", query=urlencode(callback, doseq=True))

    def open_chart(self) -> str:
        """The path of an open chart's dashboard."""
        answer = self.sign_in()
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return self.path_of(answer)

    def path_of(self, answer: Any) -> str:
        """Where an answer leads, within the app."""
        path = str(urlsplit(answer.headers["Location"]).path)
        self.secrets += re.findall(r"/l/([^/]+)/", path)
        return path

    def context(self, chart: str) -> LaunchContext:
        """What the app keeps of an open chart."""
        return self.clinic.services.store.launches.reread(chart.split("/")[2])  # type: ignore[arg-type]

    def _judge(self, answer: Any) -> None:
        said, written = answer.get_data(as_text=True), self.log.getvalue()
        assert answer.status_code != 500, written
        assert answer.status_code < 600
        if said and answer.mimetype == "text/html" and not 300 <= answer.status_code < 400:
            _judge_page(read(answer))
        assert not _RAW_MARKER.search(said), said
        assert not [line for line in map(str, answer.headers.values()) if _RAW_MARKER.search(line) or not line.isprintable()]
        assert answer.headers.get("Location", "/").startswith(("/", f"{BASE.removesuffix('/fhir')}/"))
        assert not answer.headers.get("Location", "/").startswith("//")
        assert {urlsplit(str(call.request.url)).netloc for call in self.wire.calls} <= {_HOST}
        for text in (written, *(record.getMessage() for record in self.records)):
            assert "Traceback" not in text
            assert "request_failed" not in text, text
            assert not [secret for secret in (*_SECRETS, *self.secrets) if secret in text], text
        assert not [record for record in self.records if record.exc_info]
        self._empty()

    def _empty(self) -> None:
        self.log.seek(0)
        self.log.truncate()
        self.records.clear()
        self.wire.calls.reset()


def _judge_page(page: Page) -> None:
    """An error is a sentence, with a reference for the log."""
    if page.status >= 400 and page.status != 422:
        assert re.search(r"Reference (?:code )?RP-\w{4}-\w{4}", page.text), page.text
        assert re.search(r"[a-z][.?!]", page.text)


class _Kept(logging.Handler):
    """Warnings and worse of every library."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def watched(folder: Path, *, issuer: Issuer | None = None) -> Iterator[Watch]:
    """The app and the EHR while the block runs."""
    clock, log, kept = Clock(), StringIO(), _Kept()
    logging.getLogger().addHandler(kept)
    try:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
            ehr = HostileEhr(wire, clock)
            with clinic(wire, ehr, clock, folder=folder, issuer=issuer) as standing:
                standing.ehr.faults.append(ehr.fault)
                configure_logging(stream=log)
                yield Watch(clinic=standing, ehr=ehr, wire=wire, clock=clock, log=log, records=kept.records)
    finally:
        logging.getLogger().removeHandler(kept)
