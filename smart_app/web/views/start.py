"""The page where a launch without a chart begins, and the one that leads on to the sign-in."""

from msgspec import Struct

from smart_app.launch.flow import Begun
from smart_app.registration import Registration


class SignInChoice(Struct, frozen=True, kw_only=True):
    """One EHR to sign in at: `iss` goes back."""

    name: str
    iss: str
    synthetic: bool


class StartView(Struct, frozen=True, kw_only=True):
    """Everything the page prints."""

    app: str
    places: tuple[SignInChoice, ...]
    action: str


class OnwardView(Struct, frozen=True, kw_only=True):
    """Where the browser goes by itself, or by the link."""

    name: str
    address: str


def start_view(registration: Registration, *, action: str) -> StartView:
    """Every EHR that is on offer."""
    places = tuple(SignInChoice(name=one.name, iss=one.iss, synthetic=one.synthetic_data) for one in registration.standalone)
    return StartView(app=registration.client.client_name, places=places, action=action)


def onward_view(registration: Registration, begun: Begun) -> OnwardView:
    """The sign-in of the launch that has begun."""
    issuer = registration.find(begun.pending.iss)
    return OnwardView(name=issuer.name if issuer else "", address=begun.authorize_url)
