"""The first page of a launch: what the EHR opened Rapport for, and a word where that is not to be had."""

from datetime import date

from flask import url_for

from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import History
from smart_app.care.forms.launch_destination import destination
from smart_app.care.record.record import ChartRecord
from smart_app.store import Loan
from smart_app.web.views.parts import Notice

# The history as the launch leads to it (`?at=launch`): what was asked for stays with the launch, so that no address repeats it.
BY_LAUNCH = "launch"


def first_page(record: ChartRecord) -> str:
    """The address of the page the launch leads to: of a patient who has signed in themself always their own."""
    launch_id = record.launch
    if record.context.by_patient:
        return url_for("own", launch_id=launch_id)
    asked = destination(record)
    if asked.slug is None:
        return url_for("dashboard", launch_id=launch_id, at=BY_LAUNCH if asked.unmet or asked.response else None)
    if asked.informant == "patient":
        return url_for("handover", launch_id=launch_id, slug=asked.slug)
    return url_for("form", launch_id=launch_id, slug=asked.slug, informant=asked.informant)


def after_loan(loan: Loan) -> str:
    """Where staff go on when a device is back: to what became of the answers, else to the history."""
    if loan.sent:
        return url_for("receipt", launch_id=loan.launch, key=loan.sent)
    return url_for("dashboard", launch_id=loan.launch)


def of_launch(record: ChartRecord, history: History) -> tuple[date | None, Notice | None]:
    """The day to begin at, and what to say of a wish that could not be met."""
    asked = destination(record)
    if asked.unmet:
        return None, Notice(title=Sentence("Opened at the history."), text=asked.unmet)
    if asked.response is None:
        return None, None
    ratings = [rating for dyad in (*history.dyads, *history.companions) for rating in dyad.ratings]
    day = next((rating.when.day for rating in ratings if rating.source == asked.response), None)
    return day, None if day else Notice(title=Sentence("Opened at the latest visit."), text=_NO_RESPONSE)


_NO_RESPONSE = Sentence("The answers the EHR opened Rapport for are not among those shown here.")
