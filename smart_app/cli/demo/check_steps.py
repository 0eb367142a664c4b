"""Steps that are timed, said and counted: what `rapport demo --check` prints."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click


class StepFailed(Exception):
    """What was expected did not hold; the message says what was seen instead."""


def expect(held: bool, otherwise: str) -> None:
    """StepFailed with the sentence `otherwise` unless `held`."""
    if not held:
        raise StepFailed(otherwise)


class Steps:
    """Runs steps one after another and remembers whether all held."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.passed = 0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step: printed with its time, or with why it failed. A failed step does not end the run by itself: what was expected and did
        not hold, what is not there, a server that does not answer or answers with something that cannot be read (ValueError)."""
        began = time.perf_counter()
        try:
            yield
        except (StepFailed, LookupError, OSError, ValueError) as wrong:
            self.failed.append(title)
            self._say("FAILED", title, began)
            click.echo(f"          {type(wrong).__name__}: {wrong}")
        else:
            self.passed += 1
            self._say("ok", title, began)

    @staticmethod
    def _say(word: str, title: str, began: float) -> None:
        click.echo(f"{word:>6} {time.perf_counter() - began:7.2f} s  {title}")

    def summary(self) -> str:
        """One line: how many held."""
        return f"{self.passed} steps held, {len(self.failed)} failed" + (f": {'; '.join(self.failed)}" if self.failed else "")
