"""Which words fold so that the sentences, the alliance's total and HbA1c with its axis stand on the first screen. A page cannot measure
itself without a script, so the height is reckoned from the length of what it says, rather too high than too low."""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import ENGLISH, English, Language, Sentence, said
from smart_app.web.languages.english_beneath import Noticing
from smart_app.web.languages.page_language import PageLanguage
from smart_app.web.languages.text_width import columns
from smart_app.web.views.banner import Banner
from smart_app.web.views.dashboard.summary import ChangeLine
from smart_app.web.views.dashboard.talk.signal_lines import ToTalkAbout

# Mean advance of system sans text, of its size.
_ADVANCE = 0.48


class Viewport(Struct, frozen=True, kw_only=True):
    """One window to hold the first screen: its name in the style sheet and the sizes (px) of the parts as `dashboard.css` sets them there.
    `page` is how wide a line across the page is, `text` one of the sentences beside the `column` of buttons. `fixed` is everything whose
    height no text changes: the line of the launch, both plots with their headings and axes, and the space between them. `size` and `line`
    are those of a sentence, `talk` of the line to talk about; a verdict stands `apart`, or goes on in the line of its sentence."""

    name: str
    height: int
    text: int
    page: int
    fixed: int
    heading: int
    button: int
    column: int
    size: int
    line: int
    talk: tuple[int, int]
    apart: bool


# 1280 x 800 in a tab; 1280 x 640 and 1024 x 640, as frames are in practice.
_DESK = Viewport(
    name="d", height=800, text=960, page=1232, fixed=510, heading=24, button=52, column=224, size=17, line=25, talk=(16, 24), apart=True
)
_LOW = Viewport(
    name="l", height=640, text=1008, page=1232, fixed=436, heading=20, button=40, column=200, size=14, line=20, talk=(14, 20), apart=False
)
WINDOWS = (_DESK, _LOW, replace(_LOW, name="n", text=752, page=976))


class NoticeShown(NamedTuple):
    """A notice, and whether there is something to press in it."""

    text: str
    acts: bool


class FirstScreen(Struct, frozen=True, kw_only=True):
    """What a page says above HbA1c: its banner, the line of the `launch` (when it was opened, and by whom), the notices, the line to talk
    about, the sentences, the buttons and what stands with them (the `hint` can fold), notices in the lanes, and what stands with the
    chart: what is `listed` under the alliance's plot, what is `numbered` under either, and by how much both plots are `taller` for it."""

    banner: Banner | None
    launch: Sequence[str]
    notices: Sequence[NoticeShown]
    to_talk: ToTalkAbout | None
    ranges: Sequence[str]
    buttons: Sequence[str]
    beside: Sequence[str]
    hint: str
    in_lanes: Sequence[str]
    lines: Sequence[ChangeLine]
    seen: Sequence[str]
    listed: Sequence[str]
    numbered: Sequence[Sequence[str]]
    taller: int
    language: PageLanguage


def folds(screen: FirstScreen) -> str:
    """The classes by which verdicts (1), what stands with the chart besides (2), and its own axis above the one under HbA1c (3), fold in
    each window that would not hold them; words stay one link away. With f the values behind the sentences open from under the buttons,
    where the heading has no room for them. "" where all of it has room."""
    return " ".join(name for window in WINDOWS for name in _classes(screen, window))


def _classes(screen: FirstScreen, window: Viewport) -> Iterator[str]:
    fold = _fold(screen, window)
    yield from (f"{window.name}{step}" for step in range(1, fold + 1))
    if _opens_aside(screen, window, fold=fold):
        yield f"{window.name}f"


def _fold(screen: FirstScreen, window: Viewport) -> int:
    return next((fold for fold in (0, 1, 2) if reckoned(screen, window, fold=fold) <= window.height), 3)


def reckoned(screen: FirstScreen, window: Viewport, *, fold: int) -> int:
    """How far down HbA1c's axis ends, in pixels, with that much folded."""
    return (
        window.fixed
        + _banner(screen, window)
        + (_rows(screen.launch if window.apart else screen.launch[1:], 12, window.page, screen.language, besides=_LINKS) - 1) * 26
        + sum(_notice(one, screen, window) for one in screen.notices)
        + _opening(screen, window, fold=fold)
        + sum(_rows([one], 12, window.page - _BESIDE_PLOT, screen.language) * 16 + 16 for one in (screen.in_lanes if window.apart else ()))
        + screen.taller
        + sum(_rows(one, 12, window.page - _BESIDE_PLOT, screen.language) * 16 for one in screen.numbered if one)
        + (_rows(screen.listed, 12, window.page - _BESIDE_PLOT, screen.language) * 16 if screen.listed and fold < _SEEN else 0)
        + (_rows([*screen.seen], 12, window.page, screen.language) * 16 if screen.seen and fold < _SEEN else 0)
    )


