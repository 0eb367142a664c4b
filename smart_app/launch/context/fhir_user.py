"""The signed-in person as a FHIR reference, and who may use Rapport: a clinician, or the patient whose record is open."""

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.r4.references import PatientOnServer, literal_reference, whose_reference
from fhir_mappings.sentence import Sentence
from smart_app.errors import LaunchError
from smart_app.launch.context.launch_context import User
from smart_app.launch.oauth.id_token import Identity

_NOT_THEIRS: Mapping[str, Sentence] = {
    "Patient": Sentence("The person signed in is a patient, and the record that was opened is not their own."),
    # Answers given for somebody else are answers of another source, which no instrument here asks for.
    "RelatedPerson": Sentence("Rapport is for clinicians, and for patients themselves: nobody can answer for somebody else."),
    # A Person may be either, and a patient must never see a clinician's page.
    "Person": Sentence("The EHR does not say whether the person signed in is a clinician or a patient."),
}


def signed_in(identity: Identity, *, fhir_base: str, patient: str) -> User:
    """The user of a launch into the record of `patient` (an id): a clinician, or that very patient on the launch's own FHIR server.
    `reference` is `Type/id` for a person there, and the full address for a clinician elsewhere, which must never be asked with this
    launch's token. Raises LaunchError user_not_permitted for anybody else."""
    if identity.fhir_user is None:
        raise _not_permitted(
            Sentence("The EHR did not say who is signed in."), "the id_token has no fhirUser; is the scope fhirUser granted?"
        )
    base = f"{fhir_base.removesuffix('/')}/"
    address = _absolute(identity.fhir_user, base)
    named = literal_reference(address, base=base)
    if named is None or not (is_clinician(named.type) or named.type in _NOT_THEIRS):
        raise _not_permitted(
            Sentence("The EHR named the signed-in user in a way that cannot be read."), "fhirUser is no reference to a person"
        )
    if not is_clinician(named.type) and not _is_the_patient(address, PatientOnServer(id=patient, base=base)):
        raise _not_permitted(_NOT_THEIRS[named.type], f"fhirUser is a {named.type}")
    reference = f"{named.type}/{named.id}" if _same_host(address, base) else named.text
    return User(reference=reference, name=identity.name, issuer=identity.issuer, subject=identity.subject)


def clinician_signed_in(identity: Identity, *, fhir_base: str) -> User | None:
    """The clinician of a sign-in that opens no record, named as `signed_in` names them; None for anybody else, a patient above all."""
    base = f"{fhir_base.removesuffix('/')}/"
    address = _absolute(identity.fhir_user or "", base)
    named = literal_reference(address, base=base)
    if named is None or not is_clinician(named.type):
        return None
    reference = f"{named.type}/{named.id}" if _same_host(address, base) else named.text
    return User(reference=reference, name=identity.name, issuer=identity.issuer, subject=identity.subject)


def _absolute(reference: str, base: str) -> str:
    """The reference as an address without query and fragment, or "" where it is none."""
    try:
        return urlsplit(urljoin(base, reference))._replace(query="", fragment="").geturl()
    except ValueError:
        return ""


def _same_host(address: str, base: str) -> bool:
    """Same scheme, host and port; the path may differ, as with servers that put a launch's settings into it."""
    one, other = urlsplit(address), urlsplit(base)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)


def _is_the_patient(address: str, patient: PatientOnServer) -> bool:
    return whose_reference({"reference": address}, patient).owner == "own"


def _not_permitted(sentence: Sentence, detail: str) -> LaunchError:
    return LaunchError("user_not_permitted", sentence, reopen=Sentence("Nothing was opened."), detail=detail, status=403)
