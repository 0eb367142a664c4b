"""The launch from its first request to a context with one patient, one user and one FHIR server; and keeping its token fresh.

Keeps nothing itself: what `begin` returns is stored by the caller and handed to `complete`, once.
"""

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, NoReturn
from urllib.parse import urlencode

import requests
from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.r4.references import is_id
from fhir_mappings.sentence import Sentence
from smart_app.errors import NOTHING_OPENED, OPEN_AGAIN, ConfigurationError, LaunchCode, LaunchError, SessionError, WrongPatient
from smart_app.http import FetchError, get_json
from smart_app.launch.context.context_parameters import context_items, contradiction, read_context_parameters
from smart_app.launch.context.fhir_user import clinician_signed_in, signed_in
from smart_app.launch.context.launch_context import ContextItem, LaunchContext, PendingLaunch, User
from smart_app.launch.context.user_presence import HERE, presence_due
from smart_app.launch.context.visit_patient import patient_of_visit
from smart_app.launch.discovery.allowed_hosts import allowed_address, origins
from smart_app.launch.discovery.smart_configuration import Discovery, Endpoints
from smart_app.launch.keys import signing_keys
from smart_app.launch.keys.client_secrets import check_secrets
from smart_app.launch.oauth import client_auth, client_metadata, pkce, scopes
from smart_app.launch.oauth.client_auth import Credentials
from smart_app.launch.oauth.granted_features import with_less
from smart_app.launch.oauth.id_token import Expected, Identity, claimed_issuer, verify
from smart_app.launch.oauth.parameters import single
from smart_app.launch.oauth.token_endpoint import TokenResponse, oauth_error, request_token, revoke_token, said, token_still_works
from smart_app.registration import Issuer, OpenServer, PrivateKeyJwt, Registration

# A token that has less than this left is renewed first: clocks differ, and a page makes several calls with it.
_RENEWED_BEFORE_END = timedelta(seconds=60)
# Proxies and older servers cut or refuse longer ones.
_LONGEST_ADDRESS = 2000
# What became of the tokens of a launch that was closed: there were none, the server takes none back, it confirmed all and the record does
# not answer to them any more, or not all of that.
Revocation = Literal["nothing", "not_offered", "confirmed", "failed"]
_RESTART = Sentence("Start again, and choose a patient when your record system asks for one.")
# SMART App Launch 2.2, capabilities: a launch without a chart is told of a patient.
_CHOOSES_PATIENT = "context-standalone-patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeForm:
    """An authorization request to be posted: `fields` to `action`, at the EHR of this name. `targets` are the origins its sign-in may be
    on: a browser holds a form's policy against every redirect that answers it (Chromium 156; w3c/webappsec-csp#8)."""

    ehr: str
    action: str
    fields: Mapping[str, str] = field(repr=False)
    targets: tuple[str, ...]


class Begun(Struct, frozen=True, kw_only=True):
    """A launch on its way: `pending` is to be stored, the browser goes to `authorize_url`, or posts `form` where there is one."""

    pending: PendingLaunch
    authorize_url: str
    form: AuthorizeForm | None = None


