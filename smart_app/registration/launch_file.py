"""`launch.json` read strictly: unknown keys are refused, every mistake is named with its path."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import simplejson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator

from smart_app.assets import launch_file
from smart_app.clinic_time import ZONE_NAME, zone_named
from smart_app.errors import ConfigurationError
from smart_app.registration.entries import (
    AssertionAlgorithm,
    AuthorizeBy,
    ClientAuth,
    ClientMetadata,
    FhirVersion,
    Issuer,
    LaunchPlus,
    OpenServer,
    PrivateKeyJwt,
    PublicClient,
    Registration,
    SecretBasic,
    SecretPost,
    Smart,
    TrustedType,
)
from smart_app.registration.features import catalogue, default_features, scope_of_features
from smart_app.registration.iss import normalise_iss


def load_registration(path: Path | None = None) -> Registration:
    """`launch.json` at `path`, or the one shipped with Rapport. Raises ConfigurationError naming the file and the key."""
    source = path or launch_file()
    document = _document(source)
    try:
        model = LaunchFile.model_validate(document)
    except ValidationError as error:
        raise _configuration_error(source, error) from error
    return _frozen(model)


def launch_schema() -> dict[str, Any]:
    """The JSON Schema of `launch.json`, as published in `docs/launch.schema.json`."""
    schema = LaunchFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "launch.json of Rapport"}


def _iss(value: str) -> str:
    iss = normalise_iss(value)
    if iss is None:
        raise ValueError("must be a FHIR base address: https (http only on this machine), no user info, query or fragment")
    return iss


def _iss_prefix(value: str) -> str:
    if not value.endswith("/"):
        raise ValueError("must end with a slash, so that it names a whole folder")
    return _iss(value) + "/"


def _time_zone(value: str) -> str:
    zone_named(value)
    return value


def _feature(value: str) -> str:
    if value not in _FEATURES:
        raise ValueError("must be one of " + ", ".join(_FEATURES))
    return value


def _matching(pattern: str, expected: str) -> tuple[AfterValidator, WithJsonSchema]:
    """A validator that wants the whole value to match `pattern` and says what it expected, and the same rule for the JSON Schema."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {expected}")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


# What the schema can say of `normalise_iss`; that one decides.
_THIS_MACHINE = r"(?:[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|127\.[\d.]+|\[[^\]\s?#@/]+\])(?::\d*)?"
_ISS_SHAPE = rf"^(?:[Hh][Tt]{{2}}[Pp][Ss]://[^\s?#@/]+|[Hh][Tt]{{2}}[Pp]://{_THIS_MACHINE})(?:/[^\s?#/]+)*/?$"
_SEGMENT = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9\-._~]+"

