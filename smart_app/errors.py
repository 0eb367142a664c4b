"""One tree of errors. Each carries a sentence for the person at the screen and a code for the log.

RapportError
├── ConfigurationError        a setting, launch.json or a data file is wrong; names what and where
├── LaunchError               a SMART launch cannot go on; `code` is one of LaunchCode
├── SessionError              the launch behind a page is gone or expired
│   ├── ForeignPage           a POST does not come from one of our own pages
│   ├── LockedFrame           our own page, in a frame whose sandbox gives it no origin
│   ├── GaveWay               the launch made room for newer ones of the same browser
│   ├── OtherBrowser          the launch is there, and this is not the browser it was opened in
│   ├── WrongPatient          what was sent, or a renewed token, is about another patient than the launch
│   ├── LinkOver              a one-time link is used up, ended, expired, or dead by wrong birth dates
│   ├── OnLoan                the device is lent to a patient, and the launch locked until it is taken back
│   ├── NotForUser            the page is a clinician's and the patient is signed in, or the other way round
│   └── NotOffered            no page of this record offers what was asked for or sent; the launch is in order
│       └── NotTriedAgain         what is kept was not sent once more, as the record stands
│           └── NotSentNow            what is kept could be sent another time: whether it may be sent now could not be found out
├── FhirError                 a FHIR server refused, failed or could not be reached
│   ├── Unreachable           no answer: timeout, refused connection, broken transfer; a write may or may not have happened
│   │   └── NotSent           no connection was made, so certainly nothing was written
│   ├── Unauthorized          401: the access token is not accepted
│   ├── Forbidden             403
│   │   └── NotGranted            the sign-in does not cover it, so the server was not asked
│   ├── NotFound              404, 410
│   ├── Conflict              409, 412
│   ├── Refused               400, 422: the server understood and said no
│   └── Unavailable           429, 5xx
├── NotTypeset                a page could not be set as a PDF
│   └── NoTypesetter              the packages that set PDFs are not installed here
└── StoreError                the app's own database failed
    ├── NotOpened                 a row that no configured key opens, or that was changed
    ├── NotSealed                 what was to be sent could not be sealed, so it was not sent
    └── OutcomeNotKept            what was sent is sealed, and how it ended could not be written down
"""

import re
from typing import Literal, Self

from fhir_mappings.sentence import NOTHING, Sentence, joined

LaunchCode = Literal[
    "iss_missing",
    "iss_not_listed",
    "launch_missing",
    "parameter_repeated",
    "cookies_blocked",
    "discovery_unreachable",
    "discovery_not_json",
    "discovery_too_large",
    "discovery_redirected",
    "discovery_incomplete",
    "discovery_host_not_listed",
    "key_not_accepted",
    "state_missing",
    "state_unknown",
    "browser_differs",
    "authorization_declined",
    "authorization_refused",
    "authorization_unavailable",
    "scope_refused",
    "issuer_differs",
    "code_missing",
    "token_unreachable",
    "code_refused",
    "token_refused",
    "token_invalid",
    "id_token_invalid",
    "patient_missing",
    "patient_malformed",
    "patient_not_offered",
    "patient_of_visit_unknown",
    "patient_contradicted",
    "tenant_differs",
    "user_not_permitted",
    "scope_insufficient",
    "sign_in_not_new",
]


OPEN_AGAIN = Sentence("Open Rapport again from the patient's chart.")
FROM_CHART = Sentence("Open Rapport again from the chart.")
FROM_CHART_AGAIN = Sentence("Open Rapport from the chart again.")
NOTHING_OPENED = Sentence("Nothing was opened. Open Rapport again from the patient's chart.")


