"""A clinician's desk: the app in its process, opened on a patient of an open FHIR server, asked for pages as a browser would."""

import gzip
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from smart_app.cli.demo.check import Subject, Walk
from smart_app.cli.demo.environment import DemoEnvironment
from smart_app.cli.demo.html_visitor import HtmlVisitor
from tests.bench.peer import Peer, peer

_LINKED = re.compile(r"""<(?:link|script|img|use|source)\b[^>]*?\b(?:href|src)=["']?([^"'\s>]+)""", re.IGNORECASE)
_TIMEOUT = 60


@dataclass
class Desk:
    """`app` is the process, `walk` the clinician's way through it."""

    app: Peer
    walk: Walk

    @property
    def page(self) -> str:
        """The dashboard's address without a query."""
        return self.walk.chart.url.split("?")[0]

    @property
    def cookies(self) -> dict[str, str]:
        """What a browser would send to the app."""
        parts = urlsplit(self.page)
        return self.walk.visitor._cookies[f"{parts.scheme}://{parts.netloc}"]


def cookie_header(cookies: dict[str, str]) -> str:
    """The cookies as a browser sends them."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def fetch(session: requests.Session, url: str, cookies: dict[str, str]) -> requests.Response:
    """One GET of a page or asset, compressed as browsers ask for it. RuntimeError unless it is 200."""
    header = {"Cookie": cookie_header(cookies), "Accept-Encoding": "gzip"}
    answer = session.get(url, headers=header, timeout=_TIMEOUT, allow_redirects=False)
    if answer.status_code != requests.codes.ok:
        raise RuntimeError(f"{urlsplit(url).path.rsplit('/', 1)[-1] or 'the page'} answered {answer.status_code}")
    return answer


@contextmanager
def desk(upstream: str, patient: str) -> Iterator[Desk]:
    """A desk in a fresh app process, the dashboard opened once."""
    with peer("tests.bench.app_process", upstream) as app:
        yield another(app, upstream, patient)


def another(app: Peer, upstream: str, patient: str) -> Desk:
    """The same process opened on a patient."""
    walk = Walk(
        stand=DemoEnvironment(app=app.address, ehr=None, fhir=upstream, upstream=upstream),
        subject=Subject(patient=patient),
        visitor=HtmlVisitor(),
    )
    walk.open()
    return Desk(app=app, walk=walk)


def assets_of(html: str, url: str) -> Sequence[str]:
    """Every stylesheet, script and image a page loads, each address once."""
    return list(dict.fromkeys(urljoin(url, href) for href in _LINKED.findall(html) if not href.startswith(("#", "data:"))))


def packed_sizes(url: str, cookies: dict[str, str]) -> dict[str, int]:
    """Bytes of the page and of all it loads, each as gzip at level 6 makes it, by file name."""
    with requests.Session() as session:
        page = fetch(session, url, cookies)
        parts: dict[str, Any] = {"page": page.content}
        for address in assets_of(page.text, url):
            parts[address.rsplit("/", 1)[-1]] = fetch(session, address, cookies).content
    return {name: len(gzip.compress(content, 6, mtime=0)) for name, content in parts.items()}


def sizes_text(sizes: dict[str, int]) -> str:
    """The parts in words."""
    return ", ".join(f"{name} {size} B" for name, size in sizes.items())
