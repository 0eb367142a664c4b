"""What `launch.json` says, frozen: Rapport itself, and each EHR with how it knows us."""

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from smart_app.errors import ConfigurationError
from smart_app.registration.iss import normalise_iss

AssertionAlgorithm = Literal["RS384", "ES384"]
# How the browser is sent to the sign-in.
AuthorizeBy = Literal["auto", "get", "post"]
# What a `+` in a `launch` value means.
LaunchPlus = Literal["auto", "plus", "space"]
# Of these a CapabilityStatement may understate what can be done: the types that are written, and those read beside them.
TrustedType = Literal["QuestionnaireResponse", "Observation", "Provenance", "DocumentReference"]
FhirVersion = Literal["4.0.0", "4.0.1"]


class PublicClient(Struct, frozen=True, kw_only=True):
    """No client secret; PKCE alone protects the code."""


class SecretBasic(Struct, frozen=True, kw_only=True):
    """A shared secret in the Authorization header. `form_encode`: id and secret are form-encoded first, as RFC 6749 2.3.1 says
    and as most EHRs do not expect. The secret is in the variable or in the file: one of the two is given, here and below."""

    secret_env: str | None = None
    secret_file: Path | None = None
    form_encode: bool = False


class SecretPost(Struct, frozen=True, kw_only=True):
    """A shared secret in the form body."""

    secret_env: str | None = None
    secret_file: Path | None = None


class PrivateKeyJwt(Struct, frozen=True, kw_only=True):
    """A signed assertion (SMART asymmetric). The variable or file holds a private key (PEM, JWK) or several (JWK set), the newest first.
    `alg` and `kid` choose among them; without, the EHR's list of algorithms does."""

    key_env: str | None = None
    key_file: Path | None = None
    alg: AssertionAlgorithm | None = None
    kid: str | None = None


class OpenServer(Struct, frozen=True, kw_only=True):
    """No OAuth at all; only for synthetic data, the tester picks the patient."""


KeptSecret = SecretBasic | SecretPost | PrivateKeyJwt
ClientAuth = PublicClient | SecretBasic | SecretPost | PrivateKeyJwt | OpenServer


class Issuer(Struct, frozen=True, kw_only=True):
    """One registered EHR. `iss` is normalised; `hosts` are further `host` or `host:port` its endpoints may live on;
    `id_token_issuers` replace the discovered issuer when not empty. An entry with `iss_prefix` stands for many `iss`;
    with `nonce_optional` id_tokens may lack the nonce; with `tenant` every launch must be for that organisation; one that is `demo_only` is
    trusted by `rapport demo` alone; at one that is `standalone` people may also start from Rapport's own page. The sign-in is asked by
    GET, by POST where the address would be long (`authorize` auto) or where the EHR advertises it (`post`). A `+` in the `launch` value it
    sends is what `launch_plus` says; auto: a space where the value cannot be base64. `time_zone` is the clinic's at
    this EHR, None where the site's counts. Of the types in `trust_scopes_for` the granted scopes are believed where the server's statement
    leaves out what it can do. Within a Registration `scope` is never empty: it is the client's by default."""

    name: str
    iss: str
    client_id: str
    auth: ClientAuth
    scope: str = ""
    frame_ancestors: tuple[str, ...] = ()
    id_token_issuers: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    synthetic_data: bool = False
    enabled: bool = True
    iss_prefix: str | None = None
    nonce_optional: bool = False
    demo_only: bool = False
    tenant: str | None = None
    authorize: AuthorizeBy = "auto"
    launch_plus: LaunchPlus = "auto"
    standalone: bool = False
    time_zone: ZoneInfo | None = None
    trust_scopes_for: tuple[TrustedType, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether this EHR may launch the app, be asked for anything, and show it in a frame."""
        return self.enabled and not self.demo_only

    @property
    def standalone_scope(self) -> str:
        """`scope` as a launch without a chart asks for it: `launch` has no meaning there, and `launch/patient` has the EHR settle whose
        record is opened (SMART App Launch 2.2, scopes for requesting context data)."""
        asked = ["launch/patient", *(one for one in self.scope.split() if one != "launch")]
        return " ".join(dict.fromkeys(asked))

    @property
    def registered_scope(self) -> str:
        """Every scope the app may ask this EHR for, which is what it has to be registered with."""
        return " ".join(dict.fromkeys([*self.scope.split(), *(self.standalone_scope.split() if self.standalone else ())]))


class ClientMetadata(Struct, frozen=True, kw_only=True):
    """What the app tells an EHR about itself (RFC 7591 names). Addresses are paths below the base URL."""

    client_name: str
    software_id: str
    client_uri: str
    logo_uri: str | None
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    response_types: tuple[str, ...]
    scope: str
    contacts: tuple[str, ...] = ()
    tos_uri: str | None = None
    policy_uri: str | None = None
    jwks_uri: str | None = None


class Smart(Struct, frozen=True, kw_only=True):
    """SMART's own part: where launches arrive, and the FHIR versions the app speaks."""

    launch_uri: str
    fhir_versions: tuple[str, ...]


class Registration(Struct, frozen=True, kw_only=True):
    """The whole of `launch.json`."""

    client: ClientMetadata
    smart: Smart
    issuers: tuple[Issuer, ...]

    def find(self, iss: str) -> Issuer | None:
        """The trusted entry for `iss`, with `iss` normalised in it, or None. Exact, but for `normalise_iss` and synthetic prefixes."""
        wanted = normalise_iss(iss)
        if wanted is None:
            return None
        trusted = [issuer for issuer in self.issuers if issuer.trusted]
        exact = next((issuer for issuer in trusted if issuer.iss == wanted and issuer.iss_prefix is None), None)
        return exact or next((replace(issuer, iss=wanted) for issuer in trusted if _below_prefix(issuer, wanted)), None)

    def launch_plus(self, iss: str) -> LaunchPlus:
        """What a `+` in a launch value from `iss` means; auto for one that is not trusted, which goes no further."""
        issuer = self.find(iss)
        return issuer.launch_plus if issuer else "auto"

    def with_issuer(self, issuer: Issuer) -> "Registration":
        """A copy in which `issuer` stands in place of any other with the same `iss`. Raises ConfigurationError for an unusable `iss`."""
        iss = normalise_iss(issuer.iss)
        if iss is None:
            raise ConfigurationError("This issuer address cannot be used.", where="iss", detail=issuer.iss)
        others = tuple(other for other in self.issuers if other.iss != iss)
        return replace(self, issuers=(*others, replace(issuer, iss=iss, scope=issuer.scope or self.client.scope)))

    @property
    def standalone(self) -> tuple[Issuer, ...]:
        """The trusted entries that people may start at from Rapport's own page, in their order."""
        return tuple(issuer for issuer in self.issuers if issuer.trusted and issuer.standalone)

    def frame_ancestors(self) -> tuple[str, ...]:
        """Every origin that may frame the app before its EHR is known: the union over the trusted entries, in order."""
        return tuple(dict.fromkeys(origin for issuer in self.issuers if issuer.trusted for origin in issuer.frame_ancestors))


def _below_prefix(issuer: Issuer, iss: str) -> bool:
    """Only synthetic entries may stand for many addresses; the prefix ends at a slash, so no host or folder name is cut."""
    return issuer.iss_prefix is not None and issuer.synthetic_data and iss.startswith(issuer.iss_prefix)
