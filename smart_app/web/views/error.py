"""The error page: what happened, what did not, what to do now, a reference code, and last what the IT team needs."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal, cast

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, joined
from smart_app.errors import (
    FhirError,
    Forbidden,
    GaveWay,
    LaunchCode,
    LaunchError,
    NotGranted,
    NotOffered,
    NotSealed,
    NotTriedAgain,
    NotTypeset,
    OutcomeNotKept,
    RapportError,
    SessionError,
    StoreError,
    Unauthorized,
)
from smart_app.registration import Registration
from smart_app.web.views.ways_back import WayBack, steps_of

_LONGEST_ISS = 200


class ErrorFact(Struct, frozen=True, kw_only=True):
    """One thing IT has to know. `is_prose`: it is to be read, the others stand as they are to be copied. `is_english`: as the log has it,
    whatever the page speaks."""

    label: str
    value: str
    is_prose: bool = False
    is_english: bool = False


class ErrorView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `lead` is what happened and what did not; `steps` what to do now; `facts` are for IT. `retry` is where
    the same can be tried again, `elsewhere` what to open in a window of its own, `help_uri` the record system's own page about the
    failure."""

    headline: str
    lead: str
    steps: tuple[str, ...]
    reference: str
    facts: tuple[ErrorFact, ...]
    retry: str | None = None
    help_uri: str | None = None
    elsewhere: str | None = None
    retry_words: str = Sentence("Try again")


class Advice(Struct, frozen=True, kw_only=True):
    """One kind of failed launch: its headline, what IT can do about it, and whether any request had been made by then."""

    headline: Sentence
    remedy: Sentence
    asked: Literal["none", "discovery", "token", "visit"] = "none"


_EHR_SIDE = Sentence("The EHR's launch sends this. Compare its launch address and parameters with docs/register-with-an-ehr.md.")
_DISCOVERY = Sentence(
    "Open the EHR's .well-known/smart-configuration with a browser and compare it with SMART App Launch 2.2, section 4.1."
)
_ONCE = Sentence("Usually a page that was loaded twice or left open. If it happens every time, a proxy repeats requests.")