class Asking(Struct, frozen=True, kw_only=True):
    """The scope asked for, at which try, and which features the EHR would not have asked for; `newer_than` and `proves` as of the pending
    launch."""

    scope: str
    tries: int = 1
    refused: tuple[str, ...] = ()
    newer_than: datetime | None = None
    proves: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """The SMART client. `new_secret` gives 256-bit URL-safe text of 43 characters or more (no UUIDs: too short for PKCE),
    `environ` holds the secrets that `launch.json` names."""

    registration: Registration
    http: requests.Session
    clock: Callable[[], datetime]
    base_url: str
    new_secret: Callable[[], str] = pkce.new_secret
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    discovery: Discovery = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """One discovery cache per launcher."""
        object.__setattr__(self, "discovery", Discovery(self.http, clock=self.clock))

    def check(self) -> None:
        """Every trusted entry's secret or key is there and can be used, and the app's addresses can be registered. Raises
        ConfigurationError: better before the first launch than in the middle of it."""
        client_metadata.addresses(self.registration, self.base_url)
        check_secrets(self.registration, self.environ)
        self.published_keys()

    def published_keys(self) -> signing_keys.KeySet:
        """The app's public keys as a JWK set. Raises ConfigurationError when a key cannot be read."""
        return signing_keys.published(self.registration, self.environ)

    @property
    def redirect_uri(self) -> str:
        """Where authorization servers send the browser back to."""
        return f"{self.base_url}{self.registration.client.redirect_uris[0]}"

    def begin(self, iss: str, launch: str, *, newer_than: datetime | None = None) -> Begun:
        """Start an EHR launch; `iss` and `launch` exactly as received. Raises LaunchError. An unknown `iss` causes no request at all.
        `newer_than`: whoever opens it has to sign in anew, after that."""
        if not iss:
            raise LaunchError("iss_missing", Sentence("The address does not say which EHR it comes from."), reopen=OPEN_AGAIN)
        if not launch:
            raise LaunchError("launch_missing", Sentence("The EHR sent no launch context."), reopen=OPEN_AGAIN)
        issuer = self._issuer(iss)
        if isinstance(issuer.auth, OpenServer):
            raise _not_listed("it is registered as an open server, which has no EHR launch")
        return self._begun(issuer, iss, launch, Asking(scope=issuer.scope, newer_than=newer_than))

    def begin_standalone(self, iss: str, *, newer_than: datetime | None = None) -> Begun:
        """Start without a chart at the FHIR base of an entry that allows it; the EHR signs the person in and settles the patient. Raises
        LaunchError. Any other `iss` causes no request at all. `newer_than` as for `begin`."""
        issuer = self._issuer(iss)
        if not issuer.standalone:
            raise _not_listed("its entry does not say standalone")
        return self._begun(issuer, issuer.iss, None, Asking(scope=issuer.standalone_scope, newer_than=newer_than))

    def begin_proof(self, iss: str, proves: str, *, newer_than: datetime) -> Begun:
        """Ask the EHR who is there now, and for nothing else: no record is asked for and none is opened. `proves` says for what,
        `newer_than` after when they have to have signed in. Raises LaunchError."""
        issuer = self._issuer(iss)
        if isinstance(issuer.auth, OpenServer):
            raise _not_listed("it is registered as an open server, which signs nobody in")
        return self._begun(issuer, iss, None, Asking(scope=_WHO_ALONE, newer_than=newer_than, proves=proves))

    def proven(self, pending: PendingLaunch, params: Mapping[str, Sequence[str]]) -> User | None:
        """The clinician whom the sign-in of `begin_proof` found, None for anybody else. Raises LaunchError, `sign_in_not_new` where they
        had signed in before, or the EHR does not say when. Its tokens are forgotten."""
        issuer = self._issuer(pending.iss)
        tokens = self._tokens(issuer, pending, _exchange(issuer, pending, params))
        identity = self._identity(issuer, pending, tokens, pending.requested_scope if tokens.scope is None else tokens.scope)
        return clinician_signed_in(identity, fhir_base=pending.iss)

    def open_server(self, iss: str) -> Issuer:
        """The entry of an open server (no OAuth, synthetic data). Raises LaunchError iss_not_listed for any other."""
        issuer = self._issuer(iss)
        if not isinstance(issuer.auth, OpenServer):
            raise _not_listed("it is not registered as an open server")
        return issuer

    def complete(self, pending: PendingLaunch, params: Mapping[str, Sequence[str]]) -> LaunchContext:
        """The launch behind a callback, whose pending launch the store has given out and forgotten. Raises LaunchError; of one that is
        scope_refused `ask_for_less` says how it may go on."""
        issuer = self._issuer(pending.iss)
        form = _exchange(issuer, pending, params)
        try:
            tokens = self._tokens(issuer, pending, form)
        except LaunchError:
            # The description of the sign-in may be out of date.
            self.discovery.forget(issuer)
            raise
        return self._context(issuer, pending, tokens)

    def ask_for_less(self, pending: PendingLaunch, error: LaunchError) -> Begun | None:
        """The same launch once more, without scopes that the EHR refused; None where something else went wrong, it was asked often
        enough, or nothing can be left out. It is remembered with the launch and nowhere else: the next one asks for all again."""
        refused_scopes = error.code == "scope_refused"
        found = with_less(pending.requested_scope, words=error.detail, tries=pending.tries) if refused_scopes else None
        if found is None:
            return None
        scope, left_out = found
        asking = Asking(
            scope=scope,
            tries=pending.tries + 1,
            refused=(*pending.refused, *left_out),
            newer_than=pending.newer_than,
            proves=pending.proves,
        )
        return self._begun(self._issuer(pending.iss), pending.iss, pending.launch, asking)

    def needs_refresh(self, context: LaunchContext, now: datetime) -> bool:
        """True when the access token is about to end and can be renewed, or the EHR must be told that its user is here."""
        if context.refresh_token is None or context.expires is None:
            return False
        return context.expires - now <= _RENEWED_BEFORE_END or (context.presence_due is not None and context.presence_due <= now)

    def refresh(self, context: LaunchContext) -> LaunchContext:
        """The launch with a new access token, and the new refresh token where the server rotates it. Raises SessionError when the server
        refuses (its session is over), LaunchError token_unreachable when it does not answer: the old token may still be good."""
        if context.refresh_token is None or context.token_endpoint is None:
            raise SessionError(_SESSION_OVER, reopen=OPEN_AGAIN, detail="there is no refresh token")
        try:
            # No `scope`: what was granted stays granted (RFC 6749 6).
            form = {"grant_type": "refresh_token", "refresh_token": context.refresh_token, **(HERE if context.presence_due else {})}
            tokens = self._tokens(self._issuer(context.iss), context, form)
        except LaunchError as error:
            if error.code == "token_unreachable":
                raise
            raise SessionError(_SESSION_OVER, reopen=OPEN_AGAIN, detail=f"{error.code} {error.detail}") from error
        return _refreshed(context, tokens, self.clock())

    def revoke(self, context: LaunchContext) -> Revocation:
        """Give the launch's tokens back (RFC 7009): the refresh token first, as it can make others. What is not given back ends by
        itself, and signing out goes on either way."""
        tokens = [token for token in (context.refresh_token, context.access_token) if token is not None]
        if not tokens:
            return "nothing"
        try:
            issuer = self._issuer(context.iss)
            endpoint = self.discovery.endpoints(issuer).revocation_endpoint
            if endpoint is None:
                return "not_offered"
            # A list: the second is tried whatever became of the first. Credentials anew, as an assertion is used once.
            confirmed = [revoke_token(self.http, endpoint, token=token, credentials=self._credentials(issuer, context)) for token in tokens]
        except (LaunchError, ConfigurationError):
            return "failed"
        return "confirmed" if all(confirmed) and not self._still_works(context) else "failed"

    def _still_works(self, context: LaunchContext) -> bool:
        """Whether the record answers to an access token that was given back. Asked for is the one thing every launch may read."""
        address = f"{context.iss.rstrip('/')}/Patient/{context.patient}?_elements=id"
        return context.access_token is not None and token_still_works(self.http, address, token=context.access_token)

    def _issuer(self, iss: str) -> Issuer:
        issuer = self.registration.find(iss)
        if issuer is None:
            raise _not_listed("add it to launch.json if it is right")
        return issuer

    def _begun(self, issuer: Issuer, iss: str, launch: str | None, asking: Asking) -> Begun:
        """`launch` None is a standalone launch."""
        endpoints = self.discovery.endpoints(issuer)
        if isinstance(issuer.auth, PrivateKeyJwt):
            # Before anybody signs in, because it would fail after that.
            signing_keys.signing_key(issuer.auth, endpoints.assertion_algorithms, self.environ)
        pending = self._pending(iss, endpoints, launch, asking)
        query = {
            "response_type": "code",
            "client_id": issuer.client_id,
            "redirect_uri": pending.redirect_uri,
            **({"launch": launch} if launch else {}),
            "scope": pending.requested_scope,
            "state": pending.state,
            # As received, to the letter: servers compare it with their own spelling, trailing slash included.
            "aud": iss,
            "nonce": pending.nonce,
            "code_challenge": pkce.challenge(pending.verifier),
            "code_challenge_method": "S256",
            # OpenID Connect Core 3.1.2.1: sign in now, whoever is signed in already; the id_token has to say when (`auth_time`).
            **({"max_age": "0"} if pending.newer_than else {}),
        }
        address = _with_query(endpoints.authorization_endpoint, query)
        form = AuthorizeForm(ehr=issuer.name, action=endpoints.authorization_endpoint, fields=query, targets=origins(issuer))
        return Begun(pending=pending, authorize_url=address, form=form if _by_post(issuer, endpoints, address) else None)

    def _pending(self, iss: str, endpoints: Endpoints, launch: str | None, asking: Asking) -> PendingLaunch:
        return PendingLaunch(
            iss=iss,
            via="ehr" if launch else "standalone",
            state=self.new_secret(),
            nonce=self.new_secret(),
            verifier=self.new_secret(),
            redirect_uri=self.redirect_uri,
            requested_scope=asking.scope,
            token_endpoint=endpoints.token_endpoint,
            issuer=endpoints.issuer,
            jwks_uri=endpoints.jwks_uri,
            started=self.clock(),
            answers_with_iss=endpoints.answers_with_iss,
            assertion_algorithms=endpoints.assertion_algorithms,
            launch=launch,
            tries=asking.tries,
            refused=asking.refused,
            newer_than=asking.newer_than,
            proves=asking.proves,
        )

    def _tokens(self, issuer: Issuer, launch: PendingLaunch | LaunchContext, form: Mapping[str, str]) -> TokenResponse:
        """One token request of a launch, with credentials of its own."""
        return request_token(self.http, launch.token_endpoint or "", form=form, credentials=self._credentials(issuer, launch))

    def _credentials(self, issuer: Issuer, launch: PendingLaunch | LaunchContext) -> Credentials:
        return client_auth.credentials(
            issuer,
            token_endpoint=launch.token_endpoint or "",
            advertised=launch.assertion_algorithms,
            now=self.clock(),
            new_secret=self.new_secret,
            environ=self.environ,
        )

    def _context(self, issuer: Issuer, pending: PendingLaunch, tokens: TokenResponse) -> LaunchContext:
        now = self.clock()
        # RFC 6749 5.1: no scope in the answer means what was asked for.
        granted = pending.requested_scope if tokens.scope is None else tokens.scope
        identity = self._identity(issuer, pending, tokens, granted)
        _check_record_granted(granted, identity)
        patient = _patient(tokens.extra) or self._patient_of_visit(pending, tokens, granted) or self._no_patient(issuer, pending, identity)
        extra = read_context_parameters(tokens.extra, issuer=issuer, fhir_base=pending.iss, patient=patient, told=identity.tenant)
        return LaunchContext(
            iss=pending.iss,
            issuer_name=issuer.name,
            via=pending.via,
            patient=patient,
            encounter=_visit(tokens.extra, fhir_base=pending.iss),
            user=signed_in(identity, fhir_base=pending.iss, patient=patient),
            scope=granted,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            token_endpoint=pending.token_endpoint,
            expires=now + tokens.lifetime,
            opened=now,
            # Where there is no chart around the page, there is no other banner either.
            need_patient_banner=pending.via == "standalone" or tokens.extra.get("need_patient_banner") is not False,
            synthetic=issuer.synthetic_data,
            intent=_intent(tokens.extra.get("intent")),
            presence_due=presence_due(tokens.extra, now),
            refused=pending.refused,
            assertion_algorithms=pending.assertion_algorithms,
            arrived=replace(extra, ignored=(*extra.ignored, *_ignored(tokens))),
        )

    def _patient_of_visit(self, pending: PendingLaunch, tokens: TokenResponse, granted: str) -> str | None:
        """The patient of the visit that the EHR named in place of a patient; None where it named none. Raises LaunchError
        patient_of_visit_unknown where the visit cannot be read or is no patient's of this server."""
        visit = _visit(tokens.extra, fhir_base=pending.iss)
        if visit is None:
            return None
        if not scopes.allows(granted, "Encounter", "r"):
            raise _visit_alone("reading Encounter not granted")
        base = pending.iss.rstrip("/")
        headers = {"Accept": "application/fhir+json", "Authorization": f"Bearer {tokens.access_token}"}
        try:
            encounter = get_json(self.http, f"{base}/Encounter/{visit}", headers=headers)
        except FetchError as error:
            raise _visit_alone(f"the Encounter could not be read: {error.detail or error.reason}") from error
        found = patient_of_visit(encounter, visit=visit, base=base)
        if found.patient is None:
            raise _visit_alone(f"the Encounter was read, and {found.why_not}")
        return found.patient

    def _no_patient(self, issuer: Issuer, pending: PendingLaunch, identity: Identity) -> NoReturn:
        """Raises LaunchError: patient_not_offered, with no word of choosing a patient, where nobody can, else patient_missing."""
        if "Patient/" in (identity.fhir_user or ""):
            raise LaunchError("patient_missing", Sentence("The EHR did not say whose record is to be opened."), by_patient=True)
        if pending.via != "standalone":
            raise LaunchError("patient_missing", Sentence("The EHR did not say which patient's chart is open."), reopen=OPEN_AGAIN)
        offered = self.discovery.endpoints(issuer).capabilities
        # Few list everything: a list that is not there says nothing.
        if offered and _CHOOSES_PATIENT not in offered:
            sentence = Sentence("The EHR named no patient, and does not say that one can be chosen at its sign-in.")
            raise LaunchError("patient_not_offered", sentence, detail=f"its capabilities do not list {_CHOOSES_PATIENT}")
        raise LaunchError("patient_missing", Sentence("No patient was chosen at the sign-in. {next_step}", next_step=_RESTART))

    def _identity(self, issuer: Issuer, pending: PendingLaunch, tokens: TokenResponse, granted: str) -> Identity:
        if tokens.id_token is None:
            raise _no_identity(granted)
        trusted = _trusted_issuers(issuer, pending.issuer)
        expected = Expected(
            issuers=trusted,
            client_id=issuer.client_id,
            nonce=pending.nonce,
            nonce_optional=issuer.nonce_optional,
        )
        key_set = partial(self.discovery.key_set, self._keys_address(issuer, pending, claimed_issuer(tokens.id_token), trusted))
        identity = verify(tokens.id_token, key_set=key_set, expected=expected, now=self.clock())
        _check_signed_in_anew(identity, pending, self.clock())
        return identity

    def _keys_address(self, issuer: Issuer, pending: PendingLaunch, signer: str | None, trusted: Collection[str]) -> str:
        """Whose keys a token is checked with: discovery's for the discovered issuer, its own for another one that is trusted, discovery's
        again where that publishes none. Raises LaunchError id_token_invalid."""
        known = pending.jwks_uri
        own = signer if signer in trusted and (signer != pending.issuer or known is None) else None
        found = (self.discovery.keys_address(issuer, own) if own else None) or known
        if found is None:
            raise LaunchError(
                "id_token_invalid",
                Sentence("The EHR does not publish the keys it signs with."),
                reopen=OPEN_AGAIN,
                detail="no jwks_uri in its discovery, nor in an openid-configuration on a host of `hosts`",
            )
        return found