_SEEN = 2
_BESIDE_PLOT = 530  # label, value, and what a plot keeps free on either side
_LINKS = 640  # the languages, what the line of the launch leads to, and the space between


def _opening(screen: FirstScreen, window: Viewport, *, fold: int) -> int:
    return min(_beside_each_other(screen, window, fold=fold, aside=aside) for aside in (False, True))


def _opens_aside(screen: FirstScreen, window: Viewport, *, fold: int) -> bool:
    """Whether the page is the shorter for it."""
    aside, under_heading = (_beside_each_other(screen, window, fold=fold, aside=aside) for aside in (True, False))
    return aside < under_heading


def _beside_each_other(screen: FirstScreen, window: Viewport, *, fold: int, aside: bool) -> int:
    """The sentences and the buttons, the higher of the two."""
    return max(_said(screen, window, fold=fold, aside=aside), _actions(screen, window, fold=fold, aside=aside))


def _said(screen: FirstScreen, window: Viewport, *, fold: int, aside: bool) -> int:
    heading = [_WHAT_CHANGED, _NO_CAUSE, *screen.ranges, *([] if aside else [_FROM])]
    rows = _rows(heading, 12, window.text, screen.language, besides=16)
    return rows * window.heading + _to_talk(screen, window) + sum(_change(line, screen, window, fold=fold) for line in screen.lines)


# As the template has them, whose texts they are.
_WHAT_CHANGED, _FROM = Sentence("What changed"), Sentence("Where this comes from")
_NO_CAUSE = Sentence("One timeline. One person’s history cannot show that one thing caused another.")


def _width(text: str, size: int) -> float:
    return columns(text) * size * _ADVANCE


def _rows(texts: Iterable[str], size: int, across: int, language: Language, *, besides: float = 0) -> int:
    """How many lines the texts take one behind the other, with `besides` pixels more."""
    return max(1, ceil((sum(_width(said(text, language), size) + size for text in texts) + besides) / across))


def _banner(screen: FirstScreen, window: Viewport) -> int:
    """What a long name takes more than the one row that `fixed` holds."""
    if screen.banner is None:
        return 0
    facts = [f"{fact.label} {said(fact.value, screen.language)}" for fact in screen.banner.facts]
    name, rest = _width(said(screen.banner.name, screen.language), 17) * _CAPITALS, sum(_width(one, 15) + 24 for one in facts)
    rows = ceil(name / window.page) + (0 if name % window.page + rest <= window.page else ceil(rest / window.page))
    return (rows - 1) * (28 if window.apart else 24)


_CAPITALS = 1.35


def _notice(one: NoticeShown, screen: FirstScreen, window: Viewport) -> int:
    rows = _rows([one.text], 14, window.page - 48, screen.language, besides=180 if one.acts else 0)
    return rows * 20 + (28 if window.apart else 10) + (16 if one.acts else 0)


def _to_talk(screen: FirstScreen, window: Viewport) -> int:
    if screen.to_talk is None:
        return 0
    size, height = window.talk
    lines = [[line.lead, line.said] for line in screen.to_talk.lines] + [[one.said] for one in screen.to_talk.aside]
    return sum(_rows(one, size, window.text - 16, screen.language) * height + 34 for one in lines)


def _actions(screen: FirstScreen, window: Viewport, *, fold: int, aside: bool) -> int:
    small = [*screen.beside, *([screen.hint] if screen.hint and window.apart and not fold else [])]
    rows = [_rows([one], 14, window.column - _IN_BUTTON, screen.language) for one in screen.buttons]
    buttons = sum(window.button + (one - 1) * 20 for one in rows)
    return buttons + sum(_rows([one], 12, window.column, screen.language) * 16 + 8 for one in small) + (22 if aside else 0)


_IN_BUTTON = 28


def _change(line: ChangeLine, screen: FirstScreen, window: Viewport, *, fold: int) -> int:
    small = list(_small(line, window, folded=fold > 0 and bool(line.why)))
    english = sum(_english(one, screen, window) for one in (line.text, *small))
    if not window.apart:
        besides = sum(_width(said(one, screen.language), 12) + 6 for one in small) + 30
        return _rows([line.text], window.size, window.text, screen.language, besides=besides) * window.line + english
    apart = _rows(small, 12, window.text, screen.language, besides=30) * 17 if small else 0
    return _rows([line.text], window.size, window.text, screen.language) * window.line + apart + english


def _english(text: str, screen: FirstScreen, window: Viewport) -> int:
    """What the English beneath takes, where it stands there."""
    if not isinstance(text, Sentence) or isinstance(screen.language, English):
        return 0
    noticing = Noticing(screen.language)
    text.said(noticing)
    return _rows([str(text)], 13, window.text, ENGLISH) * 19 if noticing.needs_english else 0


def _small(line: ChangeLine, window: Viewport, *, folded: bool) -> Iterator[str]:
    if line.verdict and not folded:
        yield line.verdict
    if line.beside and window.apart and not folded:
        yield line.beside
