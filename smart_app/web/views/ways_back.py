"""How to come back to Rapport where a launch did not begin in a chart: from its own page, or from the patients of an open server."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from fhir_mappings.sentence import Sentence

# "either": where the launch began is not known any more, and it may have been without a chart.
Kind = Literal["start", "picker", "either"]


class WayBack(Struct, frozen=True, kw_only=True):
    """Where the way back begins, as an address; a launch from a chart has none, its way back is the chart."""

    kind: Kind
    href: str

    @property
    def step(self) -> Sentence:
        """What to do first."""
        return _STEPS[self.kind]

    @property
    def button(self) -> Sentence:
        """What the link says."""
        return _BUTTONS[self.kind]

    @property
    def staff(self) -> Sentence:
        """How staff come back to a form that was begun, as the first words of a sentence."""
        return _STAFF[self.kind]


def steps_of(way: WayBack) -> tuple[Sentence, ...]:
    """What to do where there is no chart to go on in."""
    return (way.step, Sentence("If it happens again, give your clinic or your IT team the reference code."))


_STEPS: Mapping[Kind, Sentence] = {
    "start": Sentence("Start again on Rapport's own page, and sign in there."),
    "picker": Sentence("Go back to the list of patients, and choose one there."),
    "either": Sentence("Open Rapport again from the patient's chart, or, where you began without one, from its start page."),
}
_BUTTONS: Mapping[Kind, Sentence] = {
    "start": Sentence("Start again"),
    "picker": Sentence("Back to the patients"),
    "either": Sentence("Start page"),
}
_STAFF: Mapping[Kind, Sentence] = {
    "start": Sentence("start again on Rapport's own page, sign in as the same person, choose the same patient"),
    "picker": Sentence("choose the same patient from the list"),
    "either": Sentence(
        "open Rapport again from the same patient's chart, or, where it began without one, from its start page, "
        "signed in as the same person"
    ),
}