# OpenID Connect alone: no record is asked for.
_WHO_ALONE = "openid fhirUser"
_SIGNED_IN_BEFORE = Sentence("The record system did not ask for a new sign-in, so nothing was opened.")
_NOT_SAID_WHEN = Sentence("The record system does not say when somebody signed in, so a sign-in opens nothing here.")
_OTHER_TENANT = Sentence("The EHR has switched to another organisation.")
_OTHER_PATIENT = Sentence("The EHR has switched to another patient.")
_SESSION_OVER = Sentence("The EHR has ended this session.")


def _not_listed(detail: str) -> LaunchError:
    """Says nothing of the address: it came from outside, and the page may be shown to anybody."""
    return LaunchError(
        "iss_not_listed",
        Sentence("Rapport is not registered with this EHR. Nothing was sent to it."),
        detail=f"iss is not listed: {detail}",
        status=403,
    )


def _with_query(endpoint: str, query: Mapping[str, str]) -> str:
    """`endpoint` with the parameters added to the query it may have already."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def _by_post(issuer: Issuer, endpoints: Endpoints, address: str) -> bool:
    """Whether the sign-in is asked by POST. Every SMART server takes both (SMART App Launch 2.2), but a cookie of the EHR's that is
    `SameSite=Lax` comes along with GET only, and a form is stopped on its way to a login host nobody listed."""
    if issuer.authorize == "post" and "authorize-post" in endpoints.capabilities:
        return True
    return issuer.authorize != "get" and len(address) > _LONGEST_ADDRESS


def _code(issuer: Issuer, pending: PendingLaunch, params: Mapping[str, Sequence[str]]) -> str:
    """The code of a callback that belongs to `pending`. A refusal is looked at first: it carries no code."""
    if single(params, "state") != pending.state:
        raise LaunchError("state_unknown", Sentence("The sign-in that came back is not the one that was begun."), reopen=OPEN_AGAIN)
    _check_issuer(pending, single(params, "iss"))
    error = single(params, "error")
    if error is not None:
        raise _refused(issuer, error, params)
    code = single(params, "code")
    if code is None:
        raise LaunchError("code_missing", Sentence("The EHR's sign-in came back without a code."), reopen=OPEN_AGAIN)
    return code


def _exchange(issuer: Issuer, pending: PendingLaunch, params: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What the token endpoint is asked with the code of a callback that belongs to `pending`."""
    code = _code(issuer, pending, params)
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": pending.redirect_uri, "code_verifier": pending.verifier}


