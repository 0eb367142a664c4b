"""Forms that were not answered, as words under the lane, in the table and on paper: when, why, and whose decision it was. No point, and
nothing counted."""

from collections.abc import Iterable, Mapping, Sequence

from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.ratings.not_answered_reader import NotAnswered
from fhir_mappings.sentence import Sentence, joined
from smart_app.care.dashboard.history import Dyad, History
from smart_app.web import formats

_WORDS: Mapping[NotAnsweredReason, Sentence] = {
    "patient-declined": Sentence("the patient declined"),
    "no-time": Sentence("not answered, no time (entered by staff)"),
    "not-offered": Sentence("not offered (entered by staff)"),
    "could-not": Sentence("the patient could not answer (entered by staff)"),
}
# The same in a cell, where a rating would stand.
IN_A_CELL: Mapping[NotAnsweredReason, Sentence] = {
    "patient-declined": Sentence("declined"),
    "no-time": Sentence("no time"),
    "not-offered": Sentence("not offered"),
    "could-not": Sentence("could not"),
}
# So many have a line of their own.
_AT_A_GLANCE = 3


def of_dyad(history: History, dyad: Dyad) -> tuple[NotAnswered, ...]:
    """Those of one rated clinician, or of nobody, on one instrument, oldest first."""
    return tuple(one for one in history.not_answered if _whose(one) == _dyads(dyad))


def under_lane(found: Iterable[NotAnswered]) -> tuple[Sentence, ...]:
    """A line each, the newest first; of many the older ones together."""
    newest_first = list(found)[::-1]
    lines = [Sentence("× {day}: {what}", day=formats.short_moment(one.when), what=why(one)) for one in newest_first[:_AT_A_GLANCE]]
    older = [
        Sentence("{day} {what}", day=formats.short_moment(one.when), what=IN_A_CELL[one.reason]) for one in newest_first[_AT_A_GLANCE:]
    ]
    return (*lines, Sentence("× before: {which}", which=joined(", ", older))) if older else tuple(lines)


def of_nobody_shown(history: History) -> tuple[Sentence, ...]:
    """Those of whom no rating is shown, each with its form and whom it is about."""
    shown = {_dyads(dyad) for dyad in (*history.dyads, *history.companions)}
    return tuple(_in_full(one) for one in reversed(history.not_answered) if _whose(one) not in shown)


def at_visit(found: Sequence[NotAnswered], visit: str) -> NotAnswered | None:
    """That of the patient's form at a visit; None where there is none."""
    return next((one for one in found if (one.visit, one.informant) == (visit, "patient")), None)


def why(one: NotAnswered) -> Sentence:
    """`the patient declined`."""
    return _WORDS[one.reason]


def _in_full(one: NotAnswered) -> Sentence:
    day, what = formats.short_moment(one.when), why(one)
    if one.clinician is None:
        return Sentence("× {day}, {form}: {what}", day=day, form=one.title, what=what)
    who = one.clinician.name or Sentence("a clinician without a name")
    return Sentence("× {day}, {form} about {clinician}: {what}", day=day, form=one.title, clinician=who, what=what)


def _whose(one: NotAnswered) -> tuple[str | None, str]:
    return one.clinician.reference if one.clinician else None, one.instrument


def _dyads(dyad: Dyad) -> tuple[str | None, str]:
    return dyad.clinician.reference if dyad.clinician else None, dyad.instrument.slug
