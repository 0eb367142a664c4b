"""Every answer a FHIR server can give to a write, as data: what it keeps of what was sent, and what it says.

Seen in the field: a page of HTML with 200 after the commit, 204 without a word, a transaction worked through as a batch, whose entries fail
each for itself, and one OperationOutcome in place of all of them (bug reports of HAPI FHIR, Medplum, Microsoft's server and fhirbase)."""

from typing import Literal

from msgspec import Struct

Keeps = Literal["all", "answers", "scores", "nothing"]
Reply = Literal["sound", "without place", "empty", "outcome", "status", "html", "truncated", "reset", "late", "refused connection"]


class ServerAnswer(Struct, frozen=True, kw_only=True):
    """`keeps` is what is stored of a write: `scores` is all but the answers. `status` is that of the whole, or, with a sound reply, of what
    was not kept. `reads` are answered meanwhile, or reset too."""

    key: str
    title: str
    reply: Reply
    keeps: Keeps = "nothing"
    status: int = 200
    reads: bool = True


SOUND = ServerAnswer(key="sound", title="200, every entry stored", reply="sound", keeps="all")
_BEFORE_AND_AFTER: tuple[tuple[Keeps, str], ...] = (("nothing", "before"), ("all", "after"))
_BROKEN: tuple[tuple[Reply, int, str, str], ...] = (
    ("reset", 0, "reset", "Connection reset"),
    ("late", 0, "late", "No answer in time"),
    ("status", 302, "302", "302"),
    ("status", 500, "500", "500"),
    ("status", 502, "502", "502"),
    ("status", 503, "503", "503"),
    ("html", 200, "html", "200 with a page of HTML"),
    ("truncated", 200, "truncated", "200 with truncated JSON"),
)
_EMPTY: tuple[tuple[Keeps, str], ...] = (
    ("all", "everything"),
    ("answers", "the answers alone"),
    ("scores", "all but the answers"),
    ("nothing", "nothing"),
)
_FAILED: tuple[tuple[Keeps, str], ...] = (("nothing", "every entry"), ("scores", "the answers"), ("answers", "all but the answers"))

ANSWERS: tuple[ServerAnswer, ...] = (
    SOUND,
    ServerAnswer(key="refused-connection", title="No connection", reply="refused connection"),
    *(
        ServerAnswer(key=f"{key}-{when}", title=f"{title}, {when} the commit", reply=reply, keeps=keeps, status=status)
        for reply, status, key, title in _BROKEN
        for keeps, when in _BEFORE_AND_AFTER
    ),
    *(
        ServerAnswer(
            key=f"reset-{when}-no-reads",
            title=f"Connection reset, {when} the commit, and every read",
            reply="reset",
            keeps=keeps,
            reads=False,
        )
        for keeps, when in _BEFORE_AND_AFTER
    ),
    *(
        ServerAnswer(key=str(status), title=str(status), reply="status", status=status)
        for status in (400, 401, 403, 404, 409, 412, 422, 429)
    ),
    *(
        ServerAnswer(key=f"empty-{keeps}", title=f"200 with an empty body, {what} stored", reply="empty", keeps=keeps)
        for keeps, what in _EMPTY
    ),
    ServerAnswer(key="204", title="204, everything stored", reply="empty", keeps="all", status=204),
    ServerAnswer(key="outcome-alone", title="200 with one OperationOutcome, nothing stored", reply="outcome"),
    *(
        ServerAnswer(key=f"entries-{status}-{keeps}", title=f"200, {what} {status}", reply="sound", keeps=keeps, status=status)
        for status in (503, 429, 422)
        for keeps, what in _FAILED
    ),
    ServerAnswer(key="without-place", title="200, every entry stored, none says where", reply="without place", keeps="all"),
)
BY_KEY = {answer.key: answer for answer in ANSWERS}
