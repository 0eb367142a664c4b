"""`python -m tests.documentation`: write the pages made from the code anew."""

from pathlib import Path

import click

from tests.documentation.generated_pages import generated_pages

_ROOT = Path(__file__).parents[2]


def main() -> None:
    """Write each page into docs/."""
    for name, text in generated_pages().items():
        page = _ROOT / "docs" / name
        page.write_text(text, encoding="utf-8")
        click.echo(f"wrote {page.relative_to(_ROOT)}")


main()
