"""Crib sheets: what an analyst enters where an EHR is told about the app, and what is known of that vendor beforehand.

Each fact has its source beside it. [CS]: a capability statement or smart-configuration of the vendor's sandbox, as captured in 2026 in
api-evangelist's repositories; [DOC]: vendor documentation; [ISS]: an issue of the repository named. None is a promise of any one site.
"""

from collections.abc import Mapping, Sequence
from textwrap import wrap

from smart_app.launch.oauth.client_metadata import Addresses
from smart_app.launch.oauth.granted_features import features_of
from smart_app.registration import ClientAuth, ClientMetadata, Issuer, PrivateKeyJwt, PublicClient
from smart_app.registration.features import catalogue

_LABEL = 16
_WIDTH = 100

VENDORS: Mapping[str, str] = {"epic": "Epic", "oracle": "Oracle Health", "meditech": "MEDITECH", "athenahealth": "athenahealth"}

_KNOWN: Mapping[str, Sequence[str]] = {
    "epic": (
        # [DOC] Epic app documentation
        "Redirect URIs have no fragment, and http is for development only.",
        # [CS] api-evangelist/epic-systems, 2026-07-24
        "The token endpoint takes client_secret_basic, client_secret_post and private_key_jwt, and scopes of SMART version 1 and 2.",
        # [CS] 479 published R4 endpoints
        "Every customer has a FHIR base of its own: one entry in launch.json for each.",
        # [DOC] copy of Epic's documentation in the intraconnects repository
        "Whether aud is checked is a switch of the site. Rapport always sends it.",
        # [ISS] jwilleke/yourphr#408
        "A public client launched standalone gets no refresh token.",
        # [CS] api-evangelist/epic-systems, 2026-07-24
        "An app may create a QuestionnaireResponse and may not update it. Which questionnaires are taken is not published: ask the site.",
    ),
    "oracle": (
        # [ISS] jwilleke/yourphr#338
        "Register for SMART v2: an app registered for v2 that asks for scopes of version 1 (.read) has them dropped without a word.",
        # [ISS] jwilleke/yourphr#338
        "An app registered as Online is not given offline_access.",
        # [ISS] jwilleke/yourphr#338
        "A change takes 15 minutes to be in force.",
        # [CS] api-evangelist/cerner, 2026-08
        (
            "Scopes are given in exact strings: QuestionnaireResponse.rus, Observation.crus, DocumentReference.crus, Questionnaire.rs. "
            "Set scope in the entry to what is on offer."
        ),
        # [CS] api-evangelist/cerner, 2026-08
        "The issuer is at authorization.cerner.com: put that host into hosts of the entry.",
        # [DOC] cerner/fhir.cerner.com, OpenID Connect
        (
            "id_tokens name …/tenants/<tenant>/oidc/idsps/<tenant>/ as their issuer, not the one of the discovery document: put that into "
            "id_token_issuers of the entry."
        ),
        # [DOC] cerner/fhir.cerner.com, common issues
        "Sandbox PowerChart reaches port 443 only.",
        # [CS] api-evangelist/cerner, 2026-08
        "An app may update a QuestionnaireResponse and may not create one.",
    ),
    "meditech": (
        # [CS] api-evangelist/meditech, 2026-08-06
        "There is a registration endpoint: `rapport register --dynamic` may do all of this.",
        # [CS] api-evangelist/meditech, 2026-08-06
        "PKCE is S256, as Rapport sends it.",
        # [ISS] SMARTerFHIR pull request 34
        "A standalone launch needs the scope launch/patient.",
        # [CS] api-evangelist/meditech, 2026-08-06
        "An app may create and update a QuestionnaireResponse. Questionnaire is not on offer, Observation can only be read.",
    ),
    "athenahealth": (
        # [CS] api-evangelist/athenahealth, 2026-08-14
        "The issuer of id_tokens is on a host of Okta: put that host into hosts of the entry.",
        # [CS] api-evangelist/athenahealth, 2026-08-14
        "The discovery document lists no scopes; that it does not list one means nothing.",
        # [ISS] athenahealth/apiserver-athenaFlex#314
        (
            "athenaPractice and athenaFlow are another product. There, every scope above has to be ticked, or the sign-in ends with "
            '"Requested scope not authorized".'
        ),
        # [ISS] smart-launcher-v2 pull request 41
        "The frame is sandboxed and cannot navigate the window around it. Rapport does not need to.",
        # [CS] api-evangelist/athenahealth, 2026-08-14
        "An app may create a QuestionnaireResponse. It is the only clinical resource an app may create.",
    ),
}


