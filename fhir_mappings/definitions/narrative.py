"""What a definition says to a person who looks at it in a server's UI: safe XHTML made of escaped sentences, lists and tables.

https://hl7.org/fhir/R4/narrative.html#xhtml
"""

from collections.abc import Iterable, Sequence
from html import escape

from fhir_mappings.r4.json_types import Json


def narrative(title: str, parts: Iterable[str], *, language: str | None) -> Json:
    """A generated narrative: the title and what `heading`, `paragraph`, `table` made. The sentences are English; where the resource is in
    another `language` they say so themselves, because the outer element has to agree with the resource."""
    body = "".join([f"<h2>{escape(title)}</h2>", *parts])
    if language is None:
        return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}
    if not language.startswith("en"):
        body = f'<div lang="en" xml:lang="en">{body}</div>'
    tag = escape(language)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml" lang="{tag}" xml:lang="{tag}">{body}</div>'}


def paragraph(sentence: str) -> str:
    """One paragraph; nothing for an empty sentence."""
    return f"<p>{escape(sentence)}</p>" if sentence else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a head."""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
