"""The printed page as what a typesetter sets: every text said in the page's language, and where lines, marks and labels of the plots stand,
as numbers. It holds what the page holds, and nothing of how it looks."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fhir_mappings.sentence import Sentence, Value, joined
from smart_app.web.charts.plot import Plot, Stroke
from smart_app.web.languages.english_beneath import said_with_english
from smart_app.web.languages.page_language import PageLanguage
from smart_app.web.views.banner import Banner
from smart_app.web.views.dashboard.focus_line import TimeAxis
from smart_app.web.views.parts import Lane
from smart_app.web.views.printed.printed_page import PrintedTable, PrintView
from smart_app.web.views.printed.visit_rows import LastVisits, VisitRow

# A document's title stands in lists of files and in windows: nobody's name is in it.
TITLE = Sentence("Alliance and diabetes history")
KEPT_BACK = Sentence("A rating by the patient is kept back from you until you have rated that visit. Nothing of it is on this page.")
NUMBERED = Sentence("Characters that no font here can draw stand as their Unicode numbers, as in [U+738B].")
FOOT = (
    Sentence("One person’s history cannot show that one thing caused another."),
    Sentence("Rapport does not diagnose and does not rank clinicians."),
)
_PATH = re.compile(r"([A-Za-z])([^A-Za-z]*)")

Words = str | Mapping[str, str]
Place = tuple[float, float]


class Saying:
    """Says things in the page's language."""

    def __init__(self, language: PageLanguage) -> None:
        self.language = language

    def __call__(self, value: Value) -> Words:
        """The words; with their English where that stands beneath."""
        words, english = said_with_english(value, self.language)
        return {"words": words, "english": english} if english else words

    def all(self, values: Iterable[Value]) -> list[Words]:
        """Of several, each that says something."""
        return [self(value) for value in values if value]


def paper(view: PrintView, *, language: PageLanguage) -> dict[str, object]:
    """The page, for the template `printed_page`."""
    say = Saying(language)
    return {
        "lang": language.code,
        "rtl": language.direction == "rtl",
        "title": say(TITLE),
        "banner": _banner(view.banner, say),
        "read": say.all((view.read, Sentence("Signed in: {who}", who=view.context.signed_in))),
        "synthetic": say(Sentence("Synthetic data")) if view.context.synthetic else "",
        "heading": say(Sentence("Alliance and HbA1c")),
        "span": say(view.span),
        "notice": say.all((view.incomplete.title, view.incomplete.text)) if view.incomplete else [],
        "kept_back": say(KEPT_BACK) if view.kept_back else "",
        "numbered": say(NUMBERED),
        "talk": [[say(one.lead), say(one.said)] for one in view.to_talk.lines] if view.to_talk else [],
        "aside": [say(one.said) for one in view.to_talk.aside] if view.to_talk else [],
        "changes": [[say(line.text), *say.all(filter(None, (line.verdict, line.beside)))] for line in view.lines],
        "axis": _axis(view.axis, say),
        "panels": list(_panels(view, say)),
        "visits": visits_table(view.visits, say) if view.visits else None,
        "foot": say.all((*view.not_drawn, *view.small, *FOOT)),
        "page": say(Sentence("Page {page} of {pages}", page="{page}", pages="{pages}")),
        "tables": [_table(one, say) for one in view.tables],
    }


def _banner(banner: Banner, say: Saying) -> dict[str, object]:
    return {
        "name": say(banner.name),
        "facts": [[say(fact.label), say(fact.value)] for fact in banner.facts],
        "deceased": say(banner.deceased) if banner.deceased else "",
        "standing": say(banner.standing),
    }


def _panels(view: PrintView, say: Saying) -> Iterator[dict[str, object]]:
    """The alliance with the axis above it, the HbA1c with the axis beneath: where nothing is drawn there is none."""
    if view.alliance:
        about = joined(" · ", view.alliance.total.about)
        yield _panel(view.alliance.title, view.alliance.direction, about, view.alliance.total, say) | {"above": True}
    elif view.no_alliance:
        yield _panel(view.no_alliance_title, "", "", view.no_alliance, say) | {"above": True}
    if view.hba1c:
        yield _panel(view.hba1c.title, view.hba1c.direction, view.hba1c.standing, view.hba1c.lane, say) | {"above": False}


