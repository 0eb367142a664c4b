"""What the page and the data call the same things: what went in, what it was, what for, and what was not used."""

from collections.abc import Mapping
from decimal import Decimal

from fhir_mappings.instruments.instrument import Instrument, Option, with_wording
from fhir_mappings.reliable_change.change_sentences import shown
from fhir_mappings.reliable_change.signals.explanation import Role, WhyInput
from fhir_mappings.reliable_change.signals.rating_judge import Judgement
from fhir_mappings.reliable_change.signals.rule_rows import SignalLevel
from fhir_mappings.sentence import Sentence, counted
from smart_app.care.dashboard.why_said import Beside, RatingsBeside
from smart_app.web import formats

LEVELS: Mapping[SignalLevel, Sentence] = {
    "discuss": Sentence("To talk about"),
    "note": Sentence("A note"),
    "shown": Sentence("Shown, never counted"),
}
# Of a rule that is silent.
LEVELS_OTHERWISE: Mapping[SignalLevel, Sentence] = {
    "discuss": Sentence("would be to talk about"),
    "note": Sentence("would be a note"),
    "shown": Sentence("would be shown"),
}
ROLES: Mapping[Role, Sentence] = {
    "latest": Sentence("the latest"),
    "previous": Sentence("the one before"),
    "first": Sentence("one of the first"),
    "last-two": Sentence("one of the last two"),
    "reference": Sentence("what it is compared with"),
    "answer": Sentence("the answer"),
}
# What no rule ever uses, beside ratings.
ELEMENTS_SHOWN = Sentence("Their moves are shown and never counted: no error is known for single elements or answers.")
NO_MEASURE = Sentence("No part of any rule.")


def asked(judged: Judgement, one: WhyInput) -> tuple[str, str]:
    """What one input is a score of, or an answer to, in the form's own words where these may be shown, and the language they are in ("" of
    words of ours)."""
    form = judged.instrument
    scale = next((each for each in form.scales if each.key == one.of), None)
    if scale is not None:
        return scale.title, ""
    return _asked_in(judged, form, one.of)


def _asked_in(judged: Judgement, form: Instrument, link_id: str) -> tuple[str, str]:
    worded = {each.link_id: each.text for each in form.items} | {each.link_id: each.text for each in form.questions}
    text = worded.get(link_id, {}).get(judged.rating.informant) if form.may("display") else None
    if text:
        clinician = judged.rating.clinician.name if judged.rating.clinician else None
        return with_wording(text, clinician=clinician), form.language or ""
    number = next((each.number for each in form.items if each.link_id == link_id), None)
    return (Sentence("Item {number}", number=number), "") if number is not None else (Sentence("A question beside the items"), "")


def answered(judged: Judgement, one: WhyInput) -> str:
    """Its value: a score as the scale is read, an answer as the option that was chosen."""
    form = judged.instrument
    scale = next((each for each in form.scales if each.key == one.of), None)
    if scale is not None:
        return shown(Decimal(one.value), scale)
    question = next((each for each in form.questions if each.link_id == one.of), None)
    options = question.options if question else form.options
    chosen = next((each for each in options if one.value in {each.code, str(each.value)}), None)
    return _label(form, chosen, beside=question is not None) if chosen else one.value


def _label(form: Instrument, option: Option, *, beside: bool) -> str:
    """With its number where it has one that counts."""
    number = formats.option_number(option, signed=any(each.value is not None and each.value < 0 for each in form.options))
    if not option.label or not form.may("display"):
        return number
    return option.label if beside or option.value is None else f"{number} {option.label}"


def beside(one: RatingsBeside) -> tuple[Sentence, Sentence]:
    """Which ratings were not used, and why."""
    many = len(one.ratings)
    return _COUNTED[one.code](many), _WHY[one.code]


_COUNTED = {
    "clinicians-ratings": lambda n: counted("{n} rating by the clinician", "{n} ratings by the clinician", n),
    "other-clinicians": lambda n: counted("{n} rating of other clinicians", "{n} ratings of other clinicians", n),
    "observers-ratings": lambda n: counted("{n} rating by an observer", "{n} ratings by observers", n),
    "not-scored": lambda n: counted("{n} rating without a score", "{n} ratings without a score", n),
}
_WHY: Mapping[Beside, Sentence] = {
    "clinicians-ratings": Sentence("The patient’s and the clinician’s lines are never mixed."),
    "other-clinicians": Sentence("Another clinician is another baseline, judged apart."),
    "observers-ratings": Sentence("An observation is nobody’s own view, and is never mixed with one."),
    "not-scored": Sentence("Left out, never counted as zero."),
}
