"""The app's own keys at work: which one signs for an EHR, and what of all of them is published."""

from collections.abc import Collection, Mapping

from fhir_mappings.sentence import Sentence
from smart_app.errors import ConfigurationError, LaunchError, printable
from smart_app.jose import SigningKey, signing_keys
from smart_app.launch.keys.client_secrets import is_kept, secret
from smart_app.registration import PrivateKeyJwt, Registration

KeySet = dict[str, list[dict[str, str]]]


def keys_of(auth: PrivateKeyJwt, environ: Mapping[str, str]) -> tuple[SigningKey, ...]:
    """The entry's private keys, the newest first. Raises ConfigurationError when there is none or one cannot be used."""
    text = secret(auth, environ)
    keys = signing_keys(text)
    return keys if auth.kid is None or len(keys) > 1 else signing_keys(text, kid=auth.kid)


def signing_key(auth: PrivateKeyJwt, advertised: Collection[str], environ: Mapping[str, str]) -> SigningKey:
    """The key to sign with: the entry's `kid` and `alg` where it names them, else the newest whose algorithm the EHR lists. An EHR that
    lists none (Epic, for one) takes the newest. Raises ConfigurationError when the entry names a key that is not there, LaunchError
    key_not_accepted when the EHR takes none that is."""
    keys = keys_of(auth, environ)
    ours = ", ".join(f"{key.kid} ({key.algorithm})" for key in keys)
    named = [key for key in keys if auth.kid in {None, key.kid} and auth.alg in {None, key.algorithm}]
    if not named:
        asked = " ".join(str(one) for one in (auth.alg, f"kid {auth.kid}" if auth.kid else None) if one)
        raise ConfigurationError(
            "No key of ours fits this EHR.", where=str(auth.key_env or auth.key_file), detail=f"{ours}; wanted: {asked}"
        )
    taken = named if auth.alg or not advertised else [key for key in named if key.algorithm in advertised]
    if not taken:
        raise LaunchError(
            "key_not_accepted",
            Sentence("The EHR takes no signature that Rapport can make."),
            reopen=Sentence("Nothing was opened."),
            detail=f"keys here: {ours}; the EHR lists: {printable(' '.join(advertised))}",
            status=502,
        )
    return taken[0]


def published(registration: Registration, environ: Mapping[str, str]) -> KeySet:
    """The public halves of all our keys, each once: of every entry that is on, and of those that are off where the key is there already,
    so that an EHR finds it while the app is being registered. Raises ConfigurationError when a key cannot be read, or when two go by
    one id: an EHR could not tell which of them to verify with."""
    found: dict[str, dict[str, str]] = {}
    for issuer in registration.issuers:
        if not isinstance(issuer.auth, PrivateKeyJwt) or not (issuer.trusted or is_kept(issuer.auth, environ)):
            continue
        for key in keys_of(issuer.auth, environ):
            if found.setdefault(key.kid, dict(key.public)) != key.public:
                raise ConfigurationError(
                    "Two different keys have one id.", where="launch.json", detail=f"kid {key.kid}, at {issuer.name!r}"
                )
    return {"keys": list(found.values())}
