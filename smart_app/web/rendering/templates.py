"""Turns a view model into a page. A template sees `view`, `csrf`, `tab`, `asset`, `sheet`, `theme`, `language` and `switch`, and no more.

Each language has templates of its own, compiled when it is first asked for: what stands in them is said when they are compiled or through
the catalogue (`{% trans %}`), and a `Sentence` where it is put out. In English a sentence is its own text, so nothing is done to it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from flask import Response, g, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.ext import InternationalizationExtension
from jinja2.parser import Parser
from markupsafe import Markup, escape
from msgspec import Struct, field

from fhir_mappings.sentence import ENGLISH, Language, Sentence
from smart_app.assets import templates_dir
from smart_app.web.charts.plot import Symbol
from smart_app.web.languages.english_beneath import Noticing, say, with_english_beneath
from smart_app.web.languages.offered_languages import language_name
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.languages.unbroken import pieces_of
from smart_app.web.languages.undivided_dates import with_undivided_dates
from smart_app.web.rendering.ehr_theme import Themes
from smart_app.web.rendering.spoken_language import SpokenLanguages
from smart_app.web.rendering.static_files import LANGUAGES_IN_PAGE, SCRIPT_IN_PAGE, SHEET_IN_PAGE, TURNING_IN_PAGE, StaticFiles
from smart_app.web.session.tab import Tab

_ENVIRONMENTS: dict[str, Environment] = {}


def environment(language: PageLanguage = ENGLISH_PAGE) -> Environment:
    """Templates that escape everything and stop at any name that is not there. One for a language in a process, so that each is compiled
    once."""
    found = _ENVIRONMENTS.get(language.code)
    if found is None:
        found = _ENVIRONMENTS.setdefault(language.code, _environment(language))
    return found


def _environment(language: PageLanguage) -> Environment:
    speaking = Speaking(language=with_undivided_dates(language))
    made = Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=[SaidWhenCompiled],
        finalize=None if language is ENGLISH_PAGE else speaking.put_out,
    )
    made.policies["ext.i18n.trimmed"] = True
    # A place of `{% trans %}` may hold a sentence, which Jinja's own callables would put in in English.
    made.newstyle_gettext = True  # type: ignore[attr-defined]  # of the extension
    made.globals.update(gettext=speaking.gettext, ngettext=speaking.ngettext, language=language, other_language=speaking.other_language)
    made.filters["body"] = table_body if language is ENGLISH_PAGE else speaking.table_body
    made.filters["heads"] = table_heads if language is ENGLISH_PAGE else speaking.table_heads
    made.filters["marks"] = marks
    made.filters["pieces"] = speaking.pieces
    return made


class SaidWhenCompiled(InternationalizationExtension):
    """`{% trans %}` as Jinja has it, but that a text without places is part of the template as it is compiled, since each language has
    templates of its own: to say all of a dashboard's anew for each page took a quarter of its rendering."""

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """One block."""
        parsed = super().parse(parser)
        match parsed:
            case nodes.Output(nodes=[nodes.Call(node=nodes.Name(name="gettext"), args=[nodes.Const(value=text)], kwargs=[])]):
                said_now = self.environment.globals["gettext"](text)  # type: ignore[operator]  # ours
                return nodes.Output([nodes.TemplateData(str(said_now))], lineno=parsed.lineno)
            case _:
                return parsed


class Speaking(Struct, frozen=True, kw_only=True):
    """What templates put out, in a language. `plain` keeps the texts without places that expressions of templates have."""

    language: PageLanguage
    plain: dict[str, Markup] = field(default_factory=dict)

    def put_out(self, value: object) -> object:
        """Sentences in the language, everything else as it is."""
        return say(value, self.language) if isinstance(value, Sentence) else value

    def gettext(self, text: str, **values: object) -> Markup:
        """A text of a template, its markup and all."""
        if values:
            return self._filled(Noticing(self.language), lambda language: language.text(text), values)
        found = self.plain.get(text)
        if found is None:
            found = self.plain[text] = self._filled(Noticing(self.language), lambda language: language.text(text), values)
        return found

    def ngettext(self, one: str, many: str, number: int, **values: object) -> Markup:
        """The form that goes with the number."""
        return self._filled(Noticing(self.language), lambda language: language.counted(one, many, number), values)

    def other_language(self, code: str) -> str:
        """What a language is called that the page does not speak, "" for the page's own, of whatever region."""
        return "" if code.partition("-")[0] == self.language.code.partition("-")[0] else language_name(code, self.language)

    def table_body(self, rows: Sequence[Sequence[str]], opens: Sequence[str] = ()) -> Markup:
        """As in English, each sentence said first."""
        return table_body([[say(cell, self.language) for cell in row] for row in rows], opens)

    def table_heads(self, head: Sequence[str], opens: Sequence[str]) -> Markup:
        """The same."""
        return table_heads([say(cell, self.language) for cell in head], opens)

    def pieces(self, sentence: str) -> list[str]:
        """The sentence in pieces, of which every second one stays on one line; what is no sentence is one piece."""
        return pieces_of(sentence, self.language) if isinstance(sentence, Sentence) else [sentence]

    def _filled(self, noticing: Noticing, text_in: Callable[[Language], str], values: Mapping[str, object]) -> Markup:
        words = _put_in(text_in(noticing), {name: _said(value, noticing) for name, value in values.items()})
        if not noticing.needs_english:
            return words
        return Markup(words + noticing.beneath(_put_in(text_in(ENGLISH), values)))  # noqa: S704 - both are markup