ADVICE: Mapping[LaunchCode, Advice] = {
    "iss_missing": Advice(headline=Sentence("The launch does not say which record system it comes from"), remedy=_EHR_SIDE),
    "iss_not_listed": Advice(
        headline=Sentence("Rapport does not know this record system"),
        remedy=Sentence(
            "If this is your system, add an entry for it to launch.json and restart Rapport. "
            "If you do not recognise the address, treat it as a possible attack and report it."
        ),
    ),
    "launch_missing": Advice(headline=Sentence("The launch came without its context"), remedy=_EHR_SIDE),
    "parameter_repeated": Advice(
        headline=Sentence("The address Rapport was opened with is malformed"),
        remedy=joined(" ", [Sentence("A parameter stands in it twice."), _EHR_SIDE]),
    ),
    "cookies_blocked": Advice(
        headline=Sentence("This browser keeps no cookie for Rapport here"),
        remedy=Sentence(
            "Inside an EHR's frame Rapport needs partitioned cookies (CHIPS: Chrome and Edge from 114, others since late 2025) and, "
            "where the frame is sandboxed, allow-same-origin. On its own it needs first-party cookies. Where neither can be had, have the "
            "EHR open it in a window of its own."
        ),
    ),
    "discovery_unreachable": Advice(
        headline=Sentence("The record system does not answer"),
        remedy=Sentence("Check that this host may reach the FHIR base address, its certificate included."),
        asked="discovery",
    ),
    "discovery_not_json": Advice(
        headline=Sentence("The record system's sign-in description cannot be read"), remedy=_DISCOVERY, asked="discovery"
    ),
    "discovery_too_large": Advice(
        headline=Sentence("The record system's sign-in description is far too long"), remedy=_DISCOVERY, asked="discovery"
    ),
    "discovery_redirected": Advice(
        headline=Sentence("The record system's sign-in description is somewhere else"),
        remedy=Sentence("Rapport follows no redirect there. Register the address it redirects to."),
        asked="discovery",
    ),
    "discovery_incomplete": Advice(
        headline=Sentence("The record system's sign-in description lacks something Rapport needs"), remedy=_DISCOVERY, asked="discovery"
    ),
    "discovery_host_not_listed": Advice(
        headline=Sentence("The record system points to a server that is not registered"),
        remedy=Sentence("If its sign-in really lives there, add the host to `hosts` of its entry in launch.json."),
        asked="discovery",
    ),
    "key_not_accepted": Advice(
        headline=Sentence("The record system takes no signature Rapport can make"),
        remedy=Sentence("Make a key of a kind it takes with `rapport keys new`, and register it there; what it takes is below."),
        asked="discovery",
    ),
    "state_missing": Advice(
        headline=Sentence("The sign-in came back incomplete"), remedy=joined(" ", [Sentence("The callback had no state."), _EHR_SIDE])
    ),
    "state_unknown": Advice(headline=Sentence("This sign-in was used already, or took too long"), remedy=_ONCE),
    "browser_differs": Advice(
        headline=Sentence("The sign-in came back to another browser"),
        remedy=Sentence("Check that the browser accepts partitioned third-party cookies (CHIPS) for Rapport inside the EHR's frame."),
    ),
    "authorization_declined": Advice(
        headline=Sentence("The sign-in was not allowed"),
        remedy=Sentence("Somebody declined it, or the user may not open the app. If nobody did, check the user's rights in the EHR."),
    ),
    "authorization_unavailable": Advice(
        headline=Sentence("The record system's sign-in is not available"),
        remedy=Sentence("The record system said so itself. Check its state; nothing is wrong with the registration."),
    ),
    "scope_refused": Advice(
        headline=Sentence("The record system does not grant what Rapport asks for"),
        remedy=Sentence(
            "Compare the scopes of its entry in launch.json with what the app is registered for there, version 1 or 2 included."
        ),
    ),
    "authorization_refused": Advice(
        headline=Sentence("The record system refused the sign-in"),
        remedy=Sentence("The reason it gave is below. Check the app's registration, its scopes and the user's rights in the EHR."),
    ),
    "issuer_differs": Advice(
        headline=Sentence("The sign-in came back from another server"),
        remedy=Sentence("The callback named another server than discovery (RFC 9207). If this repeats, report it as a possible attack."),
    ),
    "code_missing": Advice(
        headline=Sentence("The sign-in came back incomplete"), remedy=joined(" ", [Sentence("The callback had no code."), _EHR_SIDE])
    ),
    "token_unreachable": Advice(
        headline=Sentence("The record system's sign-in stopped answering"),
        remedy=Sentence("Check that this host may reach the token endpoint."),
        asked="token",
    ),
    "code_refused": Advice(
        headline=Sentence("This sign-in took too long, or was used already"),
        remedy=Sentence("The code was refused (invalid_grant). If it happens every time, compare the redirect address and both clocks."),
        asked="token",
    ),
    "token_refused": Advice(
        headline=Sentence("The record system did not complete the sign-in"),
        remedy=Sentence("Compare client id, secret or key, and redirect address with what is registered there. Its reason is below."),
        asked="token",
    ),
    "token_invalid": Advice(
        headline=Sentence("The record system's answer to the sign-in cannot be used"),
        remedy=Sentence("The token response lacks something RFC 6749 5.1 requires."),
        asked="token",
    ),
    "id_token_invalid": Advice(
        headline=Sentence("The record system did not prove who is signed in"),
        remedy=Sentence("The id_token did not verify; the reason is below. Check its issuer, audience, keys and both clocks."),
        asked="token",
    ),
    "patient_missing": Advice(
        headline=Sentence("The record system did not say which patient is open"),
        remedy=Sentence(
            "The token response has no usable patient. Register the app for launch within a patient's chart, with scope `launch`; "
            "for a launch without a chart with `launch/patient`."
        ),
        asked="token",
    ),
    "patient_of_visit_unknown": Advice(
        headline=Sentence("The record system did not say which patient is open"),
        remedy=Sentence(
            "The token response names a visit (encounter) and no patient. Have the EHR send `patient` with it. Where it cannot, list "
            "the feature visit in its entry in launch.json and have reading Encounter granted: Rapport then takes the visit's subject. Why "
            "it could not is below."
        ),
        asked="visit",
    ),
    "patient_not_offered": Advice(
        headline=Sentence("The record system named no patient"),
        remedy=Sentence(
            "A launch without a chart needs `launch/patient` granted and a patient settled at the sign-in. Where this EHR has no "
            "choice of a patient there, take `standalone` out of its entry in launch.json; Rapport then opens from the chart alone."
        ),
        asked="token",
    ),
    "patient_malformed": Advice(
        headline=Sentence("No patient can have this id"),
        remedy=Sentence(
            "Only open servers take a patient from an address or a form. What was there is no FHIR id: letters, digits, - and . (some "
            "servers add _), 64 at most."
        ),
    ),
    "patient_contradicted": Advice(
        headline=Sentence("The record system named two patients"),
        remedy=Sentence(
            "fhirContext holds a Patient in the role of the launch that is not `patient`. Treat it as a safety incident of the EHR."
        ),
        asked="token",
    ),
    "tenant_differs": Advice(
        headline=Sentence("The launch is for another organisation"),
        remedy=Sentence("Compare `tenant` of this entry in launch.json with the one the EHR sends with its launches."),
        asked="token",
    ),
    "user_not_permitted": Advice(
        headline=Sentence("Rapport cannot be opened by this user"),
        remedy=Sentence(
            "fhirUser must be a Practitioner, a PractitionerRole, or the very Patient whose record is open. "
            "Check which users the EHR offers the app to."
        ),
        asked="token",
    ),
    "scope_insufficient": Advice(
        headline=Sentence("The record system granted too little"),
        remedy=Sentence("Grant the app the scopes of launch.json; what was missing is below."),
        asked="token",
    ),
    "sign_in_not_new": Advice(
        headline=Sentence("A new sign-in is needed on this device"),
        remedy=Sentence(
            "The EHR must ask for a sign-in where the request says max_age=0, and say in the id_token when that was (auth_time). "
            "Without it a lent device comes back by its code, or is called back from another one."
        ),
        asked="token",
    ),
}
_ASKED = {
    "none": Sentence("None"),
    "discovery": Sentence("The EHR's sign-in description; nothing else"),
    "token": Sentence("The EHR's sign-in; no patient data was asked for"),
    "visit": Sentence("The EHR's sign-in, and the visit it named where that may be read; nothing else"),
}
_GIVE_EITHER = Sentence("Give your clinic or your IT team the reference code.")
# Of this page: what was sent before may be kept, and waits.
_CARRY_ON = Sentence("Carry on in the chart. Nothing on this page has to be saved.")
_GIVE_CODE = Sentence("If it happens again, give your IT team the reference code.")
_AGAIN = (Sentence("Close this page and open Rapport again from the patient's chart."), _CARRY_ON, _GIVE_CODE)
_BY_PATIENT = (Sentence("Close this page. Nothing on it has to be sent."), Sentence("Give your clinic the reference code."))
_ALLOW = (
    Sentence("Allow cookies for Rapport's address in this browser's settings, or ask your IT team to."),
    Sentence("Then open Rapport again from the patient's chart. Until then carry on in the chart; nothing on this page has to be saved."),
    _GIVE_CODE,
)
_ELSEWHERE = (
    Sentence("Open it in a window of its own with the button below. It goes on with this patient; check the name at its top."),
    Sentence("If no window opens, close this page and open Rapport in a new window from the patient's chart, or carry on in the chart."),
    _GIVE_CODE,
)
# Elsewhere the same launch would end the same way.
_WORTH_A_TRY = frozenset[LaunchCode](
    {
        "iss_missing",
        "launch_missing",
        "parameter_repeated",
        "discovery_unreachable",
        "state_missing",
        "state_unknown",
        "browser_differs",
        "authorization_declined",
        "authorization_refused",
        "authorization_unavailable",
        "code_missing",
        "code_refused",
        "token_unreachable",
        "id_token_invalid",
        "patient_missing",
    }
)
# What starting once more may mend; another sign-in, or another record system of the list, too.
_WORTH_STARTING: frozenset[str] = _WORTH_A_TRY | {"discovery_not_json", "iss_not_listed", "cookies_blocked", "issuer_differs"}
# What may be over in a moment: a server that is being restarted answers not at all, or with a page.
_PASSING = frozenset[LaunchCode]({"discovery_unreachable", "discovery_not_json"})


