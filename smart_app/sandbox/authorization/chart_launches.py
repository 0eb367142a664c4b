"""What the EHR hands an app that it opens: an opaque token, bound to one client, patient and user, good once and for a short time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Generic, TypeVar

from smart_app.sandbox.faults.fault import NONE, Faults

Held = TypeVar("Held")


@dataclass(frozen=True, slots=True, kw_only=True)
class EhrUser:
    """Who is signed in to the EHR: `Practitioner/x` and the name shown."""

    reference: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreContext:
    """Launch context that only some launches have. `style` hands out the address of the EHR's style; `fhir_context` is a list of objects,
    each with a reference, a canonical or an identifier.

    https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token"""

    app_context: str | None = None
    fhir_context: tuple[Mapping[str, object], ...] = ()
    tenant: str | None = None
    style: bool = False

    def told(self, *, style_url: str) -> dict[str, object]:
        """The members of the token response."""
        members = {
            "appContext": self.app_context,
            "fhirContext": [dict(item) for item in self.fhir_context] or None,
            "tenant": self.tenant,
            "smart_style_url": style_url if self.style else None,
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchOptions:
    """How this one launch departs from the usual. `scope_remove` lists scopes the EHR keeps back; `consent` asks the user first;
    `context` is what the app is told besides patient and visit, `faults` how it misbehaves."""

    consent: bool = False
    scope_remove: tuple[str, ...] = ()
    need_patient_banner: bool = True
    intent: str | None = None
    context: MoreContext = field(default_factory=MoreContext)
    faults: Faults = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """The context behind a launch token. `patient` and `encounter` are ids."""

    client_id: str
    patient: str
    user: EhrUser
    encounter: str | None = None
    options: LaunchOptions = field(default_factory=LaunchOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """Seconds. `online` is how long a refresh token of online_access lasts, `offline` one of offline_access."""

    launch: int = 300
    consent: int = 600
    code: int = 60
    access: int = 3600
    online: int = 8 * 3600
    offline: int = 90 * 86400


def digest(token: str) -> str:
    """What is kept of a token; the token itself never is."""
    return sha256(token.encode()).hexdigest()


class OneTime(Generic[Held]):
    """Values behind unguessable tokens, each taken at most once and only within `seconds`."""

    def __init__(self, *, seconds: int, clock: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self._lifetime = timedelta(seconds=seconds)
        self._clock = clock
        self._new_id = new_id
        self._held: dict[str, tuple[datetime, Held]] = {}
        self._lock = Lock()

    def put(self, value: Held, *, shape: Callable[[str], str] = str) -> str:
        """A new token for `value`, in the `shape` given."""
        token, now = shape(self._new_id()), self._clock()
        with self._lock:
            self._held = {key: held for key, held in self._held.items() if held[0] > now}
            self._held[digest(token)] = (now + self._lifetime, value)
        return token

    def put_back(self, token: str, value: Held) -> None:
        """The value behind its token once more, for as long as at first."""
        with self._lock:
            self._held[digest(token)] = (self._clock() + self._lifetime, value)

    def take(self, token: str) -> Held | None:
        """The value, now gone; None when the token is unknown, used or too old."""
        with self._lock:
            expires, value = self._held.pop(digest(token), (None, None))
        return value if expires is not None and expires > self._clock() else None
