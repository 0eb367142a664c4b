"""`python -m tests.documentation.pictures [FOLDER]`: take the pictures that README and docs show anew, into docs/ or another folder.

They are of the demo: its EHR, its invented patients, in Debian's Chromium. The patients' dates count from today, so that no two days'
pictures are alike."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import click
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.stands import Clinic, clinic

_DOCS = Path(__file__).parents[2] / "docs"
# Milliseconds.
_PATIENCE = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A patient's chart in the EHR with Rapport in it, as a window of this size shows it."""

    patient: str
    width: int
    height: int


# By the file's name in docs/.
PICTURES = {"dashboard.png": Picture(patient="steady-slide", width=1280, height=972)}


def taken(picture: Picture, browser: Browser, standing: Clinic) -> bytes:
    """The picture as PNG."""
    context = browser.new_context(viewport={"width": picture.width, "height": picture.height})
    try:
        page = context.new_page()
        page.set_default_timeout(_PATIENCE)
        page.goto(f"{standing.stand.ehr}/chart/{picture.patient}")
        dashboard = page.frame_locator("iframe.app")
        expect(dashboard.locator("#sources")).to_be_attached(timeout=_PATIENCE)
        # The EHR makes the frame as high as the page in it.
        page.wait_for_load_state("networkidle")
        return page.screenshot()
    finally:
        context.close()


def main(folder: Path) -> None:
    """Write each picture into the folder."""
    with clinic() as standing, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for name, picture in PICTURES.items():
            (folder / name).write_bytes(taken(picture, browser, standing))
            click.echo(f"wrote {folder / name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _DOCS)
