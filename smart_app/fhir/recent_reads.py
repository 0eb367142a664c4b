"""What a sign-in has read moments ago, in memory only: a form need not wait for the patient's entry the dashboard has just read."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from fhir_mappings.r4.json_types import FhirJson

# A name or birth date corrected in the record appears on the next dashboard at once, on a form after this long.
FRESH = timedelta(minutes=5)
_MOST = 512


class RecentReads:
    """Resources by FHIR base, reference and access token: nothing read with one token is ever given to another."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[datetime, FhirJson]] = OrderedDict()
        self._lock = Lock()

    def keep(self, base: str, reference: str, token: str | None, resource: FhirJson) -> None:
        """Remember a resource that was read just now; the oldest goes when there are too many."""
        key = _key(base, reference, token)
        with self._lock:
            self._kept[key] = (self._clock(), resource)
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def get(self, base: str, reference: str, token: str | None) -> FhirJson | None:
        """The resource, if it was read within the last five minutes."""
        with self._lock:
            read_at, resource = self._kept.get(_key(base, reference, token), (None, None))
        return resource if read_at is not None and self._clock() - read_at < FRESH else None


def _key(base: str, reference: str, token: str | None) -> str:
    return hashlib.sha256("\n".join((base, reference, token or "")).encode()).hexdigest()
