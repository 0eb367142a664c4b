"""What came with a value, in words: in the table as it was written, beside the lane and in a sentence that it is there."""

from collections.abc import Iterator

from fhir_mappings.measures.measure import Measure
from fhir_mappings.measures.measurement import Measurement, Remark
from fhir_mappings.sentence import listed

# What changes how a value is to be taken: marked at the point.
_MARKED = frozenset({"comment", "interpretation"})
# In the order in which they are said; a comment, which may be long, last.
_FIXED = {
    "dated_by_report": "dated by when it was reported",
    "reported_by_patient": "reported by the patient",
    "reported_by_related_person": "reported by a related person",
    "supplied_for_patient": "supplied by the patient or for them",
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
    said += [f"interpreted as “{remark.text}”" for remark in _of(point, "interpretation")]
    said += [f"reference range {remark.text}" for remark in _of(point, "range")]
    return said + [f"{_comment(measure, point, remark)}: “{remark.text}”" for remark in _of(point, "comment")]


def beside_lane(measure: Measure, point: Measurement) -> list[str]:
    """That it is there; what a comment says is in the table."""
    said = [f"with a {_comment(measure, point, remark)}" for remark in _of(point, "comment")]
    said += [f"interpreted as “{remark.text}”" for remark in _of(point, "interpretation")]
    return [*_whole(point), *said, *(_FIXED[remark.code] for remark in _fixed(point))]


def in_sentence(measure: Measure, point: Measurement) -> str:
    """`comes with a comment by the laboratory and is interpreted as “Indeterminate”`; "" of a value with nothing of the kind."""
    said = [f"comes with a {_comment(measure, point, remark)}" for remark in _of(point, "comment")]
    said += [f"is interpreted as “{remark.text}”" for remark in _of(point, "interpretation")]
    said += [f"is {_FIXED[remark.code]}" for remark in _fixed(point) if remark.code != "dated_by_report"]
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


def _comment(measure: Measure, point: Measurement, remark: Remark) -> str:
    """Whose it is: of the one the record names, else of who reports every result of the measure, unless somebody else reported this one."""
    if remark.by:
        return f"comment by {remark.by}"
    other = any(each.code in {"reported_by_patient", "reported_by_related_person"} for each in point.remarks)
    return f"comment by {measure.group.reporter}" if measure.group.reporter and not other else "comment"
