"""The drawn people: a level of their own, how the day is, and what varies from item to item, rounded and kept within the answers 1 to 5."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Answers = NDArray[np.int8]
FEWEST, MOST = 3, 8
RETESTS = (0.55, 0.70, 0.775, 0.85)


class Spread(NamedTuple):
    """Of the latent view: its mean, and the standard deviations between people, from day to day, and from item to item."""

    mean: float
    person: float
    day: float
    item: float


class Form(NamedTuple):
    """A form of 1 to 5 as the people answer it. `spreads` by retest: found by trying until scores had mean 4.2, SD 0.73, alpha .94 and that
    retest. `drops` are how far the view falls so that the score falls by one SD and by one and a half on average (at retest .775)."""

    slug: str
    items: int
    spreads: Mapping[float, Spread]
    drops: tuple[float, float]


CHECK_IN = Form(
    "rapport-check-in",
    9,
    {
        0.55: Spread(4.377, 0.731, 0.591, 0.585),
        0.70: Spread(4.376, 0.816, 0.460, 0.584),
        0.775: Spread(4.376, 0.855, 0.380, 0.585),
        0.85: Spread(4.373, 0.891, 0.280, 0.582),
    },
    (0.882, 1.277),
)
WAI_SR = Form(
    "wai-sr",
    12,
    {
        0.55: Spread(4.447, 0.775, 0.629, 0.740),
        0.70: Spread(4.447, 0.868, 0.490, 0.741),
        0.775: Spread(4.447, 0.910, 0.405, 0.742),
        0.85: Spread(4.446, 0.950, 0.298, 0.742),
    },
    (0.934, 1.346),
)
FORMS = (CHECK_IN, WAI_SR)


class Course(NamedTuple):
    """A change of view: how much of the drop has come at each visit, whether it is the larger one, the first visit that it touches and the
    one at which it is complete, from 0."""

    name: str
    shares: tuple[float, ...]
    larger: bool
    begins: int
    complete: int


COURSES = (
    Course("drop of one SD at visit 4 of 6", (0, 0, 0, 1, 1, 1), larger=False, begins=3, complete=3),
    Course("slow, 1.5 SD over visits 1 to 5 of 6", (0, 0.25, 0.5, 0.75, 1, 1), larger=True, begins=1, complete=4),
    Course("slow, 1.5 SD over visits 3 to 7 of 8", (0, 0, 0, 0.25, 0.5, 0.75, 1, 1), larger=True, begins=3, complete=6),
)


def answered(
    chance: np.random.Generator, spread: Spread, size: tuple[int, int, int], *, shift: float = 0, course: Course | None = None
) -> Answers:
    """The answers by person, visit and item."""
    people, visits, items = size
    days = spread.mean + spread.person * chance.standard_normal((people, 1)) + spread.day * chance.standard_normal((people, visits))
    if course is not None:
        days -= shift * np.array(course.shares)
    each = days[:, :, None] + spread.item * chance.standard_normal((people, visits, items))
    return np.clip(np.rint(each), 1, 5).astype(np.int8)


def unchanged(seed: int, form: Form, retest: float, people: int) -> list[Answers]:
    """People whose view never changes, with three to eight visits in two years, those of as many visits together."""
    chance = np.random.default_rng([seed, form.items, round(1000 * retest)])
    visits = chance.integers(FEWEST, MOST + 1, people)
    sizes = [(int((visits == many).sum()), many, form.items) for many in range(FEWEST, MOST + 1)]
    return [answered(chance, form.spreads[retest], size) for size in sizes]


def changed(seed: int, form: Form, retest: float, people: int, course: Course) -> Answers:
    """People whose view takes that course."""
    chance = np.random.default_rng([seed, form.items, round(1000 * retest), COURSES.index(course) + 1])
    size = (people, len(course.shares), form.items)
    return answered(chance, form.spreads[retest], size, shift=form.drops[course.larger], course=course)