def _check_signed_in_anew(identity: Identity, pending: PendingLaunch, now: datetime) -> None:
    """Where it matters that it is the person who is there now, a sign-in of before counts for nothing, nor one of unknown time."""
    if pending.newer_than is None:
        return
    anew = identity.signed_in_after(pending.newer_than, now)
    if anew:
        return
    said = "auth_time is not later than the loan" if anew is False else "the id_token has no auth_time"
    raise LaunchError("sign_in_not_new", _NOT_SAID_WHEN if anew is None else _SIGNED_IN_BEFORE, detail=said, status=403)


def _check_issuer(pending: PendingLaunch, iss: str | None) -> None:
    """RFC 9207: the callback's `iss` is the authorization server, not the FHIR server of the launch's `iss`."""
    if (iss is not None or pending.answers_with_iss) and iss != pending.issuer:
        raise LaunchError(
            "issuer_differs",
            Sentence("The sign-in came back from another server than it was sent to."),
            reopen=OPEN_AGAIN,
            detail="iss differs",
            status=403,
        )


_BUSY: tuple[LaunchCode, Sentence] = ("authorization_unavailable", Sentence("The EHR's sign-in is not available just now."))
# RFC 6749 4.1.2.1: what calls for something else than the IT team.
_REFUSALS: Mapping[str, tuple[LaunchCode, Sentence]] = {
    "access_denied": ("authorization_declined", Sentence("The sign-in was cancelled or not allowed.")),
    "invalid_scope": ("scope_refused", Sentence("The EHR refused a permission that Rapport asked for.")),
    "server_error": _BUSY,
    "temporarily_unavailable": _BUSY,
}


