"""Where the app's secrets and keys are kept, outside `launch.json`: environment variables and files, read when they are needed. What a
variable or file may look like is `settings.secret_places`' to say, for these and for the settings alike."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from smart_app.errors import ConfigurationError
from smart_app.registration import KeptSecret, PrivateKeyJwt, Registration, SecretBasic, SecretPost
from smart_app.settings import secret_places

_MISSING = "A secret, key or token is missing."
_BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


def secret(auth: KeptSecret, environ: Mapping[str, str]) -> str:
    """What the entry's variable holds, or the file it or the variable's `_FILE` names. Raises ConfigurationError naming the place, never
    what is in it."""
    name, file = _place(auth)
    return _contents(file) if file is not None else _in_environment(name, environ)


def bearer_token(name: str, environ: Mapping[str, str]) -> str:
    """The access token in that variable, or in the file its `_FILE` names. Raises ConfigurationError naming the place, also when it cannot
    stand in a header (RFC 6750 2.1)."""
    token = _in_environment(name, environ)
    if not _BEARER.fullmatch(token):
        raise ConfigurationError("An access token cannot be sent as it is.", where=name, detail="it has signs that no token has")
    return token


def _in_environment(name: str, environ: Mapping[str, str]) -> str:
    """What the variable holds, or the file its `_FILE` names."""
    with _told():
        text = secret_places.kept(name, environ)
    if text is None:
        raise ConfigurationError(_MISSING, where=name, detail=f"set {name} or {name}_FILE")
    return text


def is_kept(auth: KeptSecret, environ: Mapping[str, str]) -> bool:
    """Whether there is anything where the entry says its secret is; it may still be unusable."""
    name, file = _place(auth)
    return _is_there(file) if file is not None else bool(environ.get(name) or environ.get(f"{name}_FILE"))


def file_of(auth: KeptSecret, environ: Mapping[str, str]) -> str | None:
    """The path of the file that the entry's secret is in; None where it is in none."""
    name, file = _place(auth)
    return str(file) if file is not None else environ.get(f"{name}{secret_places.FILE}")


def check_secrets(registration: Registration, environ: Mapping[str, str]) -> None:
    """Every trusted entry's secret can be read, and no two entries have the same: an EHR that learns ours must not be able to be us at
    another (HL7/smart-app-launch#230). Raises ConfigurationError naming both."""
    owners: dict[str, str] = {}
    for issuer in registration.issuers:
        if not issuer.trusted or not isinstance(issuer.auth, SecretBasic | SecretPost):
            continue
        found = secret(issuer.auth, environ)
        if found in owners:
            both = f"{owners[found]!r} and {issuer.name!r}"
            raise ConfigurationError("Two EHRs have been given one client secret.", where="launch.json", detail=f"{both} hold the same")
        owners[found] = issuer.name


def _place(auth: KeptSecret) -> tuple[str, Path | None]:
    if isinstance(auth, PrivateKeyJwt):
        return auth.key_env or "", auth.key_file
    return auth.secret_env or "", auth.secret_file


def _contents(path: Path) -> str:
    """The text of a file that launch.json names."""
    with _told():
        return secret_places.contents(path, where="launch.json")


def _is_there(file: Path) -> bool:
    """True too where this user may not look: the entry's secret is meant to be there, and reading it says what is wrong."""
    try:
        return file.exists()
    except OSError:
        return True


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with a place, as an error of ours."""
    try:
        yield
    except secret_places.NoSecret as wrong:
        raise ConfigurationError("A secret, key or token cannot be read.", where=wrong.where, detail=wrong.why) from wrong
