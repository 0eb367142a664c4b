"""Ratings whose answers had other words, on one dashboard."""

from uuid import uuid4

from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.submission.submit import submit
from smart_app.services import AppServices
from tests.care.ehr import Ehr
from tests.care.support import SLUG, answers, asked_for, context, in_launch, patient

DAYS = ("2026-01-05", "2026-04-05", "2026-07-05")


def test_the_first_with_other_words_has_none_before_it(ehr: Ehr, services: AppServices) -> None:
    ehr.put(patient())
    for place in range(3):
        opened = in_launch(services, context(encounter=f"e{place}"))
        submit(opened, asked_for(opened, SLUG, "clinician"), key=str(uuid4()), patient="p1", fields=answers(3 + place % 2))
    for form in ehr.of_type("QuestionnaireResponse"):
        place = int(form["encounter"]["reference"][-1])
        for group in form["item"] if place < 2 else ():
            for item in group.get("item", ()):
                item["answer"][0]["valueCoding"]["display"] = {"3": "Sometimes", "4": "Often"}[item["answer"][0]["valueCoding"]["code"]]
        ehr.put(form | {"authored": DAYS[place]})
    [dyad] = load_history(in_launch(services, context()), years="5").dyads
    assert dyad.word_breaks == dyad.breaks == {dyad.latest["clinician"].source}
    assert dyad.previous == {}
