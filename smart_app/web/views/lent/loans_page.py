"""The devices that whoever is signed in has lent, to be called back from here."""

from collections.abc import Callable, Sequence
from datetime import tzinfo

from msgspec import Struct

from fhir_mappings.sentence import Sentence, counted, joined
from smart_app.store import Loan
from smart_app.web import formats
from smart_app.web.views.parts import Link, Notice


class LoanUrls(Struct, frozen=True, kw_only=True):
    """Where one device is called back, and where one that was is said to be back."""

    call_back: str
    let_go: str


class LentDevice(Struct, frozen=True, kw_only=True):
    """One device: since when it is out, how it stands, and what can be done about it from here."""

    since: Sentence
    stands: Sentence
    action: str
    button: Sentence
    primary: bool


class LoansView(Struct, frozen=True, kw_only=True):
    """`patient` is the one of the page it was opened from: what is posted says so. `can_call`: one of them is not called back yet."""

    devices: tuple[LentDevice, ...]
    can_call: bool
    patient: str
    back: str


def loans_view(found: Sequence[Loan], *, urls: Callable[[Loan], LoanUrls], patient: str, back: str, zone: tzinfo) -> LoansView:
    """The page. It names no patient: the chart around it is another's, as a rule."""
    can_call = any(one.state != "called_back" for one in found)
    return LoansView(devices=tuple(_device(one, urls(one), zone) for one in found), can_call=can_call, patient=patient, back=back)


def lent_notice(found: Sequence[Loan], *, page: str, zone: tzinfo) -> tuple[Notice, ...]:
    """A line that leads to the devices on loan, none where there are none."""
    if not found:
        return ()
    out = [one for one in found if one.state != "called_back"]
    title = counted("{n} device is on loan.", "{n} devices are on loan.", len(out)) if out else _called_back(len(found))
    text = Sentence("Lent by you at {time}.", time=formats.clock((out or found)[-1].since.astimezone(zone), zone))
    if any(one.state == "not_me" for one in found):
        text = joined(" ", [text, _STANDS["not_me"]])
    return (Notice(title=title, text=text, action=Link(href=page, text=Sentence("Devices on loan"))),)


def _called_back(number: int) -> Sentence:
    return counted("{n} device was called back and is still closed.", "{n} devices were called back and are still closed.", number)


def _device(loan: Loan, urls: LoanUrls, zone: tzinfo) -> LentDevice:
    called_back = loan.state == "called_back"
    return LentDevice(
        since=_since(loan, zone),
        stands=_STANDS[loan.state],
        action=urls.let_go if called_back else urls.call_back,
        button=Sentence("It is back with me") if called_back else Sentence("Call it back"),
        primary=not called_back,
    )


def _since(loan: Loan, zone: tzinfo) -> Sentence:
    at = loan.since.astimezone(zone)
    return Sentence("Lent at {time} on {day}", time=formats.clock(at, zone), day=formats.short_date(at.date()))


_STANDS = {
    "out": Sentence("The patient has their page open, or has left it."),
    "not_me": Sentence("Whoever has it said that the page is not theirs. It was closed, and what was typed was deleted."),
    "done": Sentence("The form is finished; the device is still out."),
    "called_back": Sentence(
        "You called it back, and its browser is closed. Say that it is back only with the device in your hands: from then on its browser "
        "is one as any other."
    ),
}
