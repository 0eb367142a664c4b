"""What a fault is, and the faults of one launch as the honest path meets them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from smart_app.sandbox.ehr_keys import EhrSigningKey
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse

Pairs = list[tuple[str, str]]
Claims = dict[str, object]
Answer = dict[str, object]
PublishedKey = dict[str, object]
Forward = Callable[[FhirRequest], FhirResponse]
Group = Literal["Sign-in", "Granted scopes", "Token response", "id_token", "Token renewal", "Sign-out", "Reading", "Writing"]
# How the whole thing ends where the client is right: a page opens; no launch is opened; the open launch ends; what was sent is kept by
# the app and not in the record; nobody knows yet whether it is in the record; the EHR has taken it and does not show it; it is in the
# record once.
Ends = Literal["opens", "stops", "over", "kept", "unknown", "accepted", "stored"]
_LONGEST_WAIT = 120.0


class Case:
    """A fault in one launch: the value it was given, and whether it has happened."""

    def __init__(self, value: str) -> None:
        self.value = value
        self._happened = False
        self._answers: dict[tuple[object, ...], tuple[float, FhirResponse]] = {}
        self._lock = Lock()

    def first(self) -> bool:
        """True the first time it is asked."""
        with self._lock:
            first, self._happened = not self._happened, True
        return first

    def kept(self, question: tuple[object, ...], answer: Callable[[], FhirResponse], *, seconds: float, fresh: bool) -> FhirResponse:
        """The answer to that question given less than so many seconds ago, unless it has to be `fresh`; else a new one, kept in turn."""
        given, before = self._answers.get(question, (float("-inf"), None))
        if before is not None and not fresh and time.monotonic() - given < seconds:
            return before
        found = answer()
        self._answers[question] = (time.monotonic(), found)
        return found

    @property
    def seconds(self) -> float:
        """The value as a waiting time."""
        return min(float(self.value), _LONGEST_WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An answer of the token endpoint that is not one of its own: sent as it stands."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to misbehave. `does` is what the EHR does, `expected` what a right client does then, `ends` how it ends for it.

    `values` may stand behind `=`, the first where none is given; `free` allows any other text, `numeric` any other number.
    The hooks change what leaves the EHR: the `launch` value, the granted `scope`, why the scopes asked for are refused (`refuses`), the
    pairs of the `callback` query, the id_token's `claims`, its signature (`sign`) and the `keys` published besides the EHR's own, the
    answer to a code (`token`), a refresh token (`renewal`) or a token given back (`revocation`), an exchange at the FHIR base (`fhir`),
    the `lifetime` of access tokens in seconds. `rotates` False leaves refresh tokens good after use, `launch_stays` a launch value that
    was asked with. The capability `statement` is nobody's launch's: only the EHR as a whole can change it.
    """

    name: str
    group: Group
    does: str
    expected: str
    ends: Ends
    values: tuple[str, ...] = ()
    free: bool = False
    numeric: bool = False
    launch: Callable[[str, Case], str] | None = None
    scope: Callable[[str, Case], str] | None = None
    refuses: Callable[[str, Case], str | None] | None = None
    launch_stays: bool = False
    callback: Callable[[Pairs, Case, str], Pairs] | None = None
    claims: Callable[[Claims, Case], Claims] | None = None
    sign: Callable[[Claims, EhrSigningKey, Case], str | None] | None = None
    keys: Callable[[Case], list[PublishedKey]] | None = None
    token: Callable[[Answer, Case], Answer | Raw] | None = None
    renewal: Callable[[Answer, Case], Answer | Raw] | None = None
    revocation: Callable[[Case], Raw] | None = None
    fhir: Callable[[FhirRequest, Forward, Case], FhirResponse] | None = None
    lifetime: Callable[[Case], int] | None = None
    statement: Callable[[Answer, Case], Answer] | None = None
    rotates: bool = True

    def text(self, value: str) -> str:
        """How this fault is asked for with that value."""
        return f"{self.name}={value}" if value else self.name

    def texts(self) -> tuple[str, ...]:
        """How it is asked for with each of its values."""
        return tuple(map(self.text, self.values)) or (self.name,)

    def takes(self, value: str) -> bool:
        """Whether `value` may stand behind this fault's `=`."""
        return value in self.values or (self.free and bool(value)) or (self.numeric and value.isascii() and value.isdigit())


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one launch, or of the EHR as a whole, in the order they were asked for. Without any, everything is given back as it
    came."""

    chosen: tuple[tuple[Fault, Case], ...] = ()

    def texts(self) -> Iterator[tuple[Fault, str]]:
        """Each fault with the text it is asked for by."""
        return ((fault, fault.text(case.value)) for fault, case in self.chosen)

    def launch(self, value: str) -> str:
        """The value a launch goes by in place of `value`."""
        for fault, case in self.chosen:
            value = fault.launch(value, case) if fault.launch else value
        return value

    def scope(self, granted: str) -> str:
        """What is granted in place of `granted`."""
        for fault, case in self.chosen:
            granted = fault.scope(granted, case) if fault.scope else granted
        return granted

    def refusal(self, asked: str) -> str | None:
        """Why these scopes are refused (invalid_scope); None where they are not."""
        said = (fault.refuses(asked, case) for fault, case in self.chosen if fault.refuses)
        return next((words for words in said if words is not None), None)

    @property
    def launch_stays(self) -> bool:
        """Whether the launch value may be asked with again."""
        return any(fault.launch_stays for fault, _ in self.chosen)

    def callback(self, answer: Pairs, *, issuer: str) -> Pairs:
        """The query the app is sent back with."""
        for fault, case in self.chosen:
            answer = fault.callback(answer, case, issuer) if fault.callback else answer
        return answer

    def id_token(self, claims: Claims, key: EhrSigningKey) -> str | None:
        """The id_token; None where there is to be none."""
        for fault, case in self.chosen:
            claims = fault.claims(claims, case) if fault.claims else claims
        signing = next(((fault.sign, case) for fault, case in self.chosen if fault.sign), None)
        return signing[0](claims, key, signing[1]) if signing else key.sign(claims)

    def published(self) -> list[PublishedKey]:
        """What is published besides the EHR's own key until another launch is signed."""
        return [key for fault, case in self.chosen if fault.keys for key in fault.keys(case)]

    def token(self, answer: Answer) -> Answer | Raw:
        """The answer to a code."""
        return self._answered(answer, [(fault.token, case) for fault, case in self.chosen])

    def renewal(self, answer: Answer) -> Answer | Raw:
        """The answer to a refresh token."""
        return self._answered(answer, [(fault.renewal, case) for fault, case in self.chosen])

    def revocation(self) -> Raw | None:
        """What is answered to a token that is given back, in place of taking it; None where it is taken."""
        return next((fault.revocation(case) for fault, case in self.chosen if fault.revocation), None)

    @staticmethod
    def _answered(answer: Answer, hooks: list[tuple[Callable[[Answer, Case], Answer | Raw] | None, Case]]) -> Answer | Raw:
        for hook, case in hooks:
            changed = hook(answer, case) if hook else answer
            if isinstance(changed, Raw):
                return changed
            answer = changed
        return answer

    def fhir(self, request: FhirRequest, forward: Forward) -> FhirResponse:
        """The answer to a FHIR request that `forward` would answer honestly."""
        for fault, case in reversed(self.chosen):
            if fault.fhir:
                forward = _around(fault.fhir, case, forward)
        return forward(request)

    def statement(self, said: Answer) -> Answer:
        """The capability statement in place of `said`."""
        for fault, case in self.chosen:
            said = fault.statement(said, case) if fault.statement else said
        return said

    def lifetime(self, seconds: int) -> int:
        """How long an access token lasts in place of `seconds`."""
        return next((fault.lifetime(case) for fault, case in self.chosen if fault.lifetime), seconds)

    @property
    def rotates(self) -> bool:
        """Whether a refresh token is used up by using it."""
        return all(fault.rotates for fault, _ in self.chosen)


NONE: Faults = Faults()


def _around(hook: Callable[[FhirRequest, Forward, Case], FhirResponse], case: Case, forward: Forward) -> Forward:
    return lambda request: hook(request, forward, case)


class UnknownFault(Exception):
    """A fault that was asked for and cannot be had; its text says why."""