class RapportError(Exception):
    """Base of every error Rapport raises on purpose.

    `user_message` is one plain sentence and holds no patient data: a `Sentence` in every kind but those that stop a program before there
    is a page. `code` is stable, for logs and tests; `detail` goes to the IT part of an error page, in English, and to the log, and must not
    hold secrets, tokens or patient data.

    `user_message` is what `happened`, and what to do next where that belongs to it: `reopen` leads into a chart, which a page leaves out
    where the launch had none; `next_step` is anything else that staff do in front of a page. A patient who has signed in themself is told
    neither.
    """

    http_status = 500
    code = "error"
    reopen: Sentence = NOTHING
    next_step: Sentence = NOTHING

    def __init__(self, user_message: str, *, detail: str = "") -> None:
        super().__init__(f"{user_message} {detail}".strip())
        self.user_message = user_message
        self.happened = user_message
        self.detail = detail


class ConfigurationError(RapportError):
    """A setting, `launch.json` or a data file cannot be used. `where` names the file and key."""

    code = "configuration"

    def __init__(self, user_message: str, *, where: str, detail: str = "") -> None:
        super().__init__(user_message, detail=f"{where}: {detail}" if detail else where)
        self.where = where


class LaunchError(RapportError):
    """A launch stops here; `code` says at which rule. `help_uri` is the EHR's own page about it, on one of its own hosts; `by_patient`: who
    signed in, and reads the page, is a patient."""

    http_status = 400
    user_message: Sentence

    def __init__(
        self,
        code: LaunchCode,
        user_message: Sentence,
        *,
        detail: str = "",
        status: int = 400,
        help_uri: str | None = None,
        by_patient: bool = False,
        reopen: Sentence = NOTHING,
    ) -> None:
        super().__init__(_all_of(user_message, reopen), detail=detail)
        self.happened, self.reopen = user_message, reopen
        self.code = code
        self.http_status = status
        self.help_uri = help_uri
        self.by_patient = by_patient


class SessionError(RapportError):
    """The page's launch is not there any more, or belongs to another browser; the remedy is to open Rapport from the chart again.
    `denies`: what happened says itself that nothing came of what was sent. `undenied` is the same without that, for answers that are
    sealed."""

    http_status = 403
    code = "session_ended"
    user_message: Sentence

    def __init__(
        self,
        user_message: Sentence,
        *,
        detail: str = "",
        reopen: Sentence = NOTHING,
        next_step: Sentence = NOTHING,
        denies: bool = False,
        undenied: Sentence | None = None,
    ) -> None:
        super().__init__(_all_of(user_message, reopen, next_step), detail=detail)
        self.happened, self.reopen, self.next_step = user_message, reopen, next_step
        self.denies = denies or undenied is not None
        self.undenied = undenied or user_message


class ForeignPage(SessionError):
    """What was sent comes from another page than ours, or from one that was not rendered for this launch."""


class LockedFrame(SessionError):
    """One of our own pages sent this from a frame sandboxed without `allow-same-origin`: the browser calls that a foreign page."""

    code = "frame_locked"


class GaveWay(SessionError):
    """More launches were opened in its browser than stay open beside each other, and it was the oldest."""

    code = "gave_way"
    why = Sentence("This chart was closed because more than fifty were opened in this browser since.")


class OtherBrowser(SessionError):
    """The launch's cookie is missing or differs."""

    code = "other_browser"


class WrongPatient(SessionError):
    """A form was rendered, or a token renewed, for another patient than the one its launch is about."""

    code = "wrong_patient"


class LinkOver(SessionError):
    """A one-time link cannot be used: no more is said of why, as it is read by whoever has it."""

    http_status = 410
    code = "link_over"


class OnLoan(SessionError):
    """The device is lent to a patient: nothing of a launch is shown or taken before somebody takes it back."""

    code = "on_loan"


class NotHandedOver(SessionError):
    """The patient's own form was sent from a page of the chart, and no device is in their hands; the launch itself is in order."""

    code = "not_handed_over"


class NotForUser(SessionError):
    """The page is not for the person signed in; the launch itself is in order."""

    code = "not_for_user"


class NotOffered(SessionError):
    """What was asked for, or sent, is nothing that a page of this record offers as it stands; the launch itself is in order."""

    code = "not_offered"


class NotTriedAgain(NotOffered):
    """What is kept was not sent once more; how it stands is what it was, and its sentence says nothing else of it."""


class NotSentNow(NotTriedAgain):
    """What is kept was not sent, as the record could not be asked whether it still belongs there. Another time it may."""

    http_status = 503
    code = "not_sent_now"


