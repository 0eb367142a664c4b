"""What every address of a lent device answers: no name, no data, and the ways back."""

from datetime import tzinfo
from typing import Literal

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, counted, joined
from smart_app.store import Loan
from smart_app.web import formats

# How the device got to this page: it was lent; the same user lent one, and this may be another; or its loan was ended from elsewhere.
Kind = Literal["lent", "other_device", "called_back"]


class OnLoanUrls(Struct, frozen=True, kw_only=True):
    """Where the code goes, where a new sign-in begins ("" where none can prove anything), and where the patient's page is ("" where there
    is none to go back to)."""

    take_back: str
    sign_in: str
    questions: str


class CodeField(Struct, frozen=True, kw_only=True):
    """Where the code is typed in, and what was wrong with the one before."""

    action: str
    problem: Sentence
    help: Sentence


class OnLoanView(Struct, frozen=True, kw_only=True):
    """`said` is what became of what was just tried. `code` is None where no code brings the device back; `small` what to do without it."""

    headline: Sentence
    lead: Sentence
    said: Sentence
    code: CodeField | None
    sign_in: str
    questions: str
    small: tuple[Sentence, ...]


def on_loan_view(
    loan: Loan, kind: Kind, *, urls: OnLoanUrls, signs_in: bool, said: Sentence, problem: Sentence, zone: tzinfo, reference: str
) -> OnLoanView:
    """The page. Nothing on it says who has the device or whose chart it was. `signs_in`: the EHR signs people in, which an open server does
    not."""
    since = formats.clock(loan.since.astimezone(zone), zone)
    code = code_field(loan, urls.take_back, problem) if kind != "other_device" else None
    return OnLoanView(
        headline=_HEADLINES[kind],
        lead=_lead(loan, kind, since),
        said=said,
        code=code,
        sign_in=urls.sign_in,
        questions=urls.questions if kind == "lent" and loan.state == "out" else "",
        small=(*_small(loan, kind, code, sign_in=signs_in), Sentence("Reference {code}.", code=reference)),
    )


def code_field(loan: Loan, action: str, problem: Sentence = NOTHING) -> CodeField | None:
    """The field of the code, None where the site wants none or it was tried too often."""
    return CodeField(action=action, problem=problem, help=_SIX_DIGITS) if loan.has_code and loan.tries else None


def wrong_code(tries: int) -> Sentence:
    """What is said of a code that is not the one."""
    if not tries:
        return CLOSED
    return counted(
        "That is not the code. {n} more try, then it is closed for good.",
        "That is not the code. {n} more tries, then it is closed for good.",
        tries,
    )


CLOSED = Sentence("The code was wrong five times and is closed for good.")
_SIX_DIGITS = Sentence("six digits, shown at the hand-over")
_HEADLINES: dict[Kind, Sentence] = {
    "lent": Sentence("On loan to the patient"),
    "other_device": Sentence("You lent a tablet"),
    "called_back": Sentence("This device was called back"),
}


def _lead(loan: Loan, kind: Kind, since: str) -> Sentence:
    if kind == "other_device":
        return Sentence("At {since}. Is this another device? Sign in again: this page opens, and nothing else changes.", since=since)
    if kind == "called_back":
        return Sentence(
            "The patient's page has ended and the charts that were open here are closed. Please give the device to a member of staff."
        )
    if loan.state == "not_me":
        return Sentence(
            "Since {since}. Whoever has it said that the page is not theirs, so it was closed and what was typed was deleted. Please give "
            "the device to a member of staff.",
            since=since,
        )
    if loan.state == "done":
        return Sentence("Since {since}. The form is finished. Please give the device back to a member of staff.", since=since)
    return Sentence("Since {since}. The chart opens again when staff take the device back.", since=since)


def _small(loan: Loan, kind: Kind, code: CodeField | None, *, sign_in: bool) -> tuple[Sentence, ...]:
    """What helps where the nearest way is closed."""
    if kind == "other_device":
        return (Sentence("Is this the tablet that was lent? Use the code on the patient's page."),) if sign_in else (_NO_SIGN_IN_HERE,)
    if kind == "called_back":
        return (_NEW_SIGN_IN, _BACK_WITH_THEM) if sign_in else (_BACK_WITH_THEM,)
    no_name = Sentence("No name stands here because the person holding the device can see it.")
    if loan.state == "out":
        no_name = joined(" ", (no_name, _LEFT))
    if loan.has_code and code is None:
        return (no_name, _ways(CLOSED, sign_in=sign_in))
    lost = Sentence("No code at hand?") if loan.has_code else NOTHING
    return (no_name, _ways(lost, sign_in=sign_in))


def _ways(first: Sentence, *, sign_in: bool) -> Sentence:
    """The ways that are left."""
    ways = _SIGN_IN_OR_CALL if sign_in else _CALL_ALONE
    return Sentence("{first} {ways}", first=first, ways=ways) if first else ways


_SIGN_IN_OR_CALL = Sentence(
    "Whoever lent it can sign in again here, or call it back from another device: open a patient's chart there and choose “Devices on "
    "loan”."
)
_CALL_ALONE = Sentence("Whoever lent it can call it back from another device: open a patient's chart there and choose “Devices on loan”.")
_LEFT = Sentence("Left unfinished? Take it back: the answers wait for the patient, and nobody reads them.")
_NEW_SIGN_IN = Sentence("To go on here, whoever lent it opens Rapport from a patient's chart: the record system asks them to sign in anew.")
_BACK_WITH_THEM = Sentence(
    "On the device it was called back from, whoever lent it can also choose “Devices on loan” and say that it is back with them."
)
_NO_SIGN_IN_HERE = Sentence("There is no sign-in at this server. This page opens when the tablet is taken back.")
