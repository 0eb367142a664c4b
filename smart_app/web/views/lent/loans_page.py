"""The devices that whoever is signed in has lent, to be called back from here."""

from collections.abc import Callable, Sequence
from datetime import tzinfo

from msgspec import Struct

from fhir_mappings.sentence import Sentence, counted
from smart_app.store import Loan
from smart_app.web import formats
from smart_app.web.views.parts import Link, Notice


class LentDevice(Struct, frozen=True, kw_only=True):
    """One device: since when it is out, how it stands, and where it is called back."""

    since: Sentence
    stands: Sentence
    call_back: str


class LoansView(Struct, frozen=True, kw_only=True):
    """`patient` is the one of the page it was opened from: what is posted says so."""

    devices: tuple[LentDevice, ...]
    patient: str
    back: str


def loans_view(found: Sequence[Loan], *, call_back: Callable[[Loan], str], patient: str, back: str, zone: tzinfo) -> LoansView:
    """The page. It names no patient: the chart around it is another's, as a rule."""
    devices = tuple(LentDevice(since=_since(one, zone), stands=_STANDS[one.state], call_back=call_back(one)) for one in found)
    return LoansView(devices=devices, patient=patient, back=back)


def lent_notice(found: Sequence[Loan], *, page: str, zone: tzinfo) -> tuple[Notice, ...]:
    """A line that leads to the devices on loan, none where there are none."""
    if not found:
        return ()
    title = counted("{n} device is on loan.", "{n} devices are on loan.", len(found))
    text = Sentence("Lent by you at {time}.", time=formats.clock(found[-1].since.astimezone(zone), zone))
    return (Notice(title=title, text=text, action=Link(href=page, text=Sentence("Devices on loan"))),)


def _since(loan: Loan, zone: tzinfo) -> Sentence:
    at = loan.since.astimezone(zone)
    return Sentence("Lent at {time} on {day}", time=formats.clock(at, zone), day=formats.short_date(at.date()))


_STANDS = {
    "out": Sentence("The patient has their page open, or has left it."),
    "done": Sentence("The answers were sent; the device is still out."),
    "called_back": Sentence("It was called back."),
}