class FhirError(RapportError):
    """A FHIR server's failure. `status` is the HTTP status (0 without an answer), `diagnostics` the server's own words."""

    http_status = 502
    code = "fhir_failed"
    user_message: Sentence

    def __init__(self, user_message: Sentence, *, status: int = 0, diagnostics: str = "", detail: str = "") -> None:
        super().__init__(user_message, detail=detail or f"HTTP {status}")
        self.status = status
        self.diagnostics = diagnostics


class Unreachable(FhirError):
    """No complete answer arrived. After a write its outcome is unknown."""

    code = "fhir_unreachable"


class NotSent(Unreachable):
    """No connection could be made: the server never saw the request."""

    code = "fhir_not_sent"


class Unauthorized(FhirError):
    """The server no longer accepts the access token."""

    code = "fhir_unauthorized"


class Forbidden(FhirError):
    """The token does not cover this."""

    code = "fhir_forbidden"


class NotGranted(Forbidden):
    """The sign-in does not cover it, which is for good: the server was not asked, and asking again would change nothing."""

    http_status = 403
    code = "scope_insufficient"

    def __init__(self, user_message: Sentence, *, lacking: str) -> None:
        super().__init__(user_message, detail=f"not granted: {lacking}; nothing was asked of the server")


class NotFound(FhirError):
    """No such resource, or it was deleted."""

    code = "fhir_not_found"


class Conflict(FhirError):
    """Another version, or another request, was there first."""

    code = "fhir_conflict"


class Refused(FhirError):
    """The server rejected the content."""

    code = "fhir_refused"


class Unavailable(FhirError):
    """The server is overloaded or broken; `retry_after` in seconds where it said so."""

    code = "fhir_unavailable"

    def __init__(self, user_message: Sentence, *, status: int, diagnostics: str = "", retry_after: float | None = None) -> None:
        super().__init__(user_message, status=status, diagnostics=diagnostics)
        self.retry_after = retry_after


class StoreError(RapportError):
    """The app's own database could not be used. What was sent before, and sealed before that, is not touched by it."""

    http_status = 503
    code = "store_failed"
    user_message: Sentence

    def __init__(self, user_message: Sentence, *, detail: str = "") -> None:
        super().__init__(user_message, detail=detail)


class NotOpened(StoreError):
    """No key that is configured opens a stored row, or it was changed, or another version of Rapport sealed it. The others can be."""

    code = "row_not_opened"


class NotSealed(StoreError):
    """The answers could not be sealed before they were sent, so they were not. The same form can be sent again."""

    code = "not_sealed"


class OutcomeNotKept(StoreError):
    """A submission was sent, or looked for, and how it ended could not be written down; its sentence says what is known of it."""

    code = "outcome_not_kept"


class NotTypeset(RapportError):
    """A page could not be set as a PDF. The page itself is in order, and can be printed from the browser."""

    http_status = 503
    code = "pdf_failed"
    user_message: Sentence

    @classmethod
    def because(cls, told: str) -> Self:
        """Of what the typesetter says. That may hold the text that could not be set, which is a person's: only its kind is told."""
        standard = told.startswith("PDF/UA")
        return cls(Sentence("The PDF could not be made."), detail="typst: not as PDF/UA-1 asks" if standard else "typst: not compiled")


class NoTypesetter(NotTypeset):
    """What sets PDFs is an extra of the installation, and is not there."""

    http_status = 501
    code = "pdf_not_installed"


def _all_of(*parts: Sentence) -> Sentence:
    said = [part for part in parts if part]
    return said[0] if len(said) == 1 else joined(" ", said)


def in_one_line(error: RapportError) -> str:
    """What an error says to whoever runs the program: its sentence, and what `detail` adds to that."""
    said = error.user_message if error.detail in error.user_message else str(error)
    return " ".join(said.split())


def printable(words: str) -> str:
    """Somebody else's words for the IT part of a page: one line of ASCII, 300 characters at most."""
    return re.sub(r"[^\x20-\x7e]", " ", words)[:300]
