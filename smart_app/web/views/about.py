"""The page about the app: every address an EHR has to be told, to be copied. Nothing about any EHR that is registered, or any person."""

from msgspec import Struct

from smart_app.launch.client_metadata import MANIFEST_PATH, Addresses, scope_of
from smart_app.registration import Registration


class AboutView(Struct, frozen=True, kw_only=True):
    """`facts` are label and value, letter by letter as they are to be entered; `start` leads to where people may start themselves."""

    name: str
    start: str | None
    facts: tuple[tuple[str, str], ...]


def about_view(registration: Registration, at: Addresses, *, base_url: str, start: str) -> AboutView:
    """What an analyst enters."""
    facts = (
        ("Launch URL", at.launch),
        *(("Redirect URI", one) for one in at.redirects),
        *((("JWKS URL", at.jwks),) if at.jwks else ()),
        ("Manifest", f"{base_url}{MANIFEST_PATH}"),
        ("Scopes", scope_of(registration)),
        ("FHIR versions", " ".join(registration.smart.fhir_versions)),
    )
    return AboutView(name=registration.client.client_name, start=start if registration.standalone else None, facts=facts)