_Iss = Annotated[str, AfterValidator(_iss), WithJsonSchema({"type": "string", "pattern": _ISS_SHAPE})]
_IssPrefix = Annotated[str, AfterValidator(_iss_prefix), WithJsonSchema({"type": "string", "pattern": _ISS_SHAPE.replace("/?$", "/$")})]
_Path = Annotated[
    str, *_matching(rf"/|(?:/{_SEGMENT})+", "a path below the base URL, starting with a slash, without dot segments, query or fragment")
]
_Variable = Annotated[str, *_matching(r"[A-Z][A-Z0-9_]*", "the name of an environment variable (the secret itself never stands here)")]
_File = Annotated[str, *_matching(r"/[^\x00-\x1f]+", "the path of a file, from the root (the secret itself never stands here)")]
_Origin = Annotated[
    str, *_matching(r"https?://(?:\*\.)?(?:[a-z0-9\-.]+|\[[0-9a-f:]+\])(?::\d{1,5})?", "an origin such as https://ehr.example.org")
]
_Host = Annotated[str, *_matching(r"(?:[a-z0-9\-.]+|\[[0-9a-f:]+\])(?::\d{1,5})?", "a host or host:port, in lower case")]
_Scope = Annotated[
    str, *_matching(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*", "scopes with one space between them (RFC 6749 3.3)")
]
# What the schema can say of the zone database; that one decides.
_TimeZone = Annotated[str, AfterValidator(_time_zone), WithJsonSchema({"type": "string", "pattern": f"^{ZONE_NAME}$"})]
_FEATURES = [feature.key for feature in catalogue().feature]
_Feature = Annotated[str, AfterValidator(_feature), WithJsonSchema({"enum": _FEATURES})]
_Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class _Public(_Part):
    method: Literal["none"]


class _Secret(_Part):
    """A client secret: exactly one of `secret_env` and `secret_file`."""

    secret_env: _Variable | None = Field(default=None, description="Environment variable (or NAME_FILE) that holds the client secret.")
    secret_file: _File | None = Field(default=None, description="File that holds the client secret.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.secret_env is None) == (self.secret_file is None):
            raise ValueError("needs exactly one of secret_env and secret_file")
        return self


class _Basic(_Secret):
    method: Literal["client_secret_basic"]
    form_encode: bool = Field(default=False, description="Form-encode id and secret before base64, as RFC 6749 2.3.1 says.")


class _Post(_Secret):
    method: Literal["client_secret_post"]


class _KeyJwt(_Part):
    """A private key: exactly one of `key_env` and `key_file`."""

    method: Literal["private_key_jwt"]
    key_env: _Variable | None = Field(default=None, description="Environment variable (or NAME_FILE) that holds the private key or keys.")
    key_file: _File | None = Field(default=None, description="File that holds the private key (PEM, JWK) or keys (JWK set, newest first).")
    alg: AssertionAlgorithm | None = Field(default=None, description="Sign with this, whatever the EHR lists.")
    kid: _Text | None = Field(default=None, description="Sign with the key of this id; names a key that has none of its own.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.key_env is None) == (self.key_file is None):
            raise ValueError("needs exactly one of key_env and key_file")
        return self


class _Open(_Part):
    method: Literal["open"]


class _IssuerPart(_Part):
    """One EHR. Exactly one of `iss` and `iss_prefix`."""

    name: _Text = Field(description="What people call this EHR.")
    iss: _Iss | None = Field(default=None, description="FHIR base address; matched exactly.")
    iss_prefix: _IssPrefix | None = Field(default=None, description="Any FHIR base below this folder; synthetic data only.")
    client_id: str = Field(default="", max_length=200)
    auth: Annotated[_Public | _Basic | _Post | _KeyJwt | _Open, Field(discriminator="method")]
    features: list[_Feature] | None = Field(
        default=None, description="What Rapport is to do at this EHR, instead of client.features; each names its scopes."
    )
    scope: _Scope | None = Field(default=None, description="Scopes to ask this EHR for as they stand, in place of features.")
    frame_ancestors: list[_Origin] = Field(default=[], description="Origins that may show Rapport in a frame.")
    id_token_issuers: list[_Text] = Field(default=[], description="Accepted `iss` of id_tokens, instead of the discovered issuer.")
    nonce_optional: bool = Field(default=False, description="Accept id_tokens without the nonce that was asked for.")
    tenant: _Text | None = Field(default=None, description="The organisation (`tenant`) every launch must be for.")
    authorize: AuthorizeBy = Field(
        default="auto",
        description="How the sign-in is asked: by GET, but by POST above 2000 characters (auto); by POST where the EHR advertises it "
        "(post); or always by GET (get). With post, list in `hosts` every host the sign-in leads through: browsers hold a form to them.",
    )
    trust_scopes_for: list[TrustedType] = Field(
        default=[],
        description="Types of which the granted scopes are believed where the server's CapabilityStatement does not say that they can be "
        "created or searched.",
    )
    launch_plus: LaunchPlus = Field(
        default="auto",
        description="What a + in the launch value means that this EHR sends: a plus where the value may be base64, else a space (auto); "
        "or always one of them (plus, space).",
    )
    hosts: list[_Host] = Field(default=[], description="Further hosts the EHR's endpoints may be on.")
    synthetic_data: bool = Field(default=False, description="No real patients behind this address.")
    demo_only: bool = Field(default=False, description="Trusted while `rapport demo` runs, which puts its own address in place of iss.")
    standalone: bool = Field(default=False, description="Offer this EHR on the page /start: launches without a chart, patients' own too.")
    time_zone: _TimeZone | None = Field(
        default=None, description="IANA name (Europe/Berlin) of the clinic's time zone at this EHR, instead of RAPPORT_TIME_ZONE."
    )
    enabled: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> "_IssuerPart":
        if self.features is not None and self.scope is not None:
            raise ValueError("has features and scope; say one of them")
        if (self.iss is None) == (self.iss_prefix is None):
            raise ValueError("needs exactly one of iss and iss_prefix")
        if self.iss_prefix is not None and not self.synthetic_data:
            raise ValueError("iss_prefix is allowed only with synthetic_data: true")
        if self.standalone and (self.iss is None or self.auth.method == "open"):
            raise ValueError("standalone is allowed only with iss and a sign-in: there has to be one address to start at")
        if self.demo_only and not self.synthetic_data:
            raise ValueError("demo_only is allowed only with synthetic_data: true")
        if self.auth.method == "open" and not self.synthetic_data:
            raise ValueError("auth method open is allowed only with synthetic_data: true")
        # An entry is written before the EHR has given an id: what it is to be told is printed from it.
        if self.auth.method != "open" and not self.client_id and self.enabled:
            raise ValueError("client_id is missing; until the EHR has given one, say enabled: false")
        return self


class _ClientPart(_Part):
    """The app as an EHR knows it, in RFC 7591 names; addresses are paths below the base URL."""

    client_name: _Text
    software_id: _Text
    client_uri: _Path
    logo_uri: _Path | None = None
    tos_uri: _Path | None = None
    policy_uri: _Path | None = None
    jwks_uri: _Path | None = None
    contacts: list[_Text] = []
    redirect_uris: list[_Path] = Field(min_length=1)
    grant_types: list[Literal["authorization_code", "refresh_token"]]
    response_types: list[Literal["code"]]
    features: list[_Feature] | None = Field(
        default=None, description="What Rapport is to do at an EHR that does not say otherwise; without, the usual ones."
    )
    scope: _Scope | None = Field(default=None, description="Scopes to ask for as they stand, in place of features.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.features is not None and self.scope is not None:
            raise ValueError("has features and scope; say one of them")
        return self


class _SmartPart(_Part):
    """SMART's own part."""

    launch_uri: _Path
    fhir_versions: list[FhirVersion] = Field(min_length=1)


class LaunchFile(_Part):
    """`launch.json`: the single source of registration. Unknown keys are refused."""

    schema_: str | None = Field(default=None, alias="$schema")
    client: _ClientPart
    smart: _SmartPart
    issuers: list[_IssuerPart] = []

    @model_validator(mode="after")
    def _distinct(self) -> "LaunchFile":
        _refuse_repeats("iss", [issuer.iss or issuer.iss_prefix for issuer in self.issuers])
        client = self.client
        _refuse_repeats("path", [self.smart.launch_uri, client.client_uri, client.jwks_uri, client.logo_uri, *client.redirect_uris])
        _refuse_shared_secrets(self.issuers)
        return self


def _refuse_repeats(key: str, values: Sequence[str | None]) -> None:
    present = [value for value in values if value is not None]
    repeated = next((value for value in present if present.count(value) > 1), None)
    if repeated is not None:
        raise ValueError(f"{key} {repeated} stands here twice")


def _refuse_shared_secrets(issuers: Sequence[_IssuerPart]) -> None:
    """One secret at two EHRs would let either of them impersonate the app at the other (HL7/smart-app-launch#230)."""
    owners: dict[str, str] = {}
    for issuer in issuers:
        if not isinstance(issuer.auth, _Secret):
            continue
        place = str(issuer.auth.secret_env or issuer.auth.secret_file)
        if place in owners:
            raise ValueError(f"one secret for two EHRs: {owners[place]!r} and {issuer.name!r} both use {place}")
        owners[place] = issuer.name


def _document(source: Path) -> Any:
    try:
        return simplejson.loads(source.read_text(encoding="utf-8"), object_pairs_hook=_without_repeated_keys)
    except OSError as error:
        raise ConfigurationError("The registration file cannot be read.", where=str(source), detail=str(error)) from error
    except ValueError as error:
        raise ConfigurationError("The registration file is not valid JSON.", where=str(source), detail=str(error)) from error


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_repeats("key", [key for key, _ in pairs])
    return dict(pairs)


def _configuration_error(source: Path, error: ValidationError) -> ConfigurationError:
    first, *more = error.errors(include_url=False, include_input=False)
    further = f" ({len(more)} more)" if more else ""
    key = _json_path(first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return ConfigurationError(f"The registration file cannot be used: {key}: {message}", where=f"{source}: {key}", detail=message + further)


_METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt", "open")


def _json_path(location: tuple[int | str, ...]) -> str:
    """Pydantic's location as `issuers[0].auth.secret_env`; the tag of a discriminated union is no key of the file."""
    steps = [step for place, step in enumerate(location) if not (place and location[place - 1] == "auth" and step in _METHODS)]
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".") or "the whole file"


def _frozen(model: LaunchFile) -> Registration:
    client = ClientMetadata(
        client_name=model.client.client_name,
        software_id=model.client.software_id,
        client_uri=model.client.client_uri,
        logo_uri=model.client.logo_uri,
        tos_uri=model.client.tos_uri,
        policy_uri=model.client.policy_uri,
        jwks_uri=model.client.jwks_uri,
        contacts=tuple(model.client.contacts),
        redirect_uris=tuple(model.client.redirect_uris),
        grant_types=tuple(model.client.grant_types),
        response_types=tuple(model.client.response_types),
        scope=_scope(model.client) or scope_of_features(default_features()),
    )
    smart = Smart(launch_uri=model.smart.launch_uri, fhir_versions=tuple(model.smart.fhir_versions))
    return Registration(client=client, smart=smart, issuers=tuple(_issuer(part, client.scope) for part in model.issuers))


def _issuer(part: _IssuerPart, default_scope: str) -> Issuer:
    return Issuer(
        name=part.name,
        iss=part.iss or "",
        iss_prefix=part.iss_prefix,
        client_id=part.client_id,
        auth=_auth(part.auth),
        scope=_scope(part) or default_scope,
        frame_ancestors=tuple(part.frame_ancestors),
        id_token_issuers=tuple(part.id_token_issuers),
        nonce_optional=part.nonce_optional,
        hosts=tuple(part.hosts),
        synthetic_data=part.synthetic_data,
        demo_only=part.demo_only,
        tenant=part.tenant,
        authorize=part.authorize,
        launch_plus=part.launch_plus,
        trust_scopes_for=tuple(part.trust_scopes_for),
        standalone=part.standalone,
        time_zone=zone_named(part.time_zone) if part.time_zone else None,
        enabled=part.enabled,
    )


def _scope(part: _ClientPart | _IssuerPart) -> str | None:
    """What the part of the file asks for; None where it leaves that to others."""
    return part.scope if part.features is None else scope_of_features(part.features)


def _auth(part: _Public | _Basic | _Post | _KeyJwt | _Open) -> ClientAuth:
    match part:
        case _Public():
            return PublicClient()
        case _Basic():
            return SecretBasic(secret_env=part.secret_env, secret_file=_file(part.secret_file), form_encode=part.form_encode)
        case _Post():
            return SecretPost(secret_env=part.secret_env, secret_file=_file(part.secret_file))
        case _KeyJwt():
            return PrivateKeyJwt(key_env=part.key_env, key_file=_file(part.key_file), alg=part.alg, kid=part.kid)
        case _Open():
            return OpenServer()


def _file(given: str | None) -> Path | None:
    return None if given is None else Path(given)
