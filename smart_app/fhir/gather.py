"""Independent reads at once, in one bounded pool, against one deadline: each gives its value or the reason why there is none."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, wait
from typing import Generic, TypeVar

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.errors import FhirError, Unreachable

T = TypeVar("T")


class Loaded(Struct, Generic[T], frozen=True, kw_only=True):
    """A read that succeeded."""

    value: T


class Failed(Struct, frozen=True, kw_only=True):
    """A read that did not; `error.user_message` is the sentence to show."""

    error: FhirError

    @property
    def reason(self) -> Sentence:
        """The sentence for people."""
        return self.error.user_message


def gather(pool: Executor, reads: Mapping[str, Callable[[float], T]], *, seconds: float) -> dict[str, Loaded[T] | Failed]:
    """Every read's result under its key, after at most `seconds`. Each read is given the deadline (monotonic clock) and should
    keep it; one that does not is reported as failed and left to end by itself. Errors other than FhirError are raised."""
    deadline = time.monotonic() + seconds
    futures = {key: pool.submit(read, deadline) for key, read in reads.items()}
    # A little grace, so that a read that keeps the deadline can hand over the pages it has.
    wait(futures.values(), timeout=seconds + 0.25)
    return {key: _result(future, seconds) for key, future in futures.items()}


def _result(future: Future[T], seconds: float) -> Loaded[T] | Failed:
    if not future.done():
        future.cancel()
        waited = f"{seconds:g}"
        return Failed(error=Unreachable(Sentence("No answer within {seconds} seconds.", seconds=waited)))
    try:
        return Loaded(value=future.result())
    except FhirError as error:
        return Failed(error=error)
