"""A patient's page that nobody has used for a while: no name, no answer, and the way on."""

from msgspec import Struct

from fhir_mappings.sentence import Sentence


class IdleView(Struct, frozen=True, kw_only=True):
    """`refresh` is in how many seconds the page goes to `then`, 0 where it stays."""

    headline: Sentence
    lead: Sentence
    on: str
    refresh: int
    then: str


def still_there_view(*, on: str, then: str, seconds: int) -> IdleView:
    """While there is time."""
    return IdleView(
        headline=Sentence("Are you still there?"),
        lead=Sentence("This page was not used for ten minutes. It closes in two minutes if it is not used."),
        on=on,
        refresh=seconds,
        then=then,
    )


def left_alone_view(*, on: str) -> IdleView:
    """Afterwards."""
    return IdleView(
        headline=Sentence("This page was closed"),
        lead=Sentence(
            "Nobody used it for a while. Answers that were kept wait here until the end of the day: go on and say that you began."
        ),
        on=on,
        refresh=0,
        then="",
    )
