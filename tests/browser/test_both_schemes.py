"""What is wrong in one colour scheme alone, or in none of its colours, is found where both are looked at on one page."""

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.accessible import check_in_both_schemes

pytestmark = pytest.mark.system
PHONE: ViewportSize = {"width": 320, "height": 640}
SOUND = """<!doctype html><html lang="en"><head><title>A page</title><style>
:root { color-scheme: light dark; --ink: #111; --page: #fff } body { margin: 0; color: var(--ink); background: var(--page) }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --page: #000 } }
</style></head><body><main><h1>A page</h1><p>Words</p></main></body></html>"""


def test_a_sound_page_is_let_through(tab: Page) -> None:
    tab.set_content(SOUND)
    check_in_both_schemes(tab, "both-schemes", phone=PHONE)


@pytest.mark.parametrize(
    ("instead", "of", "found"),
    [
        ("--ink: #bbb; --page: #fff", "--ink: #111; --page: #fff", "color-contrast"),
        ("--ink: #333; --page: #000", "--ink: #eee; --page: #000", "color-contrast"),
        ("<img src='data:,'>Words", "Words", "image-alt"),
        ("<span style='display: block; width: 400px'>Words</span>", "Words", "400"),
        (
            "<style>.phone { color: #888 } @media (min-width: 600px) { .phone { display: none } }</style><b class='phone'>Words</b>",
            "Words",
            "color-contrast",
        ),
    ],
    ids=["light", "dark", "neither", "wide", "narrow-alone"],
)
def test_what_is_wrong_in_one_scheme_or_in_both_is_found(tab: Page, instead: str, of: str, found: str) -> None:
    tab.set_content(SOUND.replace(of, instead))
    with pytest.raises(AssertionError, match=found):
        check_in_both_schemes(tab, "both-schemes", phone=PHONE)
