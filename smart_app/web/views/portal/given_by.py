"""How a patient's own response came into their record, in their words: as the record tells, and nothing beyond it."""

from collections.abc import Iterator, Mapping

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.ratings.entry import Entry
from fhir_mappings.sentence import Sentence, capitalised, full_sentence, joined
from smart_app.care.patient_portal.own_responses import GivenBy


def how_given(given: GivenBy) -> Sentence:
    """Who answered, then who entered it where that is another."""
    return joined(" ", [full_sentence(capitalised(one)) for one in (*_answered(given), *_entered(given))])


def how_refused(given: GivenBy) -> Sentence:
    """That they would rather not, and who entered that where it is another."""
    if given.entered_by_patient:
        return Sentence("You would rather not answer it.")
    if given.entry.by is None:
        return Sentence("You would rather not answer it. Who entered that is not recorded.")
    return Sentence("You would rather not answer it. Entered by {who}.", who=entered_by(given.entry))


def _answered(given: GivenBy) -> Iterator[Sentence]:
    said = _SAID[given.answering] if given.answering else Sentence("answered by you") if given.by_patient else None
    if said is not None:
        yield joined(", ", [said, Sentence("on paper")]) if given.entry.on_paper else said
    elif given.entry.on_paper:
        yield Sentence("answered on paper")


# What whoever answered on a device of the patient's said of themself.
_SAID: Mapping[Answering, Sentence] = {
    "self": Sentence("answered by you, on your own device"),
    "helped": Sentence("answered by you with somebody’s help, on your own device"),
    "proxy": Sentence("answered by somebody for you"),
}


def _entered(given: GivenBy) -> Iterator[Sentence]:
    if given.entered_by_patient:
        if not given.by_patient and given.answering is None:
            yield Sentence("entered by you")
    elif given.entry.by is not None:
        yield Sentence("entered by {who}", who=entered_by(given.entry))
    elif given.answering != "proxy":
        # Of whoever answers for somebody no more is known, so nobody is named as having entered it.
        yield Sentence("who entered it is not recorded")


def entered_by(entry: Entry) -> str:
    """A name, else what is known of whoever has none."""
    if entry.by is not None and entry.by.name:
        return entry.by.name
    return Sentence("a member of staff whose name is not recorded") if is_clinician(entry.kind) else _NAMELESS.get(entry.kind, _SOMEBODY)


_NAMELESS = {"RelatedPerson": Sentence("a related person"), "Device": Sentence("a device")}
_SOMEBODY = Sentence("somebody whose name is not recorded")