def launch_error_view(
    error: LaunchError,
    *,
    reference: str,
    iss: str | None,
    registration: Registration,
    elsewhere: str | None = None,
    again: str | None = None,
    way: WayBack | None = None,
) -> ErrorView:
    """The page of a launch that stopped. `iss` as received, if any; it is shown to IT, cut where somebody sent a novel. `elsewhere`: the
    launch is not used up, and may work in a window of its own; `again`: the address that failed, worth another try where the EHR did not
    answer, as the launch value is still good. `way` is the way back of a
    launch that did not begin in a chart."""
    advice = ADVICE[cast("LaunchCode", error.code)]
    nothing = (
        Sentence("Nothing was opened.") if advice.asked == "visit" else Sentence("Nothing was opened and no patient information was read.")
    )
    back = way if way and (way.kind == "picker" or error.code in _WORTH_STARTING) and not error.by_patient else None
    address = _address(iss, registration) if error.code == "iss_not_listed" and iss else ()
    return ErrorView(
        headline=advice.headline,
        lead=joined(" ", [error.happened, nothing]),
        steps=steps_of(back) if back else _ELSEWHERE if elsewhere else _steps(error, way),
        reference=reference,
        facts=(
            *address,
            ErrorFact(label=Sentence("Remedy"), value=advice.remedy, is_prose=True),
            *error_facts(f"launch.{error.code}", error.detail),
            ErrorFact(label=Sentence("Requests made"), value=_ASKED[advice.asked], is_prose=True),
        ),
        help_uri=error.help_uri,
        elsewhere=elsewhere,
        retry=back.href if back else again if error.code in _PASSING else None,
        retry_words=back.button if back else Sentence("Try again"),
    )