def vendor_notes(vendor: str, *, client: ClientMetadata, at: Addresses, issuer: Issuer) -> str:
    """The sheet for one EHR as plain text. KeyError for a vendor nothing is known of."""
    title = f"{issuer.name}: registering {client.client_name} with {VENDORS[vendor]}"
    parts = (
        f"{title}\n{'=' * len(title)}",
        "Enter these, letter by letter. Forms name their fields differently; go by the meaning.",
        _fields(client, at, issuer),
        "Scopes\n" + "\n".join(f"  {one}" for one in issuer.registered_scope.split()),
        "What they are for\n" + "\n".join(map(_item, _features(issuer))),
        f"Known of {VENDORS[vendor]} (sandboxes and documentation; your site may differ)\n" + "\n".join(map(_item, _KNOWN[vendor])),
        "Then\n" + "\n".join(map(_item, _after(issuer.auth))),
    )
    return "\n\n".join(parts) + "\n"


def _fields(client: ClientMetadata, at: Addresses, issuer: Issuer) -> str:
    auth = issuer.auth
    rows = [
        ("Name", client.client_name),
        ("Launch URL", at.launch),
        *(("Redirect URI", one) for one in at.redirects),
        *((("JWKS URL", at.jwks),) if isinstance(auth, PrivateKeyJwt) and at.jwks else ()),
        *((("Logo", at.logo),) if at.logo else ()),
        ("Used by", "clinicians, launched from the patient's chart (EHR launch)"),
        *((("", "clinicians and patients, from the app's own page (standalone launch)"),) if issuer.standalone else ()),
        ("Client type", _client_type(auth)),
        ("Grant types", ", ".join(client.grant_types)),
        ("PKCE", "S256, always"),
    ]
    return "\n".join(f"{label:<{_LABEL}}{value}" for label, value in rows)


def _features(issuer: Issuer) -> list[str]:
    """What works with those scopes, and what is off in this entry."""
    on = features_of(issuer.registered_scope)
    used = [f"{feature.title}: {', '.join(feature.scopes)}. Where it is not granted: {feature.without}" for feature in on]
    off = [
        f"Off, as the entry does not ask for it: {feature.title} ({feature.key})." for feature in catalogue().feature if feature not in on
    ]
    return [*used, *off]


def _client_type(auth: ClientAuth) -> str:
    if isinstance(auth, PublicClient):
        return "public, no secret"
    if isinstance(auth, PrivateKeyJwt):
        return f"confidential, signs with a private key (private_key_jwt, {auth.alg or 'ES384 or RS384'})"
    return "confidential, with a client secret"


def _after(auth: ClientAuth) -> list[str]:
    """What is left to do in launch.json."""
    steps = ["Put the client id you are given into client_id of this entry in launch.json."]
    if not isinstance(auth, PublicClient | PrivateKeyJwt):
        steps.append("Put the client secret where the entry says, never into launch.json itself. One secret serves one EHR.")
    return [*steps, "Put the EHR's web origin into frame_ancestors if it shows apps in a frame, say enabled: true, and restart Rapport."]


def _item(text: str) -> str:
    return "\n".join(wrap(text, width=_WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False, break_long_words=False))
