"""How many launches one browser keeps open beside each other: the newest fifty. The oldest gives way, and what was typed in it is kept.

A browser sends the cookie of every launch with every request, and what stands before the app takes 8 kB of them at most: nginx one header
line of `large_client_header_buffers` (4 8k; 1.22 lets 8,182 bytes of cookies pass and refuses 8,183), gunicorn `limit_request_field_size`
(8190), Apache `LimitRequestFieldSize` (8190). Past that each request is answered 400 before the app sees it, new launches included, so the
limit has to be kept before it is reached. A cookie weighs 56 bytes in that line, so fifty launches and twenty sign-ins under way take
3.9 kB: half is left for whatever else the host's cookies are, and for servers that count all headers together (Tomcat and Jetty, 8 kB).
Chromium keeps 10,240 bytes of names and values, and 180 cookies, of a site in one partition and throws the longest unused out
(`kPerPartitionDomainMaxCookieBytes`, `kPerPartitionDomainMaxCookies` in net/cookies/cookie_monster.cc; the CHIPS explainer proposes the
same 10 KiB, Firefox has it as `network.cookie.chips.partitionLimitByteCapacity`): seventy are 3.7 kB there.
"""

from collections.abc import Mapping, Sequence

from smart_app.errors import StoreError
from smart_app.services import AppServices
from smart_app.store import BroughtLaunch
from smart_app.store.launch_cookies import Standing
from smart_app.telemetry import new_log

NEWEST_OPEN = 50
NEWEST_SIGN_INS = 20


def make_room_for_launch(services: AppServices, cookies: Mapping[str, str]) -> None:
    """End the oldest launches of this browser, so that with the one that is opened now the newest fifty are left. Which are one browser's
    is known from the cookies it sends, and from nothing else; so a frame's and a window's are counted apart."""
    if len(cookies) < NEWEST_OPEN:
        return
    try:
        old = _beyond(services.store.launches.brought_by(cookies), "open", NEWEST_OPEN - 1)
        if not old:
            return
        kept = _must_stay(services)
        ended = services.store.give_way([one for one in old if one not in kept])
    except StoreError as failed:
        # The launch itself is kept by now; the next one makes room.
        new_log().warning("no_room_made", code=failed.code)
        return
    new_log().info("launches_gave_way", count=ended)


def make_room_for_sign_in(services: AppServices, cookies: Mapping[str, str]) -> None:
    """Forget the oldest sign-ins that this browser began and never came back from, so that with the one that begins now twenty are left."""
    if len(cookies) < NEWEST_SIGN_INS:
        return
    launches = services.store.launches
    try:
        old = _beyond(launches.brought_by(cookies), "pending", NEWEST_SIGN_INS - 1)
        if old:
            launches.forget_pending(old)
    except StoreError as failed:
        new_log().warning("no_room_made", code=failed.code)


def _must_stay(services: AppServices) -> frozenset[str]:
    """The launches (digests) that never give way, however old they are: the one place that says so. While one sends, its tokens are in use,
    and what became of the submission has to be shown in it. One on loan carries a patient's answers, and one that is locked by a loan has
    to be there when the device is back."""
    return services.store.outbox.launches_sending() | services.store.loans.locked()


def _beyond(brought: Sequence[BroughtLaunch], standing: Standing, newest: int) -> list[str]:
    """The launches of that kind but for the newest, by their digests. Of two of one instant the newer is the one brought later: browsers
    send the cookie they were given first before the others (RFC 6265 5.4)."""
    found = [
        (one.created, place, one.launch) for place, one in enumerate(brought) if one.standing == standing and one.created and one.launch
    ]
    return [launch for _, _, launch in sorted(found, reverse=True)[newest:]]
