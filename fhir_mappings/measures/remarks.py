"""What came with a value and belongs beside it: comments, interpretations that say something new, reference ranges, that the patient
reports it themself, that only its report dates it. Total: whatever cannot be read says nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_mappings.measures.code_index import CodePlace
from fhir_mappings.measures.measure import PANEL
from fhir_mappings.measures.measurement import Remark, RemarkCode
from fhir_mappings.measures.result_dates import is_dated_by_report
from fhir_mappings.r4.display import as_written, cut
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import PatientOnServer, whose_reference
from fhir_mappings.sentence import Sentence, joined

_LONGEST_COMMENT = 300
_MOST_RANGES = 4

# The codes R4 binds `Observation.interpretation` to; HL7 v2 calls them table 0078. Normal, high and low say where the value stands in its
# range, which is shown; everything else is news, a critical value too, which no range tells. The words are the displays of version 2.0.0
# of 2019-03-20 (https://github.com/HL7/UTG, input/sourceOfTruth/v3/codeSystems/v3-ObservationInterpretation.xml, read at commit 1349f81a),
# a capital first, deprecated codes too, as old results go on carrying them. Left out are those that only group others, those of
# microbiology and genetics (a bare `R` or `S` beside a laboratory value need not mean "resistant"), and `OBX`, which points into a message.
_HL7 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_PLACE_IN_RANGE = frozenset({"N", "H", "L"})
_MEANINGS: Mapping[str, Sentence] = {
    "A": Sentence("Abnormal"), "AA": Sentence("Critical abnormal"), "HH": Sentence("Critical high"), "LL": Sentence("Critical low"),
    "HU": Sentence("Significantly high"), "H>": Sentence("Significantly high"), "LU": Sentence("Significantly low"),
    "L<": Sentence("Significantly low"), ">": Sentence("Off scale high"), "<": Sentence("Off scale low"),
    "EX": Sentence("Outside threshold"), "HX": Sentence("Above high threshold"), "LX": Sentence("Below low threshold"),
    "B": Sentence("Better"), "W": Sentence("Worse"), "U": Sentence("Significant change up"), "D": Sentence("Significant change down"),
    "IND": Sentence("Indeterminate"), "E": Sentence("Equivocal"), "POS": Sentence("Positive"), "NEG": Sentence("Negative"),
    "DET": Sentence("Detected"), "ND": Sentence("Not detected"), "RR": Sentence("Reactive"), "WR": Sentence("Weakly reactive"),
    "NR": Sentence("Non-reactive"), "EXP": Sentence("Expected"), "UNE": Sentence("Unexpected"),
    "AC": Sentence("Anti-complementary substances present"), "QCF": Sentence("Quality control failure"),
    "TOX": Sentence("Cytotoxic substance present"), "IE": Sentence("Insufficient evidence"), "HM": Sentence("Hold for Medical Review"),
}  # fmt: skip
# Words of texts that say no more than N, H or L do ("Above high normal", "HI", "within reference range").
_PLACE_WORDS = frozenset({
    "h", "hi", "high", "higher", "l", "lo", "low", "lower", "n", "nl", "norm", "normal", "above", "below", "within", "in", "outside", "out",
    "of", "the", "than", "reference", "ref", "range", "limit", "limits", "interval",
})  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")

# Who says so. US Core 7.0.0, "Writing Vital Signs": `patient-supplied` marks what came from a patient or their designee; PATRPT ("patient
# reported") is one of HL7's security labels of integrity (v3-ObservationValue).
_TAGS: Mapping[tuple[str, str], RemarkCode] = {
    ("http://hl7.org/fhir/us/core/CodeSystem/us-core-tags", "patient-supplied"): "supplied_for_patient",
    ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "PATRPT"): "reported_by_patient",
}
_NORMAL_RANGE = "normal"


def says_more(observation: FhirJson) -> bool:
    """Whether something may have come with a value that says when it was true. Asked of every resource, and of most there is no sign; what
    is odd is looked into."""
    if "note" in observation or "interpretation" in observation or "referenceRange" in observation:
        return True
    try:
        performers, meta = observation.get("performer"), observation.get("meta", ())
        if performers is not None:
            # A laboratory is as often named in words alone.
            first = performers[0].get("reference", "")
            if "Patient/" in first or "RelatedPerson/" in first or len(performers) > 1:
                return True
        return "tag" in meta or "security" in meta or ("component" in observation and _parts_say_more(observation["component"]))
    except (AttributeError, KeyError, IndexError, TypeError):
        return True


def _parts_say_more(components: list[FhirJson]) -> bool:
    for part in components:  # noqa: SIM110 - a generator takes twice as long, and every blood pressure comes by
        if "interpretation" in part or "referenceRange" in part:
            return True
    return False


def remarks_of(observation: FhirJson, place: CodePlace, patient: PatientOnServer) -> tuple[Remark, ...]:
    """Everything that came with one value; of a value in a panel what stands at its own components too."""
    holders = [observation, *_own_components(observation, place)]
    said = [
        *_comments(observation.get("note")),
        *(remark for holder in holders for remark in _interpretations(holder.get("interpretation"))),
        *_ranges([one for holder in holders for one in _listed(holder.get("referenceRange"))]),
        *_reporters(observation, patient),
    ]
    if is_dated_by_report(observation):
        said.append(Remark("dated_by_report"))
    return tuple(dict.fromkeys(said))


def _own_components(observation: FhirJson, place: CodePlace) -> Iterator[FhirJson]:
    own = {place.code.code, *(code.code for code in place.measure.codes if place.code.part and code.part not in {None, PANEL})}
    for component in _dicts(observation.get("component")):
        codes = {coding.get("code") for coding in _codings(component.get("code")) if isinstance(coding.get("code"), str)}
        if not own.isdisjoint(codes):
            yield component


# Comments


def _comments(notes: object) -> list[Remark]:
    """One remark for each author: interfaces send a comment line by line, as a note each."""
    by_author: dict[str | None, list[str]] = {}
    for note in _dicts(notes):
        text = note.get("text")
        if isinstance(text, str) and text.strip():
            by_author.setdefault(_author(note), []).append(" ".join(text.split()))
    return [Remark("comment", _cut_comment(" ".join(texts)), author) for author, texts in by_author.items()]


def _author(note: FhirJson) -> str | None:
    named = note.get("authorReference")
    name = note.get("authorString") or (named.get("display") if isinstance(named, dict) else None)
    return cut(name) if isinstance(name, str) and name.strip() else None


def _cut_comment(text: str) -> str:
    """Not longer than a paragraph, and said to be cut where it is."""
    if len(text) <= _LONGEST_COMMENT:
        return text
    comment = text[:_LONGEST_COMMENT].rstrip()
    return Sentence("{comment}… (cut: the comment in the record has {length} characters)", comment=comment, length=len(text))


# Interpretations


def _interpretations(concepts: object) -> Iterator[Remark]:
    for concept in _dicts(concepts):
        said = _interpretation(concept)
        if said:
            yield Remark("interpretation", said)


def _interpretation(concept: FhirJson) -> str | None:
    """What the source says in words; None where that is only where the value stands in its range."""
    codings = list(_codings(concept))
    text = concept.get("text")
    if isinstance(text, str) and text.strip():
        return None if _only_place(text) else cut(text)
    if any(_is_place(coding) for coding in codings):
        return None
    return next((said for coding in codings if (said := _said_by(coding))), None)


def _is_place(coding: FhirJson) -> bool:
    code, display = coding.get("code"), coding.get("display")
    if isinstance(code, str) and code in _PLACE_IN_RANGE and (_is_hl7(coding) or not isinstance(display, str)):
        return True
    return isinstance(display, str) and _only_place(display)


def _said_by(coding: FhirJson) -> str | None:
    code, display = coding.get("code"), coding.get("display")
    if isinstance(display, str) and display.strip():
        return cut(display)
    if not isinstance(code, str) or not code.strip():
        return None
    return (_MEANINGS.get(code) if _is_hl7(coding) else None) or Sentence("coded {code}", code=cut(code))


def _is_hl7(coding: FhirJson) -> bool:
    """Whether a code is to be taken for one of HL7's table, which older interfaces send without a system or by its v2 number."""
    system = coding.get("system")
    return system is None or system == _HL7 or (isinstance(system, str) and "0078" in system)


