"""The first page of a lent device: who it is for, and who will see the answers."""

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.care.submission.begin import BlankForm
from smart_app.web import formats
from smart_app.web.views.banner import Banner, patient_banner, recorded_name
from smart_app.web.views.forms.form_page import Heading, form_heading, who_will_see
from smart_app.web.views.parts import Fact, Statement


class LentStartUrls(Struct, frozen=True, kw_only=True):
    """Where the two answers lead: it is them, it is not."""

    begin: str
    not_me: str


class LentStartView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `identity` is what of the record says who it is for; `who` stands before anything is asked."""

    banner: Banner
    identity: tuple[Fact, ...]
    heading: Heading
    who: tuple[Statement, ...]
    patient: str
    begin: str
    not_me: str


def start_view(draft: BlankForm, *, urls: LentStartUrls, site_name: str) -> LentStartView:
    """The page before the form of a loan."""
    return LentStartView(
        banner=patient_banner(draft.patient),
        identity=tuple(_identity(draft)),
        heading=form_heading(draft),
        who=who_will_see(draft, site_name, saved=True),
        patient=draft.patient.id,
        begin=urls.begin,
        not_me=urls.not_me,
    )


def _identity(draft: BlankForm) -> list[Fact]:
    """Name and birth date, as people say them; the number where the record lacks one of them."""
    patient = draft.patient
    name = [Fact(label=Sentence("Name"), value=recorded_name(patient))] if recorded_name(patient) else []
    born = [Fact(label=Sentence("Born"), value=formats.long_date(patient.born))] if patient.born else []
    label, number = patient.identifier or ("", "")
    more = [Fact(label=label, value=number)] if number and not (name and born) else []
    return [*name, *born, *more]