def _said(value: object, language: Language) -> object:
    return value.said(language) if isinstance(value, Sentence) else value


def _put_in(text: str, values: Mapping[str, object]) -> Markup:
    return Markup(text) % values  # noqa: S704 - of a template or a catalogue


# ASCII's own marks between two cells and between two rows.
_CELL, _ROW = "\x1f", "\x1e"
# What HTML may not hold, not even escaped (HTML 13.1.3): controls, noncharacters, and halves of surrogate pairs, which could not be sent.
_NO_CHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_UNFIT = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]")
# Nearly every page is of these throughout, and to see that takes a twentieth of the time that looking for the others does.
_FIT = re.compile("[\t\n\r -~\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd]*")


def table_body(rows: Sequence[Sequence[str]], opens: Sequence[str] = ()) -> Markup:
    """The rows of a table of two columns or more, the first cell heading each row, and leading to where it `opens`. All of it is escaped in
    one go: a dashboard has thousands of cells, and escaping them one by one takes half of its rendering."""
    if not rows:
        return Markup()
    text = _joined(rows)
    if (text.count(_CELL), text.count(_ROW)) != (sum(map(len, rows)) - len(rows), len(rows) - 1):
        text = _joined([[cell.replace(_CELL, " ").replace(_ROW, " ") for cell in row] for row in rows])
    escaped = str(escape(text)).split(_ROW)
    if opens:
        escaped = [
            _CELL.join((_leading(first, to), rest))
            for (first, _, rest), to in zip((row.partition(_CELL) for row in escaped), opens, strict=True)
        ]
    headed = [row.replace(_CELL, "</th><td>", 1) for row in escaped]
    body = '</td></tr>\n<tr><th scope="row">'.join(headed).replace(_CELL, "</td><td>")
    return Markup(f'<tr><th scope="row">{body}</td></tr>\n')  # noqa: S704 - every text in it went through `escape`


def table_heads(head: Sequence[str], opens: Sequence[str]) -> Markup:
    """The head of a table whose cells lead somewhere ("" nowhere)."""
    cells = [_leading(str(escape(cell)), to) for cell, to in zip(head, opens, strict=True)]
    return Markup("".join(f'<th scope="col">{cell}</th>' for cell in cells))  # noqa: S704 - every text in it went through `escape`


def _leading(escaped: str, to: str) -> str:
    return f'<a href="{escape(to)}">{escaped}</a>' if to else escaped


def _joined(rows: Sequence[Sequence[str]]) -> str:
    return _ROW.join([_CELL.join(row) for row in rows])


def marks(symbols: Iterable[Symbol]) -> Markup:
    """The symbols of a plot. Nothing in them comes from a record: shapes are names of ours, places are numbers."""
    return Markup("".join([f'<use href="#{shape}" x="{x}" y="{y}"/>' for shape, x, y in symbols]))  # noqa: S704


class Pages(Struct, frozen=True, kw_only=True):
    """Renders pages."""

    static: StaticFiles
    themes: Themes
    spoken: SpokenLanguages

    def page(
        self, template: str, view: object, *, csrf: str = "", tab: Tab | None = None, status: int = 200, by_form: bool = False
    ) -> Response:
        """The page of one view model; `tab` where it belongs to a launch, `by_form` where its form brings it back in another language."""
        language = self.spoken.decide()
        found = environment(language).get_template(f"pages/{template}.html")
        parts = {"asset": self._asset, "sheet": self._sheet, "script": self._script, "theme": self._theme(), "nonce": g.nonce}
        parts["switch"] = self.spoken.switch(by_form=by_form)
        text = with_english_beneath(found.render(view=view, csrf=csrf, tab=tab, **parts))
        fit = text if _FIT.fullmatch(text) else _UNFIT.sub("\ufffd", text)
        response = Response(fit, status=status, mimetype="text/html", headers={"Content-Language": language.code})
        if g.get("language_by_browser"):
            response.vary.add("Accept-Language")
        return response

    def _theme(self) -> Markup:
        """The EHR's colours and type, on pages of a launch that has them."""
        context = g.get("entered")
        theme = self.themes.of(context) if context else None
        return Markup(theme.css if theme else "")  # noqa: S704 - made of our own words and of numbers

    def _asset(self, name: str) -> str:
        return f"{request.root_path}{self.static.address(name)}"

    def _sheet(self, *, languages: bool = False) -> Markup:
        """The stylesheets that may stand in a page; with the one of `languages` where there is more than English."""
        names = (SHEET_IN_PAGE, LANGUAGES_IN_PAGE) if languages else (SHEET_IN_PAGE,)
        return Markup("".join(map(self.static.text, names)))  # noqa: S704 - files of ours

    def _script(self, *, turning: object = None) -> Markup:
        """The script that may stand in a page; with the one of `turning` where it has screens to turn to."""
        names = (SCRIPT_IN_PAGE, TURNING_IN_PAGE) if turning else (SCRIPT_IN_PAGE,)
        return Markup("\n".join(map(self.static.text, names)))  # noqa: S704 - files of ours
