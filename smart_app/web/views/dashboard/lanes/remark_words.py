"""What came with a value, in words: in the table as it was written, beside the lane and in a sentence that it is there."""

from collections.abc import Iterator, Mapping

from fhir_mappings.measures.measure import Measure
from fhir_mappings.measures.measurement import Measurement, Remark, RemarkCode
from fhir_mappings.sentence import Sentence, listed

# What changes how a value is to be taken: marked at the point.
_MARKED = frozenset({"comment", "interpretation"})
# In the order in which they are said; a comment, which may be long, last.
_FIXED: Mapping[RemarkCode, Sentence] = {
    "dated_by_report": Sentence("dated by when it was reported"),
    "reported_by_patient": Sentence("reported by the patient"),
    "reported_by_related_person": Sentence("reported by a related person"),
    "supplied_for_patient": Sentence("supplied by the patient or for them"),
}
# The same as what is said of a value.
_IS: Mapping[RemarkCode, Sentence] = {
    "reported_by_patient": Sentence("is reported by the patient"),
    "reported_by_related_person": Sentence("is reported by a related person"),
    "supplied_for_patient": Sentence("is supplied by the patient or for them"),
}
# Whose text is a sentence of ours about the value and another one.
_SAID_WHOLE = frozenset({"disagrees", "which_corrected"})


def is_marked(remarks: tuple[Remark, ...]) -> bool:
    """Whether a value carries a comment, or an interpretation that says something new."""
    return bool(remarks) and any(remark.code in _MARKED for remark in remarks)


def stands_alone(remarks: tuple[Remark, ...]) -> bool:
    """Whether it does not agree with another value of its moment: which of the two holds is not known."""
    return bool(remarks) and any(remark.code == "disagrees" for remark in remarks)


def in_table(measure: Measure, point: Measurement) -> list[str]:
    """Everything that came with it, each in full."""
    said = [*_whole(point), *(_FIXED[remark.code] for remark in _fixed(point))]
    said += [_interpreted(remark) for remark in _of(point, "interpretation")]
    said += [Sentence("reference range {range}", range=remark.text or "") for remark in _of(point, "range")]
    return said + [_comment(measure, point, remark) for remark in _of(point, "comment")]


def beside_lane(measure: Measure, point: Measurement) -> list[str]:
    """That it is there; what a comment says is in the table."""
    said = [_with_comment(measure, point, remark) for remark in _of(point, "comment")]
    said += [_interpreted(remark) for remark in _of(point, "interpretation")]
    return [*_whole(point), *said, *(_FIXED[remark.code] for remark in _fixed(point))]


def in_sentence(measure: Measure, point: Measurement) -> str:
    """`comes with a comment by the laboratory and is interpreted as “Indeterminate”`; "" of a value with nothing of the kind."""
    said = [_comes_with_comment(measure, point, remark) for remark in _of(point, "comment")]
    said += [Sentence("is interpreted as “{text}”", text=remark.text or "") for remark in _of(point, "interpretation")]
    said += [_IS[remark.code] for remark in _fixed(point) if remark.code in _IS]
    return listed(said) if said else ""


def is_dated_by_report(point: Measurement) -> bool:
    """Whether only its report dates it."""
    return any(remark.code == "dated_by_report" for remark in point.remarks)


def _of(point: Measurement, code: str) -> Iterator[Remark]:
    return (remark for remark in point.remarks if remark.code == code)


def _whole(point: Measurement) -> Iterator[str]:
    return (remark.text for remark in point.remarks if remark.code in _SAID_WHOLE and remark.text)


def _fixed(point: Measurement) -> Iterator[Remark]:
    return (remark for remark in point.remarks if remark.code in _FIXED)


def _interpreted(remark: Remark) -> Sentence:
    return Sentence("interpreted as “{text}”", text=remark.text or "")


def _comment(measure: Measure, point: Measurement, remark: Remark) -> Sentence:
    who, text = _author(measure, point, remark), remark.text or ""
    return Sentence("comment by {who}: “{text}”", who=who, text=text) if who else Sentence("comment: “{text}”", text=text)


def _with_comment(measure: Measure, point: Measurement, remark: Remark) -> Sentence:
    who = _author(measure, point, remark)
    return Sentence("with a comment by {who}", who=who) if who else Sentence("with a comment")


def _comes_with_comment(measure: Measure, point: Measurement, remark: Remark) -> Sentence:
    who = _author(measure, point, remark)
    return Sentence("comes with a comment by {who}", who=who) if who else Sentence("comes with a comment")


def _author(measure: Measure, point: Measurement, remark: Remark) -> str:
    """Whose a comment is: of the one the record names, else of who reports every result of the measure, unless somebody else reported
    this one; "" where nobody is known."""
    if remark.by:
        return remark.by
    other = any(each.code in {"reported_by_patient", "reported_by_related_person"} for each in point.remarks)
    return "" if other else measure.group.reporter or ""
