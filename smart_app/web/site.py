"""What every handler is given: the services, who gets in, and how a page is made."""

from dataclasses import dataclass

from smart_app.services import AppServices
from smart_app.web.csrf import Csrf
from smart_app.web.guard import Guard
from smart_app.web.templating import Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Built once, by the composition root."""

    services: AppServices
    csrf: Csrf
    guard: Guard
    pages: Pages
