"""The page about the app: every address an EHR has to be told, to be copied. Nothing about any EHR that is registered, or any person."""

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.launch.oauth.client_metadata import MANIFEST_PATH, Addresses, scope_of
from smart_app.registration import Registration
from smart_app.web.views.parts import Fact


class AboutView(Struct, frozen=True, kw_only=True):
    """`facts` stand letter by letter as they are to be entered; `start` leads to where people may start themselves."""

    name: str
    start: str | None
    facts: tuple[Fact, ...]


def about_view(registration: Registration, at: Addresses, *, base_url: str, start: str) -> AboutView:
    """What an analyst enters."""
    facts = (
        Fact(label=Sentence("Launch URL"), value=at.launch),
        *(Fact(label=Sentence("Redirect URI"), value=one) for one in at.redirects),
        *((Fact(label=Sentence("JWKS URL"), value=at.jwks),) if at.jwks else ()),
        Fact(label=Sentence("Manifest"), value=f"{base_url}{MANIFEST_PATH}"),
        Fact(label=Sentence("Scopes"), value=scope_of(registration)),
        Fact(label=Sentence("FHIR versions"), value=" ".join(registration.smart.fhir_versions)),
    )
    return AboutView(name=registration.client.client_name, start=start if registration.standalone else None, facts=facts)
