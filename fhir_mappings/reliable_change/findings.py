"""What may be said about change: one frozen value for each rule, with everything it was computed from, and what could not be said.

Facts alone: numbers, points and codes. `fhir_mappings.reliable_change.change_sentences` has the sentences for people,
`docs/reliable-change.md` the rules and what they do not mean.
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from fhir_mappings.reliable_change.measurement_error import Choice, Level, Precision, Threshold
from fhir_mappings.reliable_change.score_series import Gap, ScorePoint

Rule = Literal["previous", "baseline", "peak", "own-range", "left-ceiling", "item-fall"]
Moved = Literal["fell", "rose", "stayed"]
# Why a rise is worth little: every item answered alike, or the score already at its best end.
Badge = Literal["straight-line", "at-ceiling"]
# What a reader must know beside a finding: nobody vouches for the scoring key; a score is prorated; a rating's language is not recorded;
# the form's error is assumed, or the site's own; the published figure is too lenient (alpha), was measured over an interval that visits may
# exceed, or is unchecked; the best of several scores is partly luck; the scale leaves no room for a rise, or a fall, beyond
# chance; it is an observation, which has no error to be measured by.
Caveat = Literal[
    "key",
    "prorated",
    "language-unknown",
    "assumed",
    "site",
    "optimistic",
    "interval",
    "unverified",
    "lucky-peak",
    "no-room-to-rise",
    "no-room-to-fall",
    "observation",
]
WhyNotSaid = Literal[
    "too_few_points",
    "latest_not_scored",
    "no_reliability",
    "choice_unknown",
    "reliability_incomplete",
    "direction_unknown",
    "no_answers",
]


class Reference(Struct, frozen=True, kw_only=True):
    """What the latest score is compared with: one score, or the mean of `points`."""

    value: Decimal
    points: tuple[ScorePoint, ...]


class ScoreChange(Struct, frozen=True, kw_only=True):
    """The latest score against a reference, by one rule.

    `after` is the latest point and `score` its number; `n` counts the scores in the series. `change` is `score` less the
    reference, in the score's own points. `worse` is None where nothing moved or the instrument does not say which end is better.
    `reached` is the highest threshold the change exceeds; `thresholds` are in rising order, empty where the rule needs none.
    `precision` is the published entry used, `spread` this person's own standard deviation where five earlier scores give one.
    `claimed`: the change may be spoken of as one; `held_back` says why it may not, although a threshold was exceeded. `observed`: the rule
    saw what it looks for, without any error to measure it by. It may be shown; it is never claimed.
    """

    rule: Rule
    scale: str
    before: Reference
    after: ScorePoint
    score: Decimal
    n: int
    change: Decimal
    moved: Moved
    worse: bool | None
    thresholds: tuple[Threshold, ...]
    reached: Level | None
    precision: Precision | None
    spread: Decimal | None
    claimed: bool
    held_back: Badge | None
    caveats: tuple[Caveat, ...]
    observed: bool = False


class ItemStep(Struct, frozen=True, kw_only=True):
    """One item that moved for the worse by `options` options: the option values before and after, as answered."""

    link_id: str
    number: int
    before: int
    after: int
    options: int


class ItemFall(Struct, frozen=True, kw_only=True):
    """The items of the scale that fell by two options or more between the two latest responses; none is an answer too. `compared`
    items were answered in both. `observed`: one did. No error stands behind it, so it is never `claimed`."""

    rule: Rule
    scale: str
    before: ScorePoint
    after: ScorePoint
    n: int
    compared: int
    items: tuple[ItemStep, ...]
    observed: bool
    caveats: tuple[Caveat, ...]
    claimed: Literal[False] = False


class Shortage(Struct, frozen=True, kw_only=True):
    """Too few scores: `have` of the `needed`, counting those of the whole series or the ones before the latest."""

    have: int
    needed: int
    counted: Literal["all", "earlier"]


class NotSaid(Struct, frozen=True, kw_only=True):
    """A rule that could not be applied, and why: a stable `code`, with the `shortage` where scores are too few, and the reliability
    entry that was asked for, where there was a `choice`."""

    rule: Rule
    code: WhyNotSaid
    shortage: Shortage | None = None
    choice: Choice = None


class Findings(Struct, frozen=True, kw_only=True):
    """Everything that may be said about the latest point of one series; `n` counts its scores, `gaps` are the ratings without one."""

    scale: str
    n: int
    findings: tuple[ScoreChange | ItemFall, ...]
    not_said: tuple[NotSaid, ...]
    badges: tuple[Badge, ...]
    gaps: tuple[Gap, ...]
