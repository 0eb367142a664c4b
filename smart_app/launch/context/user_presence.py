"""Telling the EHR that its user is here: the Active User Presence Extension of Oracle Health
(https://fhir.cerner.com/authorization/active-user-presence/).

A server that knows it sends `active_ttl`, the seconds after which it takes the user to be gone and lets the refresh token lapse; a refresh
may say with `active_at` how many seconds ago the user was seen.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

_LONGEST = timedelta(days=1)
# Tokens are renewed in requests, and each of ours is something a person did just now: opened a page, sent or typed an answer.
HERE = {"active_at": "0"}


def presence_due(response: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the server wants to be told again, with half of its time to spare; None where it does not ask."""
    seconds = response.get("active_ttl")
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
        seconds = int(seconds[:9])
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 0:
        return None
    return now + min(timedelta(seconds=seconds), _LONGEST) / 2
