"""The signed-in person as a FHIR reference, and who may use the clinician's pages."""

import re
from urllib.parse import urljoin, urlsplit

from smart_app.errors import LaunchError
from smart_app.launch.context import User
from smart_app.launch.id_token import Identity

_REFERENCE = re.compile(
    r"/(?P<type>Practitioner|PractitionerRole|Person|Patient|RelatedPerson)/(?P<id>[A-Za-z0-9\-._]{1,64})(?:/_history/[^/]+)?$"
)
_CLINICIANS = ("Practitioner", "PractitionerRole", "Person")


def clinician(identity: Identity, *, fhir_base: str) -> User:
    """The user of a clinician's launch. `reference` is `Type/id` for a person on the launch's FHIR server, and the full address for one
    elsewhere, which must never be asked with this launch's token. Raises LaunchError user_not_permitted."""
    if identity.fhir_user is None:
        raise _not_permitted(
            "The EHR did not say which clinician is signed in.", "the id_token has no fhirUser; is the scope fhirUser granted?"
        )
    base = f"{fhir_base.removesuffix('/')}/"
    address = _absolute(identity.fhir_user, base)
    match = _REFERENCE.search(urlsplit(address).path)
    if match is None:
        raise _not_permitted("The EHR named the signed-in user in a way that cannot be read.", "fhirUser is no reference to a person")
    if match["type"] not in _CLINICIANS:
        raise _not_permitted("These pages are for clinicians.", f"fhirUser is a {match['type']}")
    relative = f"{match['type']}/{match['id']}"
    reference = relative if _same_host(address, base) else address
    return User(reference=reference, name=identity.name, issuer=identity.issuer, subject=identity.subject)


def _absolute(reference: str, base: str) -> str:
    """The reference as an address, or "" where it is none."""
    try:
        address = urljoin(base, reference)
        urlsplit(address).port  # noqa: B018  (reading it is what checks it)
    except ValueError:
        return ""
    return address


def _same_host(address: str, base: str) -> bool:
    """Same scheme, host and port; the path may differ, as with servers that put a launch's settings into it."""
    one, other = urlsplit(address), urlsplit(base)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)


def _not_permitted(sentence: str, detail: str) -> LaunchError:
    return LaunchError("user_not_permitted", f"{sentence} Nothing was opened.", detail=detail, status=403)
