"""What no page may do, whoever opened it: complain on the console, break its own content security, or ask another origin for anything."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

# Chromium says this of every page that is answered with 4xx, which is what some tests are about.
_ANSWERED = "Failed to load resource: the server responded with a status of"


@dataclass
class Watch:
    """Complaints about one test's pages; `origins` are the only ones that may be asked."""

    origins: tuple[str, ...]
    complaints: list[str] = field(default_factory=list)
    _pages: set[str] = field(default_factory=set)

    def over(self, context: BrowserContext) -> BrowserContext:
        """The same context, watched."""
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", self._threw)
        return context

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if request.is_navigation_request():
            self._pages.add(request.url)
        if f"{parts.scheme}://{parts.netloc}" not in self.origins and parts.scheme not in {"about", "data"}:
            self.complaints.append(f"asked {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        page_itself = message.text.startswith(_ANSWERED) and message.location.get("url") in self._pages
        if message.type in {"error", "warning"} and not page_itself:
            self.complaints.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _threw(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error}")
