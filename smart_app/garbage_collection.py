"""How often Python looks for garbage in a process of ours. Importing changes nothing: the entry points say it, once each."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects between two searches for garbage. A dashboard makes tens of thousands at once, nearly all of which go by themselves; Python's
# own 700 spent a sixth of its processor time on looking.
_BETWEEN_SEARCHES = 20_000


@contextmanager
def paused() -> Iterator[None]:
    """No search in this block, for what makes hardly any garbage: importing the app. As it was afterwards."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


def settle() -> None:
    """Call once, when the process is ready to serve and nothing more will be imported: what start-up made stays as long as the process,
    and is not looked through for garbage again; what comes after is looked through less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_BETWEEN_SEARCHES, 10, 10)
