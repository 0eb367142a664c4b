"""What is wrong between a catalogue and the tests that say they show it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.conformance.catalogue import Catalogue, Requirement
from tests.conformance.evidence import Mark

# A reason is a sentence, not a shrug.
_SHORTEST_REASON = 20


def problems(catalogue: Catalogue, marks: Sequence[Mark]) -> list[str]:
    """One sentence for each thing that is wrong; an empty list when nothing is."""
    shown = {mark.id for mark in marks if mark.catalogue == catalogue.mark}
    return [*_repeated(catalogue), *(text for one in catalogue for text in _of(one, shown)), *_astray(catalogue, marks)]


def _repeated(catalogue: Catalogue) -> Iterator[str]:
    counts = Counter(requirement.id for requirement in catalogue)
    return (f"{identity} stands in the catalogue {times} times" for identity, times in counts.items() if times > 1)


def _of(requirement: Requirement, shown: set[str]) -> Iterator[str]:
    reasons = [reason for reason in (requirement.because, requirement.later) if reason is not None]
    if any(len(reason.strip()) < _SHORTEST_REASON for reason in reasons) or len(reasons) > 1:
        yield f"{requirement.id} needs one reason, in a sentence"
    if requirement.to_be_shown and requirement.id not in shown:
        yield f"{requirement.id} has no test that shows it"
    if requirement.because is not None and requirement.id in shown:
        yield f"{requirement.id} is said not to apply, and a test says it shows it"


def _astray(catalogue: Catalogue, marks: Sequence[Mark]) -> Iterator[str]:
    known = {requirement.id for requirement in catalogue}
    for mark in marks:
        if mark.catalogue != catalogue.mark:
            continue
        if not mark.name:
            yield f"{mark.file}:{mark.line}: `# {mark.catalogue} {mark.id}` stands above no test"
        elif mark.id not in known:
            yield f"{mark.file}:{mark.line}: there is no {mark.catalogue} {mark.id}"