def _steps(error: LaunchError, way: WayBack | None) -> tuple[Sentence, ...]:
    if error.code == "cookies_blocked":
        return _ALLOW
    if error.by_patient:
        return _BY_PATIENT
    if way:
        return (Sentence("Close this page. Nothing on it has to be saved."), _GIVE_EITHER)
    return (
        _AGAIN
        if error.code in _WORTH_A_TRY
        else (joined(" ", [Sentence("Close this page."), _CARRY_ON]), Sentence("Give your IT team the reference code."))
    )


def _address(iss: str, registration: Registration) -> tuple[ErrorFact, ...]:
    """The address received and the registered one most like it."""
    known = [issuer.iss_prefix or issuer.iss for issuer in registration.issuers]
    near = get_close_matches(iss, known, n=1, cutoff=0.7)
    nearest = near[0] if near else Sentence("None that resembles it")
    disabled = any(not issuer.enabled and (issuer.iss_prefix or issuer.iss) in near for issuer in registration.issuers)
    return (
        ErrorFact(label=Sentence("Address received (iss)"), value=iss if len(iss) <= _LONGEST_ISS else f"{iss[:_LONGEST_ISS]}…"),
        ErrorFact(
            label=Sentence("Nearest entry on the list"), value=Sentence("{nearest} (not enabled)", nearest=nearest) if disabled else nearest
        ),
    )


def told(error: RapportError, way: WayBack | None) -> Sentence:
    """What the error says, without the way back from a chart where the launch had, or may have had, none."""
    return _in_full(error.happened, error, way)


def _in_full(happened: str, error: RapportError, way: WayBack | None) -> Sentence:
    return joined(" ", [part for part in (happened, NOTHING if way else error.reopen, error.next_step) if part])


# What a POST that came to nothing had brought: answers of a form that nobody has sealed, those of one that are sealed, or no answers.
Brought = Literal["answers", "sealed", "other"]


def session_error_view(
    error: SessionError, *, reference: str, posted: bool, brought: Brought = "answers", way: WayBack | None = None
) -> ErrorView:
    """The launch behind a page is gone. `posted`: somebody had sent something, which was not taken. `way` is the way back of a launch that
    did not begin in a chart, or may not have."""
    if isinstance(error, NotOffered):
        return _not_offered(error, reference=reference)
    lost = posted and brought == "answers"
    kept = _TYPED_IS_KEPT if isinstance(error, GaveWay) and not posted else NOTHING
    said = _in_full(undenied(error, brought), error, way)
    became = became_of_it(
        error, posted=posted, brought=brought, lost=Sentence("What was sent from this page was not stored."), sealed=_SEALED
    )
    return ErrorView(
        headline=Sentence("This page cannot go on"),
        lead=joined(" ", [part for part in (said, kept, became) if part]),
        steps=(
            way.step if way else Sentence("Open Rapport again from the patient's chart."),
            *((Sentence("If answers were on the page, your browser's Back button may still show them."),) if lost else ()),
            _HAND_BACK,
            _GIVE_CODE,
        ),
        reference=reference,
        facts=error_facts(error.code, error.detail),
        retry=way.href if way else None,
        retry_words=way.button if way else Sentence("Try again"),
    )