def _only_place(text: str) -> bool:
    words = _WORD.findall(text.casefold())
    return bool(words) and _PLACE_WORDS.issuperset(words)


# Reference ranges


def _ranges(ranges: list[Any]) -> list[Remark]:
    said = list(dict.fromkeys(text for one in ranges if isinstance(one, dict) and (text := _range(one))))
    if len(said) > _MOST_RANGES:
        said[_MOST_RANGES:] = [Sentence("and {more} more in the record", more=len(said) - _MOST_RANGES)]
    # Nearly every laboratory sends one.
    return [Remark("range", said[0] if len(said) == 1 else joined("; ", said))] if said else []


def _range(one: FhirJson) -> str | None:
    """`4.0–6.0 %`, for whom where the record says so; None where it says nothing."""
    text = one.get("text")
    said = cut(text) if isinstance(text, str) and text.strip() else _bounds(one.get("low"), one.get("high"))
    if not said:
        return None
    kind = _words(one.get("type"))
    for_whom = [words for concept in _dicts(one.get("appliesTo")) if (words := _words(concept))]
    age = one.get("age")
    years = _bounds(age.get("low"), age.get("high")) if isinstance(age, dict) else None
    whom = [*for_whom, *([Sentence("age {years}", years=years)] if years else [])]
    named = joined(": ", (kind, said)) if kind and _NORMAL_RANGE not in kind.casefold() else said
    return Sentence("{range} ({whom})", range=named, whom=joined(", ", whom)) if whom else named


