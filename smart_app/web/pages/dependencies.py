"""What every handler is given: the services, who gets in, and how a page is made."""

from msgspec import Struct

from smart_app.services import AppServices
from smart_app.web.rendering.spoken_language import SpokenLanguages
from smart_app.web.rendering.templates import Pages
from smart_app.web.session.csrf import Csrf
from smart_app.web.session.guard import Guard


class Dependencies(Struct, frozen=True, kw_only=True):
    """Built once, by the composition root."""

    services: AppServices
    csrf: Csrf
    guard: Guard
    pages: Pages

    @property
    def spoken(self) -> SpokenLanguages:
        """What decides which language a page speaks."""
        return self.pages.spoken
