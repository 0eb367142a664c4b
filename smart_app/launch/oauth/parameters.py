"""Reads what arrives at the launch and callback addresses. Everything here comes from outside and is believed in nothing."""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from msgspec import Struct

from smart_app.errors import LaunchCode, LaunchError

_RELAUNCH = "Open Rapport again from the patient's chart."


class LaunchRequest(Struct, frozen=True, kw_only=True):
    """`iss` and `launch` exactly as the EHR meant them."""

    iss: str
    launch: str


def launch_request(query: str) -> LaunchRequest:
    """`iss` and `launch` from a raw query string. Raises LaunchError iss_missing, launch_missing or parameter_repeated.

    The raw query is needed because form decoding turns `+` into a space, and EHRs send base64 `launch` values without escaping
    it (onc-certification-g10-test-kit#703); in neither value is a space ever meant.
    """
    values: dict[str, list[str]] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        values.setdefault(unquote(name), []).append(unquote(value))
    iss = _required(values, "iss", "iss_missing", "The address does not say which EHR it comes from.")
    launch = _required(values, "launch", "launch_missing", "The EHR sent no launch context.")
    return LaunchRequest(iss=iss, launch=launch)


def callback_state(params: Mapping[str, Sequence[str]]) -> str:
    """The callback's `state`. Raises LaunchError state_missing or parameter_repeated."""
    return _required(params, "state", "state_missing", "The sign-in came back without its state.")


def single(params: Mapping[str, Sequence[str]], name: str) -> str | None:
    """The parameter's one value, or None when it is absent or empty. Raises LaunchError parameter_repeated."""
    values = params.get(name, ())
    if len(values) > 1:
        raise LaunchError("parameter_repeated", f"The address is malformed. {_RELAUNCH}", detail=f"{name} occurs {len(values)} times")
    return values[0] if values and values[0] else None


def _required(params: Mapping[str, Sequence[str]], name: str, code: LaunchCode, sentence: str) -> str:
    value = single(params, name)
    if value is None:
        raise LaunchError(code, f"{sentence} {_RELAUNCH}", detail=f"{name} is missing")
    return value
