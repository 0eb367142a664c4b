"""What a launch is before and after authorization. A pending launch cannot be used as a whole one: they are two types."""

from datetime import datetime
from typing import Literal, NewType

from msgspec import Struct, field

from fhir_mappings.sentence import Sentence

LaunchId = NewType("LaunchId", str)
Via = Literal["ehr", "standalone", "open"]


class User(Struct, frozen=True, kw_only=True):
    """The signed-in person. `reference` is `Practitioner/x` (fhirUser relative to the FHIR base), or `Patient/x` for the patient of the
    launch and no other; `name` for people.
    (`issuer`, `subject`) identify the user; both empty on an open server."""

    reference: str
    name: str | None
    issuer: str
    subject: str

    @property
    def called(self) -> str:
        """The name, else words that say who is meant: an id is no name."""
        return self.name or (Sentence("the patient") if self.kind == "Patient" else Sentence("the signed-in clinician"))

    @property
    def kind(self) -> str:
        """The resource type, of a person on this FHIR server and of one elsewhere alike."""
        return self.reference.split("/")[-2] if "/" in self.reference else ""


class ContextItem(Struct, frozen=True, kw_only=True):
    """One item of `fhirContext`. `reference` is `Type/id` on the launch's server, or an address elsewhere; `identifier` (system, value).
    `type` is the resource type where it can be told."""

    role: str
    type: str | None
    reference: str | None
    canonical: str | None
    identifier: tuple[str, str] | None

    @property
    def in_context(self) -> bool:
        """Whether the app was opened for it: an item without a role is one of `launch`."""
        return self.role == "launch"


class ContextParameters(Struct, frozen=True, kw_only=True):
    """What came with the launch besides patient and user. `app_context` is opaque text of whoever made the link; `style_url` is on a
    host of the issuer; `ignored` names members of the token response that could not be used."""

    app_context: str | None = None
    items: tuple[ContextItem, ...] = ()
    tenant: str | None = None
    style_url: str | None = None
    ignored: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without what the link's maker or the EHR said about the visit."""
        return f"Arrived(tenant={self.tenant!r}, style_url={self.style_url!r}, ignored={self.ignored!r})"


class Author(Struct, frozen=True, kw_only=True):
    """Who answers about whom: one user, one patient, one FHIR base. What is left of a launch when it is over; it can open nothing."""

    iss: str
    patient: str
    user: User


class PendingLaunch(Struct, frozen=True, kw_only=True):
    """Sent to the authorization server, not yet back. Single use; `nonce` and `verifier` are kept sealed.
    `answers_with_iss`: the server promised to name itself on the callback (RFC 9207). `assertion_algorithms`: what it takes of a client
    that signs, empty when it did not say. `launch` is the EHR's launch value, None without a chart; `tries`: how
    often the EHR was asked to authorize it, `refused` which features it would not have asked for. `newer_than`: the person has to have
    signed in after that, None where it may be earlier. `proves` is what the sign-in is to prove, and nothing is opened by it; "" of a
    launch."""

    iss: str
    via: Via
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    requested_scope: str
    token_endpoint: str
    issuer: str | None
    jwks_uri: str | None
    started: datetime
    answers_with_iss: bool = False
    assertion_algorithms: tuple[str, ...] = ()
    launch: str | None = None
    tries: int = 1
    refused: tuple[str, ...] = ()
    newer_than: datetime | None = None
    proves: str = ""


class LaunchContext(Struct, frozen=True, kw_only=True):
    """A completed launch: one patient, one user, one FHIR server. `iss` is the FHIR base exactly as received.

    `scope` is what was granted. `expires` is when the access token stops (None on an open server). `encounter` is an Encounter id.
    `need_patient_banner` is True unless the EHR said explicitly that it shows one. `presence_due`: when the EHR must be told again that
    its user is here, None where it does not ask. `refused` are features that the EHR would not have asked for.
    """

    iss: str
    issuer_name: str
    via: Via
    patient: str
    encounter: str | None
    user: User
    scope: str
    access_token: str | None
    refresh_token: str | None
    token_endpoint: str | None
    expires: datetime | None
    opened: datetime
    need_patient_banner: bool
    synthetic: bool
    intent: str | None = None
    presence_due: datetime | None = None
    assertion_algorithms: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    arrived: ContextParameters = field(default_factory=ContextParameters)

    def __repr__(self) -> str:
        """Without tokens, patient and user."""
        return f"LaunchContext(iss={self.iss!r}, via={self.via!r}, scope={self.scope!r}, opened={self.opened!r})"

    @property
    def fixed_end(self) -> datetime | None:
        """When the sign-in ends that nothing can renew; None where it can be renewed, or never ends. `online_access` may be granted and
        bring no refresh token."""
        return self.expires if self.refresh_token is None else None

    @property
    def by_patient(self) -> bool:
        """Whether the patient is the one signed in: they see their own pages, and no clinician's."""
        return self.user.reference.startswith("Patient/")


class UserContext(Struct, frozen=True, kw_only=True):
    """Access to one FHIR server without a patient: a page of staff, or a job. `user` is who acts, `scope` what was granted.

    A launch's other fields have no meaning here: visit, banner, intent and what arrived belong to a chart, and how the token is renewed
    to whoever obtained it."""

    iss: str
    issuer_name: str
    user: User
    scope: str
    access_token: str | None
    synthetic: bool

    def __repr__(self) -> str:
        """Without token and user."""
        return f"UserContext(iss={self.iss!r}, scope={self.scope!r})"
