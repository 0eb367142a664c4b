"""Where the app's secrets and keys are kept, outside `launch.json`: environment variables and files, read when they are needed."""

import re
from collections.abc import Mapping
from pathlib import Path

from smart_app.errors import ConfigurationError
from smart_app.registration import KeptSecret, PrivateKeyJwt, Registration, SecretBasic, SecretPost

_BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


def secret(auth: KeptSecret, environ: Mapping[str, str]) -> str:
    """What the entry's variable holds, or the file it or the variable's `_FILE` names. Raises ConfigurationError naming the place, never
    what is in it."""
    name, file = _place(auth)
    return _contents(file, where=str(file)) if file is not None else _in_environment(name, environ)


def bearer_token(name: str, environ: Mapping[str, str]) -> str:
    """The access token in that variable, or in the file its `_FILE` names. Raises ConfigurationError naming the place, also when it cannot
    stand in a header (RFC 6750 2.1)."""
    token = _in_environment(name, environ)
    if not _BEARER.fullmatch(token):
        raise ConfigurationError("An access token cannot be sent as it is.", where=name, detail="it has signs that no token has")
    return token


def _in_environment(name: str, environ: Mapping[str, str]) -> str:
    """What the variable holds, or the file its `_FILE` names."""
    if environ.get(name):
        return environ[name]
    path = environ.get(f"{name}_FILE")
    if not path:
        raise ConfigurationError("A secret, key or token is missing.", where=name, detail=f"set {name} or {name}_FILE")
    return _contents(Path(path), where=f"{name}_FILE")


def is_kept(auth: KeptSecret, environ: Mapping[str, str]) -> bool:
    """Whether there is anything where the entry says its secret is; it may still be unusable."""
    name, file = _place(auth)
    return file.exists() if file is not None else bool(environ.get(name) or environ.get(f"{name}_FILE"))


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


def _contents(path: Path, *, where: str) -> str:
    """The text of a file without the line break at its end. An empty one is a mistake in the making, not a secret."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("A secret, key or token cannot be read.", where=where, detail=type(error).__name__) from error
    if not text:
        raise ConfigurationError("A secret, key or token is missing.", where=where, detail="the file is empty")
    return text