def _bounds(low: object, high: object) -> str | None:
    """Two quantities as a span, `4.0–6.0 %`; one as a bound."""
    first, last = (as_written(one) if isinstance(one, dict) and one.get("value") is not None else None for one in (low, high))
    if first and last:
        return f"{first.removesuffix(''.join(last.partition(' ')[1:]))}–{last}"
    if first:
        return Sentence("from {first}", first=first)
    return Sentence("up to {last}", last=last) if last else None


def _words(concept: object) -> str | None:
    """What a concept is called: its text, else the first name of a code."""
    if not isinstance(concept, dict):
        return None
    texts = (concept.get("text"), *(coding.get("display") or coding.get("code") for coding in _codings(concept)))
    return next((cut(text) for text in texts if isinstance(text, str) and text.strip()), None)


# Who reports it


def _reporters(observation: FhirJson, patient: PatientOnServer) -> Iterator[Remark]:
    """That it is not the clinic's own, only where the record says so: R4 `performer` is who asserts that the value is true."""
    for performer in _dicts(observation.get("performer")):
        reference = performer.get("reference")
        if not isinstance(reference, str):
            continue
        if "RelatedPerson/" in reference:
            yield Remark("reported_by_related_person")
        elif "Patient/" in reference and whose_reference(performer, patient).owner == "own":
            yield Remark("reported_by_patient")
    meta = observation.get("meta")
    for label in [*_dicts(meta.get("tag")), *_dicts(meta.get("security"))] if isinstance(meta, dict) else ():
        code = _TAGS.get((str(label.get("system")), str(label.get("code"))))
        if code is not None:
            yield Remark(code)


def _listed(node: object) -> list[Any]:
    return node if isinstance(node, list) else []


def _dicts(node: object) -> Iterable[FhirJson]:
    return [one for one in _listed(node) if isinstance(one, dict)]


def _codings(concept: object) -> Iterable[FhirJson]:
    return _dicts(concept.get("coding")) if isinstance(concept, dict) else ()
