"""How often a dashboard asks the outbox: once for all that it keeps, and once for what was last sent of this visit."""

from sqlalchemy import event

from tests.care.ehr import refusal
from tests.web.clinic import Clinic


def statements(rapport: Clinic, chart: str) -> list[str]:
    engine, asked = rapport.services.store.database.engine, list[str]()

    def noted(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", noted)
    try:
        assert rapport.get(chart).status == 200
    finally:
        event.remove(engine, "before_cursor_execute", noted)
    return asked


def test_a_dashboard_asks_the_outbox_twice_however_much_it_keeps(rapport: Clinic) -> None:
    chart = rapport.launch()
    rapport.get(chart)
    nothing_kept = statements(rapport, chart)
    rapport.ehr.faults.append(lambda method, _path: refusal(422, "no") if method == "POST" else None)
    for informant in ("patient", "clinician", "patient"):
        rapport.send(chart, rapport.filled(chart, informant), informant)
    for asked in (nothing_kept, statements(rapport, chart)):
        assert len([one for one in asked if "FROM outbox" in one]) == 2
