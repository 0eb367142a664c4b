"""`python -m tests.conformance`: write the pages anew."""

import click

from tests.conformance.catalogue import catalogues
from tests.conformance.evidence import TESTS, collect
from tests.conformance.page import page_of

_DOCS = TESTS.parent / "docs"


def main() -> None:
    """Write one page for each catalogue."""
    marks = collect()
    for catalogue in catalogues():
        page = _DOCS / catalogue.page
        page.write_text(page_of(catalogue, marks), encoding="utf-8")
        click.echo(f"wrote {page.relative_to(_DOCS.parent)}")


main()
