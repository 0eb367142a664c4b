"""The texts in templates' sources that no translation reaches: in text nodes and attributes that are read, and in expressions."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

# Attributes that people read or hear, and those that scripts and style sheets make texts of.
_READ = re.compile(r"alt|label|placeholder|title|aria-(label|description|roledescription|valuetext)|data-.*")
_TRANSLATED = re.compile(r"\{%-?\s*trans\b.*?\bendtrans\s*-?%\}", re.DOTALL)
_SYNTAX = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
# Of a template that gives attributes to another one's tag.
_LOOSE = re.compile(r"([a-z-]+)=\"([^\"<>]*)\"")
_ENTITY = re.compile(r"&#?\w+;")
_NO_TEXT = frozenset({"script", "style"})


def untranslated(environment: Environment, name: str) -> list[str]:
    """`12: Close` for each, in a template by name: what stands in its HTML, then the constants of its expressions that are no argument of
    `gettext` and no name of a template or of something to import."""
    assert environment.loader is not None
    source = environment.loader.get_source(environment, name)[0]
    html = _Html()
    html.feed(_SYNTAX.sub(_blank, _TRANSLATED.sub(_blank, source)))
    html.close()
    return [*html.found, *_constants(environment.parse(source))]


def _blank(found: re.Match[str]) -> str:
    """As many lines of nothing."""
    return "\n" * found[0].count("\n")


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        pressed = tag == "input" and dict(attrs).get("type") in {"submit", "button", "reset"}
        for name, value in attrs:
            if _READ.fullmatch(name) or (pressed and name == "value"):
                self._text(value or "", 0)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in _NO_TEXT:
            for attribute in _LOOSE.finditer(data):
                self.handle_starttag("", [(attribute[1], attribute[2])])
            text = _LOOSE.sub("", data)
            self._text(text.strip(), text[: len(text) - len(text.lstrip())].count("\n"))

    def _text(self, text: str, further: int) -> None:
        if any(sign.isalpha() for sign in _ENTITY.sub("", text)):
            self.found.append(f"{self.getpos()[0] + further}: {text.strip()}")


def _constants(tree: nodes.Node) -> Iterator[str]:
    """Template data is HTML, and was looked at as such."""
    for node in tree.iter_child_nodes():
        match node:
            case nodes.Call(node=nodes.Name(name="gettext" | "ngettext")):
                yield from (one for given in node.kwargs for one in _constants(given))
            case nodes.Include() | nodes.Extends() | nodes.FromImport() | nodes.Import() | nodes.TemplateData():
                pass
            case nodes.Const(value=str(text)) if any(sign.isalpha() for sign in text):
                yield f"{node.lineno}: {text}"
            case _:
                yield from _constants(node)