def _refused(issuer: Issuer, error: str, params: Mapping[str, Sequence[str]]) -> LaunchError:
    """The refusal in words; the EHR's own are for IT, and its help is linked only on a host that is the EHR's."""
    code, sentence = _REFUSALS.get(oauth_error(error), ("authorization_refused", Sentence("The EHR refused the sign-in.")))
    detail = said({"error": error, "error_description": single(params, "error_description")})
    given = single(params, "error_uri")
    help_uri = allowed_address(issuer, given) if given else None
    return LaunchError(
        code,
        sentence,
        reopen=NOTHING_OPENED,
        detail=detail,
        status=403,
        help_uri=help_uri,
    )


def _trusted_issuers(issuer: Issuer, discovered: str | None) -> tuple[str, ...]:
    return issuer.id_token_issuers or ((discovered,) if discovered else ())


def _no_identity(granted: str) -> LaunchError:
    if not scopes.has(granted, "openid"):
        return LaunchError(
            "scope_insufficient",
            Sentence("The EHR does not let Rapport know who is signed in."),
            reopen=OPEN_AGAIN,
            detail="openid not granted",
            status=403,
        )
    return LaunchError(
        "id_token_invalid",
        Sentence("The EHR did not say who is signed in."),
        reopen=OPEN_AGAIN,
        detail="id_token is missing",
        status=403,
    )


