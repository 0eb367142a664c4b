"""Who signed in: verifies an id_token by OpenID Connect Core 3.1.3.7 and reads the person from it."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app import jose
from smart_app.errors import LaunchError

_LEEWAY = timedelta(seconds=90)
_LONGEST_SUBJECT = 255  # OpenID Connect Core 2
_SENTENCE = Sentence("The EHR's statement of who is signed in could not be verified.")
_RELAUNCH = Sentence("Nothing was opened. Open Rapport again from the chart.")


class KeySource(Protocol):
    """Gives an EHR's key set, fetched again when `newer` is asked for."""

    def __call__(self, *, newer: bool = False) -> Mapping[str, Any]:
        """The key set."""
        ...


class Expected(Struct, frozen=True, kw_only=True):
    """What the token must say. `issuers` come from registration or discovery, never from the token."""

    issuers: Collection[str]
    client_id: str
    nonce: str
    nonce_optional: bool = False


class Identity(Struct, frozen=True, kw_only=True):
    """A verified person: (`issuer`, `subject`) identify, `fhir_user` is the claim as it came (or the older `profile`),
    `tenant` the organisation, where the EHR names it here. `signed_in` is when they did (`auth_time`), None where it is not said, and
    `issued` when the token says it was made; both by the EHR's clock."""

    issuer: str
    subject: str
    name: str | None
    fhir_user: str | None
    tenant: str | None = None
    signed_in: datetime | None = None
    issued: datetime | None = None

    def signed_in_after(self, moment: datetime, now: datetime) -> bool | None:
        """Whether they signed in after that moment; None where the EHR does not say when. By its own clock as by ours, so that neither
        running fast makes an earlier sign-in look like a later one: it is no older, at the token's making, than the moment is `now`."""
        if self.signed_in is None or self.issued is None:
            return None
        return self.signed_in > moment and self.issued - self.signed_in < now - moment


def verify(token: str, *, key_set: KeySource, expected: Expected, now: datetime) -> Identity:
    """The person of a token whose signature and claims hold. `key_set` gives the EHR's keys; it is asked once more, for newer
    ones, when none fits. Raises LaunchError id_token_invalid; its detail names the claim, never its value."""
    claims = _signed_claims(token, key_set)
    _check_issuer(claims, expected)
    _check_audience(claims, expected)
    _check_times(claims, now)
    _check_nonce(claims, expected)
    subject = _text(claims.get("sub"))
    if subject is None or len(subject) > _LONGEST_SUBJECT:
        raise _invalid(f"sub is missing, no text, or longer than {_LONGEST_SUBJECT} letters")
    return Identity(
        issuer=claims["iss"],
        subject=subject,
        name=_text(claims.get("name")),
        fhir_user=_fhir_user(claims),
        tenant=_text(claims.get("tenant")),
        signed_in=_moment(claims.get("auth_time")),
        issued=_moment(claims.get("iat")),
    )


def claimed_issuer(token: str) -> str | None:
    """The `iss` a token claims, unverified: good only for choosing among issuers that are trusted already."""
    return _text(jose.unverified_claims(token).get("iss"))


def _signed_claims(token: str, key_set: KeySource) -> dict[str, Any]:
    try:
        try:
            return jose.verified_claims(token, key_set())
        except jose.UnknownKeyError:
            return jose.verified_claims(token, key_set(newer=True))
    except jose.SignatureError as error:
        raise _invalid(f"{error.user_message} {error.detail}") from error


def _check_issuer(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") not in expected.issuers:
        raise _invalid("iss is not an issuer of this EHR; if it is right, add it to `id_token_issuers` in launch.json")


def _check_audience(claims: Mapping[str, Any], expected: Expected) -> None:
    """For us, and when it is for others too, issued to us (`azp`)."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise _invalid("aud does not name this client")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != expected.client_id:
        raise _invalid("azp does not name this client")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    moment = now.timestamp()
    leeway = _LEEWAY.total_seconds()
    if _number(claims, "exp") <= moment - leeway:
        raise _invalid("exp is past")
    if _number(claims, "iat") > moment + leeway:
        raise _invalid("iat is in the future; is the server's clock right?")
    if "nbf" in claims and _number(claims, "nbf") > moment + leeway:
        raise _invalid("nbf is in the future")


def _check_nonce(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("nonce") is None and expected.nonce_optional:
        return
    if claims.get("nonce") != expected.nonce:
        raise _invalid("nonce is missing or differs")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid(f"{name} is not a number")
    return value


def _moment(value: object) -> datetime | None:
    """None for what is no time: nothing is allowed by it then."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _fhir_user(claims: Mapping[str, Any]) -> str | None:
    """`fhirUser`, or `profile`, its name before SMART 1.0, where that holds a reference."""
    return _text(claims.get("fhirUser")) or _text(claims.get("profile"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _invalid(detail: str) -> LaunchError:
    return LaunchError("id_token_invalid", _SENTENCE, reopen=_RELAUNCH, detail=detail, status=403)
