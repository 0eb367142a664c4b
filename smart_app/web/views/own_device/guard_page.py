"""The page of a one-time link before its guard: whose clinic it is, and nothing of anybody."""

from msgspec import Struct

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.sentence import NOTHING, Sentence, counted
from smart_app.store import OneTimeLink

# Whoever opens it says so; it is stored with the answers.
WHO_ANSWERS: dict[Answering, Sentence] = {
    "self": Sentence("I answer myself"),
    "helped": Sentence("I answer myself, with somebody’s help"),
    "proxy": Sentence("I answer for somebody else"),
}
MISSING = "missing"


class WhoAnswers(Struct, frozen=True, kw_only=True):
    """One answer to who answers."""

    code: Answering
    words: Sentence


class GuardView(Struct, frozen=True, kw_only=True):
    """What the page prints. `clinic` is its name, `problem` what is wrong with what was sent."""

    clinic: str
    action: str
    who: tuple[WhoAnswers, ...]
    problem: Sentence = NOTHING


def guard_view(link: OneTimeLink, *, site_name: str, action: str, problem: str = "") -> GuardView:
    """`problem` is what the last try came to: a date that does not fit, or nothing that is one."""
    return GuardView(
        clinic=site_name or link.context.issuer_name,
        action=action,
        who=tuple(WhoAnswers(code=code, words=words) for code, words in WHO_ANSWERS.items()),
        problem=_problem(link, problem),
    )


def _problem(link: OneTimeLink, problem: str) -> Sentence:
    if problem == MISSING:
        return Sentence("Enter the day, the month and the year, and say who answers.")
    if not problem:
        return NOTHING
    return counted(
        "This birth date does not fit. You can try {n} more time; then the link closes.",
        "This birth date does not fit. You can try {n} more times; then the link closes.",
        link.tries,
    )