_SEALED = Sentence("The answers of this form are kept, sealed in Rapport: do not enter them again.")


def became_of_it(error: RapportError, *, posted: bool, brought: Brought, lost: Sentence, sealed: Sentence) -> Sentence:
    """What is said of what a POST brought: `lost` of answers that nobody has sealed, where the error does not say so itself, `sealed` of
    those that are. Of what is kept, and of a button on it, nothing is denied."""
    if not posted or brought == "other":
        return NOTHING
    if brought == "sealed":
        return sealed
    return NOTHING if isinstance(error, SessionError) and error.denies else lost


def undenied(error: RapportError, brought: Brought) -> str:
    """What happened, without what it denies where the answers are sealed."""
    return error.undenied if brought == "sealed" and isinstance(error, SessionError) else error.happened


def _not_offered(error: NotOffered, *, reference: str) -> ErrorView:
    """No page offers it as the record stands. It names no way into the chart: who reads it may be the patient."""
    return ErrorView(
        headline=Sentence("It was not tried again") if isinstance(error, NotTriedAgain) else Sentence("This is not offered here"),
        lead=error.user_message,
        steps=(Sentence("Staff: go back to the history with the browser's Back button, or open Rapport again from the chart."), _HAND_BACK),
        reference=reference,
        facts=error_facts(error.code, error.detail),
    )


# Without script a page saves what is sent, and nothing while somebody types.
_TYPED_IS_KEPT = Sentence("What you typed is kept, as far as the page had saved it.")
_HAND_BACK = Sentence("If you are a patient, hand the device back to a member of staff.")


def fhir_error_view(error: FhirError, *, reference: str, retry: str | None, way: WayBack | None = None) -> ErrorView:
    """The record system failed a whole page: the patient could not be read. A sign-in it no longer accepts gets no better by trying.
    `way` is the way back of a launch that did not begin in a chart."""
    if isinstance(error, Forbidden):
        return _not_permitted(error, reference=reference, way=way)
    over = isinstance(error, Unauthorized)
    waiting = (
        Sentence("Try again in a moment."),
        *(steps_of(way)[1:] if way else (Sentence("If it stays so, carry on in the chart."), _GIVE_CODE)),
    )
    return ErrorView(
        headline=Sentence("The record system did not give what this page needs"),
        lead=joined(" ", [told(error, way), _NOTHING_SHOWN]),
        steps=(steps_of(way) if way else _AGAIN_FROM_CHART) if over else waiting,
        reference=reference,
        facts=error_facts(error.code, error.detail),
        retry=(way.href if way else None) if over else retry,
        retry_words=way.button if over and way else Sentence("Try again"),
    )


def _not_permitted(error: Forbidden, *, reference: str, way: WayBack | None) -> ErrorView:
    """What this sign-in may not read, it may not read a minute later either: no word of trying again."""
    asked = () if isinstance(error, NotGranted) else (Sentence("The record system refused it."),)
    return ErrorView(
        headline=Sentence("This sign-in may not read what this page needs"),
        lead=joined(" ", [told(error, way), *asked, _NOTHING_SHOWN]),
        steps=(_SET_BY_CLINIC,) if way else (Sentence("Carry on in the chart."), _SET_BY_IT),
        reference=reference,
        facts=(
            *error_facts(error.code, error.detail),
            ErrorFact(
                label=Sentence("Remedy"),
                value=Sentence("Grant the app the scopes of launch.json; what was missing is above."),
                is_prose=True,
            ),
        ),
    )


_NOTHING_SHOWN = Sentence("Nothing is shown, because part of a record can look like all of it. Nothing was changed.")
_SET_BY_IT = Sentence("Give your IT team the reference code: what the app is granted is set there.")
_SET_BY_CLINIC = Sentence("Give your clinic or your IT team the reference code: what the app is granted is set there.")


