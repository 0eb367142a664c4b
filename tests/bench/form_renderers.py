"""How soon a form can be answered on a slow device and a slow line: ours beside LHC-Forms and the Smart Forms renderer.

All three show the same published Questionnaire and come from one server, packed by gzip. The other two have the Questionnaire in the page
already, and of LHC-Forms' support only that for R4."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser

from fhir_mappings.definitions.questionnaire import questionnaire
from fhir_mappings.instruments.library import load_library
from tests.bench.desk import Desk, desk
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.peer import peer
from tests.bench.slow_device import SLOWDOWN, Line, Opened, chromium, opened
from tests.bench.timing import Pair, Sample, in_turn

GOAL = 8
LINE = Line(megabits=10)
_PEERS = Path(__file__).resolve().parents[1] / "peers"
_LFORMS = _PEERS / "node" / "node_modules" / "lforms" / "dist" / "lforms"
_SMART_FORMS = _PEERS / "smart_forms" / "dist"
_HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Form</title>'
_QUESTIONNAIRE = '<script type="application/json" id="questionnaire">%s</script>'
# As the README of the package says, in its order.
_LFORMS_SCRIPTS = (
    *(f"lforms/webcomponent/{name}.js" for name in ("assets/lib/zone.min", "runtime", "polyfills", "main")),
    "lforms/fhir/R4/lformsFHIR.min.js",
)
_LFORMS_START = "LForms.Util.addFormToPage(JSON.parse(document.getElementById('questionnaire').textContent), 'form', {fhirVersion: 'R4'})"
_OTHERS = ("LHC-Forms", "Smart Forms")


def measure(effort: Effort) -> Figures:
    """Two figures, one for each of the others."""
    with (
        peer("tests.bench.upstream_process") as upstream,
        desk(upstream.address, "strained-repaired") as at,
        tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder,
        chromium() as browser,
    ):
        _lay_out(Path(folder))
        at.app.ask("folder", folder)
        ours, *others = _opened_in_turn(at, browser, rounds=effort.rounds(20))
    return [_figure(name, ours, other) for name, other in zip(_OTHERS, others, strict=True)]


def _lay_out(folder: Path) -> None:
    """The others' pages, and what they load."""
    if not (_SMART_FORMS / "page.js").exists():
        raise RuntimeError("the Smart Forms renderer is not installed: run `make bench`")
    (folder / "lforms").symlink_to(_LFORMS)
    (folder / "smart-forms").symlink_to(_SMART_FORMS)
    form = questionnaire(load_library().get("rapport-check-in"), "patient", base="https://bench.example.org/fhir")
    stated = _QUESTIONNAIRE % json.dumps(form).replace("<", "\\u003c")
    scripts = "".join(f'<script src="{path}"></script>' for path in _LFORMS_SCRIPTS)
    style = '<link rel="stylesheet" href="%s">'
    (folder / "lhc-forms.html").write_text(
        f'{_HEAD}{style % "lforms/webcomponent/styles.css"}<div id="form"></div>{stated}{scripts}<script>{_LFORMS_START}</script>'
    )
    (folder / "smart-forms.html").write_text(
        f'{_HEAD}{style % "smart-forms/page.css"}<div id="form"></div>{stated}<script type="module" src="smart-forms/page.js"></script>'
    )


def _opened_in_turn(at: Desk, browser: Browser, *, rounds: int) -> list[list[Opened]]:
    """Every opening of ours, of LHC-Forms and of Smart Forms; the first of each goes unmeasured. RuntimeError where one shows more to
    answer than the others, or asks another host for something."""
    page, form = at.walk.form("patient")
    count = sum(map(len, form.radios.values()))
    beside = f"{at.app.address}/beside"
    pages = {page.url: at.cookies, f"{beside}/lhc-forms.html": {}, f"{beside}/smart-forms.html": {}}
    kept: dict[str, list[Opened]] = {url: [] for url in pages}

    def opening(url: str) -> Callable[[], float]:
        def act() -> float:
            kept[url].append(opened(browser, url, count, cookies=pages[url], line=LINE))
            return kept[url][-1].ready

        return act

    in_turn(*map(opening, pages), rounds=rounds)
    if unlike := [url for url, every in kept.items() if any(one.radios != count or one.elsewhere for one in every)]:
        raise RuntimeError(f"not the same form, or not from here alone: {unlike}")
    return [every[1:] for every in kept.values()]


def _figure(name: str, ours: list[Opened], other: list[Opened]) -> Figure:
    """How many times sooner ours is ready; the bytes of both, and how it stands until the first frame is drawn."""
    ready, drawn = (
        Pair(ours=Sample(tuple(of(one) for one in other)), other=Sample(tuple(of(one) for one in ours))) for of in (_ready, _drawn)
    )
    sizes = f"{LINE.megabits:g} Mbps, {_kilobytes(other)}, form {_kilobytes(ours)}"
    return Figure(
        name=f"form ready sooner than by {name}, {SLOWDOWN}× slowdown",
        value=ready.ratio,
        goal=GOAL,
        unit="×",
        raw=f"{ready.text(ours=name, other='form')}; drawn {drawn.ratio:.1f}× sooner; {sizes}",
        at_least=True,
    )


def _ready(one: Opened) -> float:
    return one.ready


def _drawn(one: Opened) -> float:
    return one.drawn


def _kilobytes(every: list[Opened]) -> str:
    """What came over the line, by the last opening."""
    return f"{sum(every[-1].sizes.values()) / 1000:.1f} kB in {len(every[-1].sizes)} requests"
