"""A version whose file is gone: what was answered on it stays on the page, is compared with nothing and judged by nobody."""

from itertools import pairwise
from uuid import uuid4

import pytest

from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.submission.submit import submit
from smart_app.services import AppServices
from tests.care.ehr import Ehr
from tests.care.support import SLUG, answers, asked_for, context, in_launch, patient

DAYS = ("2026-01-05", "2026-04-05", "2026-07-05")
GONE = "0.0.9"


def rated(ehr: Ehr, services: AppServices, versions: tuple[str, ...], *, scores: bool = True) -> History:
    """The history of a rating a quarter by both on forms of these versions."""
    ehr.put(patient())
    for place in range(len(versions)):
        opened = in_launch(services, context(encounter=f"e{place}"))
        for who in ("patient", "clinician"):
            submit(opened, asked_for(opened, SLUG, who), key=str(uuid4()), patient="p1", fields=answers(5 - place))
    for form in ehr.of_type("QuestionnaireResponse"):
        place = int(form["encounter"]["reference"][-1])
        address = form["questionnaire"].partition("|")[0]
        ehr.put(form | {"authored": DAYS[place], "questionnaire": f"{address}|{versions[place]}"})
    if not scores:
        for one in ehr.of_type("Observation"):
            ehr.put(one | {"status": "entered-in-error"})
    return load_history(in_launch(services, context()), years="5")


@pytest.mark.parametrize("versions", [(GONE, GONE, GONE), ("0.2.0", "0.2.0", GONE), (GONE, "0.2.0", "0.2.0"), ("0.1.0", GONE, "0.2.0")])
def test_its_stored_scores_are_shown_beside_the_others_with_a_break_and_are_not_judged(
    ehr: Ehr, services: AppServices, versions: tuple[str, ...]
) -> None:
    history = rated(ehr, services, versions)
    [dyad] = history.dyads
    assert [one.version for one in dyad.ratings if one.informant == "patient"] == list(versions)
    assert [str(one.scores["total"].value) for one in dyad.ratings if one.informant == "patient"] == ["5.00", "4.00", "3.00"]
    assert {dyad.form_of(one).version for one in dyad.ratings} == set(versions)
    assert len(dyad.version_breaks) == 2 * sum(one != other for one, other in pairwise(versions))
    [signal] = history.signals
    last = versions[-1] == GONE
    assert {one.code for one in signal.not_judged} == ({"version_gone"} if last else set())
    assert (len(signal.not_judged), len(signal.judgements)) == ((2, 0) if last else (0, 2))
    assert signal.level in {None, "shown"}
    assert all(one.n <= versions.count("0.2.0") for one in signal.judgements)
    assert ("patient" in dyad.previous) is (versions[-1] == versions[-2])
    said = {one.reason for one in history.skipped if one.code == "version_unknown"}
    assert said == {"This version of the form is not installed any more, so its scores are shown and not judged."}


def test_where_no_score_was_stored_it_is_listed(ehr: Ehr, services: AppServices) -> None:
    history = rated(ehr, services, ("0.2.0", "0.2.0", GONE), scores=False)
    [dyad] = history.dyads
    assert {one.version for one in dyad.ratings} == {"0.2.0"}
    assert "version_unknown" in {one.code for one in history.skipped}
