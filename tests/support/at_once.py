"""Several threads that do the same thing at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from smart_app.errors import RapportError

Result = TypeVar("Result")


def at_once(threads: int, act: Callable[[], Result]) -> list[Result | str]:
    """What each thread got: the result, or the name of the error."""
    barrier = Barrier(threads)

    def one() -> Result | str:
        barrier.wait()
        try:
            return act()
        except RapportError as error:
            return type(error).__name__

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(one) for _ in range(threads)]
        return [future.result() for future in futures]
