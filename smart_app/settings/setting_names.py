"""Which names in the environment are settings, and which are taken for misspelt ones. A misspelt setting would do nothing, silently: a
clinic would believe that it is in force."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from smart_app.errors import printable
from smart_app.settings.secret_places import FILE
from smart_app.settings.setting_words import Problem

_PAGE = "docs/configuration.md"
_RAPPORT = "RAPPORT"
# Read by this project's own tools in a checkout, which start `rapport`: tools/setup_venv.py, tests/peers.
_OF_TOOLS = frozenset({"RAPPORT_NO_UV", "RAPPORT_PEER_HAPI"})
# Kubernetes tells every container of a namespace about each service in it; one that is called rapport or rapport-db begins like a setting
# (kubernetes.io/docs/concepts/services-networking/service: environment variables). `…_PORT` alone holds an address there.
_SERVICE = re.compile(r"(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)")
_SERVICE_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://")
# The members of launch.json that name a variable. Read as text: the names are known even while something else in the file is wrong.
_NAMED_IN_LAUNCH_FILE = re.compile(r'"(?:secret|key)_env"\s*:\s*"([A-Z][A-Z0-9_]*)"')
_SIMILAR_NAME, _SIMILAR_PREFIX = 0.8, 0.85


def misspelt(
    environ: Mapping[str, str], *, variables: Collection[str], secrets: Collection[str], besides: Collection[str] = ()
) -> list[Problem]:
    """Every name that looks like a setting and is none. `secrets` may have `_FILE` behind them; `besides` are variables that somebody has
    named as holding a secret, which launch.json does too."""
    known = {*variables, *(f"{name}{FILE}" for name in secrets), *_OF_TOOLS}
    strangers = [name for name in sorted(environ) if name not in known and _looks_like_one(name, variables)]
    strangers = [name for name in strangers if not _of_a_service(name, environ[name])]
    if not strangers:
        return []
    named = {*besides, *_named(environ)}
    known |= named | {f"{name}{FILE}" for name in named}
    return [_problem(name, known, variables) for name in strangers if name not in known]


def similar(variable: str, names: Iterable[str]) -> list[str]:
    """The name that looks most like the variable's, if any does."""
    return get_close_matches(variable, [name for name in names if name != variable], n=1, cutoff=_SIMILAR_NAME)


def _plain(name: str) -> str:
    """As it would be if case, dashes and the byte order mark of an environment file were all that is wrong with it."""
    return name.strip("\ufeff \t\r").upper().replace("-", "_")


def _looks_like_one(name: str, variables: Collection[str]) -> bool:
    """It has our prefix; or all of a setting's name behind one that is nearly ours."""
    prefix, _, rest = _plain(name).partition("_")
    if prefix == _RAPPORT:
        return True
    whole = any(f"{_RAPPORT}_{one}" in variables for one in (rest, rest.removesuffix(FILE)))
    return whole and bool(get_close_matches(prefix, [_RAPPORT], cutoff=_SIMILAR_PREFIX))


def _of_a_service(name: str, value: str) -> bool:
    return bool(re.fullmatch(rf"{_RAPPORT}_(?:\w+_)?{_SERVICE.pattern}", name)) or (
        name.endswith("_PORT") and bool(_SERVICE_ADDRESS.match(value))
    )


def _named(environ: Mapping[str, str]) -> Iterator[str]:
    """The variables that launch.json names. The one that ships names none."""
    try:
        yield from _NAMED_IN_LAUNCH_FILE.findall(Path(environ.get(f"{_RAPPORT}_LAUNCH_FILE", "").strip()).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return


def _problem(name: str, known: set[str], variables: Collection[str]) -> Problem:
    told = printable(name)
    whole = _plain(name).removesuffix(FILE)
    if name.endswith(FILE) and whole in variables:
        return Problem(variable=told, sentence=f"{told} is not a setting: {whole} is no secret and is not read from a file; set {whole}.")
    near = get_close_matches(_plain(name), sorted(known - _OF_TOOLS), n=1, cutoff=_SIMILAR_NAME)
    guess = f"did you mean {near[0]}?" if near else f"take it away, or see {_PAGE} for all there are."
    return Problem(variable=told, sentence=f"{told} is not a setting; {guess}")
