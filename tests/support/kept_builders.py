"""What builds the addresses of an app, made once in a process. Werkzeug compiles two functions for each rule of each app, which takes two
thirds of the time that an app needs to stand, and nearly every test has an app of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from werkzeug.routing import Rule

_Builder = Callable[..., tuple[str, str]]


@contextmanager
def kept_builders() -> Iterator[None]:
    """Meanwhile equal rules share them. Nothing of an app is in such a function: it is handed its rule, with the converters of that rule's
    map, each time. One with defaults is compiled anew, since their values are put into it."""
    made: dict[tuple[str, bool, tuple[tuple[bool, str], ...]], _Builder] = {}
    compiled = Rule._compile_builder

    def kept(rule: Rule, append_unknown: bool = True) -> _Builder:
        if rule.defaults:
            return compiled(rule, append_unknown)
        key = (rule.rule, append_unknown, tuple(rule._trace))
        if key not in made:
            made[key] = compiled(rule, append_unknown)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", kept)
        yield
