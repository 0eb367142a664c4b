"""How a patient's own response came into their record, in their words: as the record tells, and nothing beyond it."""

from collections.abc import Iterator, Mapping

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.ratings.entry import Entry
from fhir_mappings.sentence import Sentence, joined
from smart_app.care.patient_portal.own_responses import GivenBy


def how_given(given: GivenBy) -> Sentence:
    """Who answered, then who entered it where that is another."""
    return joined(" ", [*_answered(given), *_entered(given)])


def how_refused(given: GivenBy) -> Sentence:
    """That they would rather not, and who entered that where it is another."""
    return joined(" ", [Sentence("You would rather not answer it."), *_entered(given)])


def _answered(given: GivenBy) -> Iterator[Sentence]:
    if given.answering:
        yield _SAID[given.answering]
    elif given.by_patient:
        yield Sentence("Answered by you, on paper.") if given.entry.on_paper else Sentence("Answered by you.")
    elif given.entry.on_paper:
        yield Sentence("Answered on paper.")


# What whoever answered on a device of the patient's said of themself.
_SAID: Mapping[Answering, Sentence] = {
    "self": Sentence("Answered by you, on your own device."),
    "helped": Sentence("Answered by you with somebody’s help, on your own device."),
    "proxy": Sentence("Answered by somebody for you."),
}


def _entered(given: GivenBy) -> Iterator[Sentence]:
    if given.entered_by_patient:
        if not given.by_patient and given.answering is None:
            yield Sentence("Entered by you.")
    elif given.entry.by is not None:
        yield Sentence("Entered by {who}.", who=_name(given.entry))
    elif given.answering != "proxy":
        # Of whoever answers for somebody no more is known, so nobody is named as having entered it.
        yield Sentence("Who entered it is not recorded.")


def _name(entry: Entry) -> str:
    """A name, else what is known of whoever has none."""
    if entry.by is not None and entry.by.name:
        return entry.by.name
    return Sentence("a member of staff whose name is not recorded") if is_clinician(entry.kind) else _NAMELESS.get(entry.kind, _SOMEBODY)


_NAMELESS = {"RelatedPerson": Sentence("a related person"), "Device": Sentence("a device")}
_SOMEBODY = Sentence("somebody whose name is not recorded")
