"""Steps that are timed, said and counted: what `rapport demo --check` prints."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click


class StepFailed(Exception):
    """What was expected did not hold; each argument is one sentence that says what was looked for and what was there instead."""


def expect(held: bool, otherwise: str) -> None:
    """StepFailed with the sentence `otherwise` unless `held`."""
    if not held:
        raise StepFailed(otherwise)


def expect_none(findings: Sequence[str]) -> None:
    """StepFailed with every one of these sentences, unless there is none."""
    if findings:
        raise StepFailed(*findings)


class Steps:
    """Runs steps one after another and remembers whether all held. `clock` gives seconds from any beginning."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.failed: list[str] = []
        self.passed = 0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step: printed with its time, or with everything it found wrong. A failed step does not end the run by itself: what was
        expected and did not hold, what is not there, a server that does not answer or answers with something that cannot be read
        (ValueError)."""
        began = self._clock()
        try:
            yield
        except (StepFailed, LookupError, OSError, ValueError) as wrong:
            self.failed.append(title)
            self._say("FAILED", title, began)
            for sentence in _sentences(wrong):
                click.echo(f"          {sentence}")
        else:
            self.passed += 1
            self._say("ok", title, began)

    def _say(self, word: str, title: str, began: float) -> None:
        click.echo(f"{word:>6} {self._clock() - began:7.2f} s  {title}")

    def summary(self) -> str:
        """One line: how many held."""
        return f"{self.passed} steps held, {len(self.failed)} failed" + (f": {'; '.join(self.failed)}" if self.failed else "")


def _sentences(wrong: Exception) -> tuple[str, ...]:
    """What a step found, a sentence each; of what it did not foresee, the kind as well."""
    return tuple(map(str, wrong.args)) if isinstance(wrong, StepFailed) else (f"{type(wrong).__name__}: {wrong}",)
