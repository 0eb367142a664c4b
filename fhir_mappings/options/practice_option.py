"""What a clinician may try: one plain sentence, when it fits, how well founded it is, and from where. Data only; files become these in
`option_files`."""

from typing import Literal

from msgspec import Struct

# What an option is about: an element of the alliance, how a strain shows, or whatever it is.
OptionElement = Literal["goal", "task", "bond", "withdrawal", "confrontation", "hurtful", "any"]
ELEMENTS: tuple[OptionElement, ...] = ("goal", "task", "bond", "withdrawal", "confrontation", "hurtful", "any")
# A trial in diabetes or elsewhere, an observation in diabetes or elsewhere, a consensus of experts, our own.
Strength = Literal["T", "t", "O", "o", "C", "G"]
# How a source was looked up: read in its own page, its abstract read, reported by another page, our own.
LookedUp = Literal["R", "A", "S", "G"]


class OptionSource(Struct, frozen=True, kw_only=True):
    """What an option rests on: as it is cited, how it was looked up, and where it can be read ("" where no address was)."""

    key: str
    cite: str
    mark: LookedUp
    address: str = ""


class PracticeOption(Struct, frozen=True, kw_only=True):
    """One option. `when` says when it fits, `basis` what its sources found, `caution` what to mind ("" without). `language` is that of a
    site's own words, None of those that ship, which are said in any."""

    id: str
    element: OptionElement
    sentence: str
    when: str
    strength: tuple[Strength, ...]
    basis: str
    sources: tuple[OptionSource, ...]
    caution: str = ""
    language: str | None = None


class GuideToRead(Struct, frozen=True, kw_only=True):
    """A guide that is linked and not cited: nothing is taken from it."""

    title: str
    by: str
    address: str


class OptionBook(Struct, frozen=True, kw_only=True):
    """All options of one site, in the order of the file; `after_answer` are the ids of those that follow from a patient's own answer that
    something was difficult."""

    options: tuple[PracticeOption, ...]
    after_answer: tuple[str, ...]
    reading: tuple[GuideToRead, ...]

    def about(self, element: OptionElement) -> tuple[PracticeOption, ...]:
        """Those of one element."""
        return tuple(one for one in self.options if one.element == element)

    def get(self, key: str) -> PracticeOption | None:
        """The option of that id."""
        return next((one for one in self.options if one.id == key), None)
