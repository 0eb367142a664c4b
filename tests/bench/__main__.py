"""Runs the measurements and prints each figure beside its goal. Exit code 1 when one is missed."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping

from tests.bench import dashboard_cpu, dashboard_size, dashboard_wait, extraction, form_page, imports, memory, rescoring, scoring, submit
from tests.bench.figure import Effort, Figure, Figures

MEASUREMENTS: Mapping[str, Callable[[Effort], Figures]] = {
    "form": form_page.measure,
    "size": dashboard_size.measure,
    "wait": dashboard_wait.measure,
    "cpu": dashboard_cpu.measure,
    "submit": submit.measure,
    "scoring": scoring.measure,
    "rescoring": rescoring.measure,
    "extraction": extraction.measure,
    "import": imports.measure,
    "memory": memory.measure,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="measure only this; may be repeated")
    parser.add_argument("--quick", action="store_true", help="a fifth of the repetitions")
    return parser.parse_args()


def main() -> int:
    """Measure what was asked for."""
    asked = _arguments()
    figures: list[Figure] = []
    for name in asked.only or MEASUREMENTS:
        began = time.perf_counter()
        for figure in MEASUREMENTS[name](Effort(quick=asked.quick)):
            figures.append(figure)
            print(figure.line(), flush=True)
        print(f"         [{name}: {time.perf_counter() - began:.1f} s]", flush=True)
    missed = [figure.name for figure in figures if not figure.met]
    print(f"{len(figures) - len(missed)} of {len(figures)} figures met" + "".join(f"\n  missed: {name}" for name in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
