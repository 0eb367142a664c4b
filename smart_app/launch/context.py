"""What a launch is before and after authorization. A pending launch cannot be used as a whole one: they are two types."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NewType

LaunchId = NewType("LaunchId", str)
Via = Literal["ehr", "standalone", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The signed-in person. `reference` is `Practitioner/x` (fhirUser relative to the FHIR base), or `Patient/x` for the patient of the
    launch and no other; `name` for people.
    (`issuer`, `subject`) identify the user; both empty on an open server."""

    reference: str
    name: str | None
    issuer: str
    subject: str

    @property
    def kind(self) -> str:
        """The resource type, of a person on this FHIR server and of one elsewhere alike."""
        return self.reference.split("/")[-2] if "/" in self.reference else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextItem:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What came with the launch besides patient and user. `app_context` is opaque text of whoever made the link; `style_url` is on a
    host of the issuer; `ignored` names members of the token response that could not be used."""

    app_context: str | None = field(default=None, repr=False)
    items: tuple[ContextItem, ...] = field(default=(), repr=False)
    tenant: str | None = None
    style_url: str | None = None
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who answers about whom: one user, one patient, one FHIR base. What is left of a launch when it is over; it can open nothing."""

    iss: str
    patient: str
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLaunch:
    """Sent to the authorization server, not yet back. Single use; `nonce` and `verifier` are kept sealed.
    `answers_with_iss`: the server promised to name itself on the callback (RFC 9207). `assertion_algorithms`: what it takes of a client
    that signs, empty when it did not say."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchContext:
    """A completed launch: one patient, one user, one FHIR server. `iss` is the FHIR base exactly as received.

    `scope` is what was granted. `expires` is when the access token stops (None on an open server). `encounter` is an Encounter id.
    `need_patient_banner` is True unless the EHR said explicitly that it shows one. `presence_due`: when the EHR must be told again that
    its user is here, None where it does not ask.
    """

    iss: str
    issuer_name: str
    via: Via
    patient: str
    encounter: str | None
    user: User
    scope: str
    access_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)
    token_endpoint: str | None
    expires: datetime | None
    opened: datetime
    need_patient_banner: bool
    synthetic: bool
    intent: str | None = None
    presence_due: datetime | None = None
    assertion_algorithms: tuple[str, ...] = ()
    arrived: Arrived = field(default_factory=Arrived)

    @property
    def by_patient(self) -> bool:
        """Whether the patient is the one signed in: they see their own pages, and no clinician's."""
        return self.user.reference.startswith("Patient/")
