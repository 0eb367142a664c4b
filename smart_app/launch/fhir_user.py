"""The signed-in person as a FHIR reference, and who may use Rapport: a clinician, or the patient whose record is open."""

import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from fhir_mappings.people.clinicians import is_clinician
from smart_app.errors import LaunchError
from smart_app.launch.context import User
from smart_app.launch.id_token import Identity

_REFERENCE = re.compile(
    r"/(?P<type>Practitioner|PractitionerRole|Person|Patient|RelatedPerson)/(?P<id>[A-Za-z0-9\-._]{1,64})(?:/_history/[^/]+)?$"
)
_NOT_THEIRS: Mapping[str, str] = {
    "Patient": "The person signed in is a patient, and the record that was opened is not their own.",
    # Answers given for somebody else are answers of another source, which no instrument here asks for.
    "RelatedPerson": "Rapport is for clinicians, and for patients themselves: nobody can answer for somebody else.",
    # A Person may be either, and a patient must never see a clinician's page.
    "Person": "The EHR does not say whether the person signed in is a clinician or a patient.",
}


def signed_in(identity: Identity, *, fhir_base: str, patient: str) -> User:
    """The user of a launch into the record of `patient` (an id): a clinician, or that very patient on the launch's own FHIR server.
    `reference` is `Type/id` for a person there, and the full address for a clinician elsewhere, which must never be asked with this
    launch's token. Raises LaunchError user_not_permitted for anybody else."""
    if identity.fhir_user is None:
        raise _not_permitted("The EHR did not say who is signed in.", "the id_token has no fhirUser; is the scope fhirUser granted?")
    base = f"{fhir_base.removesuffix('/')}/"
    address = _absolute(identity.fhir_user, base)
    match = _REFERENCE.search(urlsplit(address).path)
    if match is None:
        raise _not_permitted("The EHR named the signed-in user in a way that cannot be read.", "fhirUser is no reference to a person")
    relative = f"{match['type']}/{match['id']}"
    reference = relative if _same_host(address, base) else address
    if not is_clinician(match["type"]) and not _is(f"Patient/{patient}", address, base):
        raise _not_permitted(_NOT_THEIRS[match["type"]], f"fhirUser is a {match['type']}")
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


def _is(reference: str, address: str, base: str) -> bool:
    """Whether the address is that of `reference` on this very FHIR server: another one of the same host may hold another patient of the
    same id."""
    return _same_host(address, base) and urlsplit(address).path.partition("/_history/")[0] == urlsplit(urljoin(base, reference)).path


def _not_permitted(sentence: str, detail: str) -> LaunchError:
    return LaunchError("user_not_permitted", f"{sentence} Nothing was opened.", detail=detail, status=403)