def failure_view(error: RapportError | None, *, reference: str, posted: bool, way: WayBack | None = None) -> ErrorView:
    """Rapport itself failed. Of a POST it is not known how far it came, except when the store could not be used: then the error says what
    is known. `way` is the way back of a launch that did not begin in a chart."""
    lead: list[str] = [Sentence("The fault is Rapport's own, not yours.")]
    if isinstance(error, NotTypeset):
        return _not_typeset(error, reference=reference)
    if isinstance(error, StoreError):
        lead.append(error.user_message)
    elif posted:
        lead.append(Sentence("Whether what you sent was stored is not known: look at the history before you enter it again."))
    return ErrorView(
        headline=_STORE_HEADLINES.get(type(error), Sentence("Something went wrong in Rapport")),
        lead=joined(" ", lead),
        steps=_STORE_STEPS.get(type(error)) or (steps_of(way) if way else _FAILED_IN_CHART),
        reference=reference,
        facts=error_facts(error.code, error.detail) if error else _UNEXPECTED,
        retry=way.href if way and type(error) not in _STORE_STEPS else None,
        retry_words=way.button if way else Sentence("Try again"),
    )


def _not_typeset(error: NotTypeset, *, reference: str) -> ErrorView:
    """A page that came as no PDF."""
    return ErrorView(
        headline=error.user_message,
        lead=Sentence("Nothing is lost: it is a copy of the printed page, which is in order."),
        steps=(Sentence("Open “Print one page” instead, and print it from the browser or save it there as a PDF."), _GIVE_CODE),
        reference=reference,
        facts=error_facts(error.code, error.detail),
        retry=None,
    )


_STORE_HEADLINES: Mapping[type[RapportError] | type[None], Sentence] = {
    NotSealed: Sentence("Your answers could not be taken just now"),
    OutcomeNotKept: Sentence("Sent, and there is no receipt yet"),
}
_STORE_STEPS: Mapping[type[RapportError] | type[None], tuple[Sentence, ...]] = {
    NotSealed: (
        Sentence("Go back to the form: what you entered is still there."),
        Sentence("Wait a minute, and send it again."),
        _GIVE_CODE,
    ),
    OutcomeNotKept: (
        Sentence("If you are a patient, hand the device back to a member of staff."),
        Sentence("Staff: open Rapport again from the patient's chart. It says how this stands."),
        _GIVE_CODE,
    ),
}
_UNEXPECTED = (
    ErrorFact(label=Sentence("Error"), value="unexpected", is_english=True),
    ErrorFact(label=Sentence("Remedy"), value=Sentence("The log has a line with this reference code."), is_prose=True),
)
_FAILED_IN_CHART = (
    Sentence("Open Rapport again from the patient's chart."),
    Sentence("If it happens again, carry on in the chart."),
    _GIVE_CODE,
)
_AGAIN_FROM_CHART = (
    Sentence("Open Rapport again from the patient's chart."),
    Sentence("If it stays so, carry on in the chart."),
    _GIVE_CODE,
)
_STATUS: Mapping[int, tuple[Sentence, Sentence]] = {
    404: (
        Sentence("There is no such page"),
        Sentence("The address does not lead anywhere in Rapport. Nothing was opened and nothing was changed."),
    ),
    405: (
        Sentence("This page cannot be used like that"),
        Sentence("The address exists, but not for this kind of request. Nothing was changed."),
    ),
    413: (Sentence("Too much was sent"), Sentence("What was sent is larger than any form of Rapport. Nothing was stored.")),
}


def status_view(status: int, *, reference: str, way: WayBack | None = None) -> ErrorView:
    """A page for an HTTP status of ours; `way` is the way back of a launch that did not begin in a chart."""
    headline, lead = _STATUS.get(
        status, (Sentence("The request cannot be answered"), Sentence("It is malformed. Nothing was opened and nothing was changed."))
    )
    return ErrorView(
        headline=headline,
        lead=lead,
        steps=steps_of(way) if way else (Sentence("Open Rapport from the patient's chart."), _GIVE_CODE),
        reference=reference,
        facts=error_facts(f"http.{status}"),
        retry=way.href if way else None,
        retry_words=way.button if way else Sentence("Try again"),
    )


def error_facts(code: str, detail: str | None = None) -> tuple[ErrorFact, ...]:
    """The code of an error, and its detail where there is one."""
    found = ErrorFact(label=Sentence("Error"), value=code, is_english=True)
    return (found, ErrorFact(label=Sentence("Detail"), value=detail, is_english=True)) if detail else (found,)
