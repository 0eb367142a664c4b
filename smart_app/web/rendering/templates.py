"""Turns a view model into a page. A template sees `view`, `csrf`, `tab`, `asset`, `sheet` and `theme`, and nothing else."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from flask import Response, g, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from msgspec import Struct

from smart_app.assets import templates_dir
from smart_app.web.charts.plot import Symbol
from smart_app.web.rendering.ehr_theme import Themes
from smart_app.web.rendering.static_files import SCRIPT_IN_PAGE, SHEET_IN_PAGE, StaticFiles
from smart_app.web.session.tab import Tab


@cache
def environment() -> Environment:
    """Templates that escape everything and stop at any name that is not there. One in a process, so that each is compiled once."""
    made = Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["body"] = table_body
    made.filters["marks"] = marks
    return made


# ASCII's own marks between two cells and between two rows.
_CELL, _ROW = "\x1f", "\x1e"
# What HTML may not hold, not even escaped (HTML 13.1.3): controls, noncharacters, and halves of surrogate pairs, which could not be sent.
_NO_CHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_UNFIT = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]")
# Nearly every page is of these throughout, and to see that takes a twentieth of the time that looking for the others does.
_FIT = re.compile("[\t\n\r -~\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd]*")


def table_body(rows: Sequence[Sequence[str]]) -> Markup:
    """The rows of a table of two columns or more, the first cell heading each row. All of it is escaped in one go: a dashboard has
    thousands of cells, and escaping them one by one takes half of its rendering."""
    if not rows:
        return Markup()
    text = _joined(rows)
    if (text.count(_CELL), text.count(_ROW)) != (sum(map(len, rows)) - len(rows), len(rows) - 1):
        text = _joined([[cell.replace(_CELL, " ").replace(_ROW, " ") for cell in row] for row in rows])
    headed = [row.replace(_CELL, "</th><td>", 1) for row in str(escape(text)).split(_ROW)]
    body = '</td></tr>\n<tr><th scope="row">'.join(headed).replace(_CELL, "</td><td>")
    return Markup(f'<tr><th scope="row">{body}</td></tr>\n')  # noqa: S704 - every text in it went through `escape`


def _joined(rows: Sequence[Sequence[str]]) -> str:
    return _ROW.join([_CELL.join(row) for row in rows])


def marks(symbols: Iterable[Symbol]) -> Markup:
    """The symbols of a plot. Nothing in them comes from a record: shapes are names of ours, places are numbers."""
    return Markup("".join([f'<use href="#{shape}" x="{x}" y="{y}"/>' for shape, x, y in symbols]))  # noqa: S704


class Pages(Struct, frozen=True, kw_only=True):
    """Renders pages."""

    environment: Environment
    static: StaticFiles
    themes: Themes

    def page(self, template: str, view: object, *, csrf: str = "", tab: Tab | None = None, status: int = 200) -> Response:
        """The page of one view model; `tab` where it belongs to a launch."""
        found = self.environment.get_template(f"pages/{template}.html")
        parts = {"asset": self._asset, "sheet": self._sheet, "script": self._script, "theme": self._theme(), "nonce": g.nonce}
        text = found.render(view=view, csrf=csrf, tab=tab, **parts)
        fit = text if _FIT.fullmatch(text) else _UNFIT.sub("\ufffd", text)
        return Response(fit, status=status, mimetype="text/html")

    def _theme(self) -> Markup:
        """The EHR's colours and type, on pages of a launch that has them."""
        context = g.get("entered")
        theme = self.themes.of(context) if context else None
        return Markup(theme.css if theme else "")  # noqa: S704 - made of our own words and of numbers

    def _asset(self, name: str) -> str:
        return f"{request.root_path}{self.static.address(name)}"

    def _sheet(self) -> Markup:
        """The stylesheet that may stand in a page."""
        return Markup(self.static.text(SHEET_IN_PAGE))  # noqa: S704 - a file of ours

    def _script(self) -> Markup:
        """The script that may stand in a page."""
        return Markup(self.static.text(SCRIPT_IN_PAGE))  # noqa: S704 - a file of ours
