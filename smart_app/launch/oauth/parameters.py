"""Reads what arrives at the launch and callback addresses. Everything here comes from outside and is believed in nothing."""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.errors import OPEN_AGAIN, LaunchCode, LaunchError
from smart_app.registration import LaunchPlus

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class LaunchRequest(Struct, frozen=True, kw_only=True):
    """`iss` and `launch` exactly as the EHR meant them."""

    iss: str
    launch: str


def launch_request(query: str, *, plus: Callable[[str], LaunchPlus] = lambda _iss: "auto") -> LaunchRequest:
    """`iss` and `launch` from a raw query string; `plus` says of an `iss` what its `+` means. Raises LaunchError iss_missing,
    launch_missing or parameter_repeated.

    The raw query is needed because form decoding turns `+` into a space, and EHRs send base64 `launch` values without escaping
    it (onc-certification-g10-test-kit#703). Others do mean a space; in `iss` it is never meant.
    """
    values: dict[str, list[str]] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        values.setdefault(unquote(name), []).append(value)
    iss = unquote(_required(values, "iss", "iss_missing", Sentence("The address does not say which EHR it comes from.")))
    launch = _required(values, "launch", "launch_missing", Sentence("The EHR sent no launch context."))
    return LaunchRequest(iss=iss, launch=_launch(launch, plus(iss)))


def _launch(sent: str, plus: LaunchPlus) -> str:
    """The value as the EHR wants it back. With nothing said, `+` is a space unless the whole could be base64: that has no other signs than
    these, and an EHR that form-encodes what it sends would have written its `+` as `%2B`."""
    literal = unquote(sent)
    is_space = plus == "space" or (plus == "auto" and not _BASE64.fullmatch(literal))
    return unquote(sent.replace("+", " ")) if is_space else literal


def callback_state(params: Mapping[str, Sequence[str]]) -> str:
    """The callback's `state`. Raises LaunchError state_missing or parameter_repeated."""
    return _required(params, "state", "state_missing", Sentence("The sign-in came back without its state."))


def single(params: Mapping[str, Sequence[str]], name: str) -> str | None:
    """The parameter's one value, or None when it is absent or empty. Raises LaunchError parameter_repeated."""
    values = params.get(name, ())
    if len(values) > 1:
        raise LaunchError(
            "parameter_repeated",
            Sentence("The address is malformed."),
            reopen=OPEN_AGAIN,
            detail=f"{name} occurs {len(values)} times",
        )
    return values[0] if values and values[0] else None


def _required(params: Mapping[str, Sequence[str]], name: str, code: LaunchCode, sentence: Sentence) -> str:
    value = single(params, name)
    if value is None:
        raise LaunchError(code, sentence, reopen=OPEN_AGAIN, detail=f"{name} is missing")
    return value
