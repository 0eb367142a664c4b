"""Runs the measurements and prints each figure beside its goal. Exit code 1 when one is missed."""

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Mapping

from smart_app.garbage_collection import settle
from tests.bench import (
    amend,
    dashboard_cpu,
    dashboard_size,
    dashboard_wait,
    extraction,
    form_page,
    form_renderers,
    imports,
    launch,
    many_launches,
    memory,
    pdf,
    rescoring,
    scoring,
    start,
    submit,
)
from tests.bench.figure import Effort, Figure, Figures

MEASUREMENTS: Mapping[str, Callable[[Effort], Figures]] = {
    "form": form_page.measure,
    "renderers": form_renderers.measure,
    "size": dashboard_size.measure,
    "wait": dashboard_wait.measure,
    "cpu": dashboard_cpu.measure,
    "pdf": pdf.measure,
    "submit": submit.measure,
    "amend": amend.measure,
    "scoring": scoring.measure,
    "rescoring": rescoring.measure,
    "extraction": extraction.measure,
    "import": imports.measure,
    "memory": memory.measure,
    "start": start.measure,
    "launch": launch.measure,
    "launches": many_launches.measure,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="measure only this; may be repeated")
    parser.add_argument("--quick", action="store_true", help="a fifth of the repetitions")
    return parser.parse_args()


def main() -> int:
    """Measure what was asked for. A measurement that cannot be made does not take the others' figures with it."""
    asked = _arguments()
    figures: list[Figure] = []
    failed: list[str] = []
    # What is measured in this process runs in one that serves.
    settle()
    started = time.perf_counter()
    for name in asked.only or MEASUREMENTS:
        began = time.perf_counter()
        try:
            for figure in MEASUREMENTS[name](Effort(quick=asked.quick)):
                figures.append(figure)
                print(figure.line(), flush=True)
        except Exception:  # noqa: BLE001 - whatever it was, it is told, and the exit code says so
            traceback.print_exc()
            failed.append(name)
        print(f"         [{name}: {time.perf_counter() - began:.1f} s]", flush=True)
    print("\n" + "\n".join(figure.row() for figure in figures))
    print("".join(f"FAILED {name}: see its error above\n" for name in failed), end="")
    met = sum(figure.met for figure in figures)
    print(f"{met} of {len(figures)} figures met, {len(failed)} measurements failed, {time.perf_counter() - started:.0f} s in all")
    return 0 if met == len(figures) and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