def _check_record_granted(granted: str, identity: Identity) -> None:
    """Without the patient's own entry nothing can be shown, now or at another try: no launch is opened on a grant like `launch` alone."""
    if not scopes.allows(granted, "Patient", "r"):
        raise LaunchError(
            "scope_insufficient",
            Sentence("The EHR does not permit Rapport to read the patient's entry."),
            reopen=OPEN_AGAIN,
            detail="reading Patient not granted",
            status=403,
            by_patient="Patient/" in (identity.fhir_user or ""),
        )


def _patient(response: Mapping[str, Any]) -> str | None:
    """The patient the EHR named, None where it named none."""
    patient = response.get("patient")
    if patient is None or patient == "":
        return None
    found = _identifier(patient)
    if found is None:
        raise LaunchError(
            "patient_missing",
            Sentence("The EHR named the patient in a way that cannot be used."),
            reopen=OPEN_AGAIN,
            detail="patient is no id",
        )
    return found


def _visit(response: Mapping[str, Any], *, fhir_base: str) -> str | None:
    """The id of the visit the launch belongs to."""
    return _identifier(response.get("encounter")) or _encounter(context_items(response, fhir_base=fhir_base))


def _visit_alone(detail: str) -> LaunchError:
    return LaunchError("patient_of_visit_unknown", Sentence("The EHR named the visit and not the patient."), detail=detail)


