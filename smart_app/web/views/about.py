"""The page about the app: every address an EHR has to be told, to be copied. Nothing about any EHR that is registered, or any person."""

from dataclasses import dataclass

from smart_app.launch.metadata import MANIFEST_PATH, Addresses, scope_of
from smart_app.registration import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutView:
    """`facts` are label and value, letter by letter as they are to be entered."""

    name: str
    facts: tuple[tuple[str, str], ...]


def about_view(registration: Registration, at: Addresses, *, base_url: str) -> AboutView:
    """What an analyst enters."""
    facts = (
        ("Launch URL", at.launch),
        *(("Redirect URI", one) for one in at.redirects),
        *((("JWKS URL", at.jwks),) if at.jwks else ()),
        ("Manifest", f"{base_url}{MANIFEST_PATH}"),
        ("Scopes", scope_of(registration)),
        ("FHIR versions", " ".join(registration.smart.fhir_versions)),
    )
    return AboutView(name=registration.client.client_name, facts=facts)
