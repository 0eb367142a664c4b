"""Forms that were not answered, as words under the lane: when, why, and whose decision it was. No point, and nothing counted."""

from collections.abc import Iterable, Mapping

from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.ratings.not_answered_reader import NotAnswered
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import Dyad, History
from smart_app.web import formats

_WORDS: Mapping[NotAnsweredReason, Sentence] = {
    "patient-declined": Sentence("the patient declined"),
    "no-time": Sentence("not answered, no time (entered by staff)"),
    "not-offered": Sentence("not offered (entered by staff)"),
    "could-not": Sentence("the patient could not answer (entered by staff)"),
}


def of_dyad(history: History, dyad: Dyad) -> tuple[Sentence, ...]:
    """Those of one rated clinician, or of nobody, on one instrument, the newest first."""
    whose = (dyad.clinician.reference if dyad.clinician else None, dyad.instrument.slug)
    return _said(one for one in history.not_answered if _whose(one) == whose)


def of_nobody_rated(history: History) -> tuple[Sentence, ...]:
    """Those of whom no rating is shown."""
    shown = {(dyad.clinician.reference if dyad.clinician else None, dyad.instrument.slug) for dyad in (*history.dyads, *history.companions)}
    return _said(one for one in history.not_answered if _whose(one) not in shown)


def _whose(one: NotAnswered) -> tuple[str | None, str]:
    return one.clinician.reference if one.clinician else None, one.instrument


def _said(found: Iterable[NotAnswered]) -> tuple[Sentence, ...]:
    newest_first = reversed(list(found))
    return tuple(Sentence("× {day}: {what}", day=formats.short_moment(one.when), what=_WORDS[one.reason]) for one in newest_first)