def _identifier(value: object) -> str | None:
    """A resource's id; what looks like a path or query is none."""
    return value if isinstance(value, str) and is_id(value) else None


def _intent(value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"[\w.:/-]{1,100}", value) else None


def _ignored(tokens: TokenResponse) -> list[str]:
    """Members of a token response that were there and could not be used, and `scope` where it was not and what was asked for is assumed."""
    given = tokens.extra
    usable = {
        "encounter": _identifier(given.get("encounter")) is not None,
        "intent": _intent(given.get("intent")) is not None,
        "need_patient_banner": isinstance(given.get("need_patient_banner"), bool),
    }
    return [
        *(name for name, fits in usable.items() if given.get(name) is not None and not fits),
        *(["scope_missing"] if tokens.scope is None else []),
    ]


def _encounter(items: Sequence[ContextItem]) -> str | None:
    """The one visit of `fhirContext`, where the launch names none outside of it (servers that put everything there)."""
    found = {item.reference for item in items if item.type == "Encounter" and item.in_context and item.reference}
    kind, _, local_id = found.pop().partition("/") if len(found) == 1 else ("", "", "")
    return _identifier(local_id) if kind == "Encounter" else None


def _refreshed(context: LaunchContext, tokens: TokenResponse, now: datetime) -> LaunchContext:
    """Everything about the launch stays as it was but its tokens and what they are good for."""
    changed = contradiction(tokens.extra, fhir_base=context.iss, patient=context.patient, tenant=context.arrived.tenant)
    if changed is not None:
        what = "organisation" if changed == "tenant" else "patient"
        raise WrongPatient(
            _OTHER_TENANT if changed == "tenant" else _OTHER_PATIENT, reopen=OPEN_AGAIN, detail=f"the refreshed token is for another {what}"
        )
    return replace(
        context,
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token or context.refresh_token,
        scope=context.scope if tokens.scope is None else tokens.scope,
        expires=now + tokens.lifetime,
        presence_due=presence_due(tokens.extra, now),
    )