def _panel(title: Value, direction: Value, about: Value, lane: Lane, say: Saying) -> dict[str, object]:
    return {
        "title": say(title),
        "direction": say(direction),
        "about": say(about),
        "notice": say.all((lane.notice.title, lane.notice.text)) if lane.notice else [],
        "words": say.all((lane.words.lead, *lane.words.lines)) if lane.words else [],
        "plot": _plot(lane.plot, say) if lane.plot else None,
        "under": [[one.number, say(one.words)] for one in lane.not_drawn],
        "listed": say.all(lane.listed),
        "unanswered": say.all(lane.unanswered),
        "alt": _plain(say(lane.alt)),
    }


def _plain(words: Words) -> str:
    """For a place that holds text alone."""
    return words if isinstance(words, str) else f"{words['words']} ({words['english']})"


def _axis(axis: TimeAxis, say: Saying) -> dict[str, object]:
    return {
        "ticks": [{"at": _share(tick.at), "text": say(tick.text), "strong": say(tick.strong)} for tick in axis.ticks],
        "visits": [line[0][0] for line in strokes(axis.visits)] if axis.visits else [],
        "today": _share(axis.today) if axis.today else None,
        "focus": _share(axis.focus) if axis.focus else None,
        "now": say(Sentence("today")),
    }


_NARROW = "narrow"  # what stands in a plot on narrow pages alone


def _plot(plot: Plot, say: Saying) -> dict[str, object]:
    return {
        "height": plot.height,
        "back": [_stroke(each) for each in plot.back],
        "lines": [_stroke(line) for line in plot.lines],
        "symbols": [
            {"style": group.style.split(), "marks": [[one.shape, _share(one.x), float(one.y)] for one in group.symbols]}
            for group in plot.symbols
            if _NARROW not in group.style.split()
        ],
        "dots": [_stroke(dots) for dots in plot.dots],
        "labels": [
            {
                "text": say(label.text),
                "style": label.style.split(),
                "x": _share(label.x),
                "dx": float(label.dx),
                "y": float(label.y),
                "anchor": label.anchor,
            }
            for label in plot.labels
            if _NARROW not in label.style.split()
        ],
        "left": [[float(tick.at), say(tick.text)] for tick in plot.left],
        "right": [[float(tick.at), say(tick.text)] for tick in plot.right],
        "units": [say(plot.units.left), say(plot.units.right)] if plot.units else [],
    }


def _stroke(stroke: Stroke) -> dict[str, object]:
    return {"style": stroke.style.split(), "lines": strokes(stroke.d)}


def _share(percent: str) -> float:
    """A place in percent as a part of one."""
    return float(percent.removesuffix("%")) / 100


def strokes(path: str) -> list[list[Place]]:
    """The lines of a path as the charts write it, each as the places it joins. ValueError for a command that they do not write."""
    found: list[list[Place]] = []
    x = y = 0.0
    for command, numbers in _PATH.findall(path):
        if command in "zZ":
            found[-1].append(found[-1][0])
            continue
        x, y = _moved(command, [float(number) for number in re.findall(r"-?[\d.]+", numbers)], x, y)
        if command in "Mm":
            found.append([])
        found[-1].append((x, y))
    return found


def _moved(command: str, to: Sequence[float], x: float, y: float) -> Place:
    match command, to:
        case (("M" | "L"), [across, down]):
            return across, down
        case (("m" | "l"), [across, down]):
            return x + across, y + down
        case "H", [across]:
            return across, y
        case "h", [across]:
            return x + across, y
        case "V", [down]:
            return x, down
        case "v", [down]:
            return x, y + down
        case _:
            raise ValueError(f"no line of a plot: {command} {to}")


def visits_table(visits: LastVisits, say: Saying) -> dict[str, object]:
    """The table of visits, with what stands above its columns."""
    asks = [say(Sentence("Difficult?"))] if visits.asks else []
    results = [say(Sentence("HbA1c on or before"))] if visits.results else []
    return {
        "title": say(visits.title),
        "head": [say(Sentence("Visit")), say(Sentence("By")), *(say(one) for one in visits.scores), *asks, *results],
        "scores": len(visits.scores),
        "asks": visits.asks,
        "results": visits.results,
        "rows": [_row(row, visits, say) for row in visits.rows],
    }


def _row(row: VisitRow, visits: LastVisits, say: Saying) -> dict[str, object]:
    return {
        "visit": say(row.visit),
        "by": say(row.rater),
        "scores": [say(score) for score in row.scores],
        "words": say(row.words),
        "after": [*([say(row.answer)] if visits.asks else []), *([say(row.result)] if visits.results else [])],
    }


def _table(one: PrintedTable, say: Saying) -> dict[str, object]:
    return {
        "title": say(one.title),
        "summary": say(one.table.summary),
        "head": [say(cell) for cell in one.table.head],
        "rows": [[say(cell) for cell in row] for row in one.table.rows],
    }
