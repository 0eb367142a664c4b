"""The printed page as it goes into the record: for readers nobody knows, so of what is open to everybody alone, and the same whoever files
it. What holds on the day of reading only says which day that was, and nothing is called the last or the first of its kind: this page does
not know what it leaves out."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.sentence import Sentence, Value
from smart_app.care.dashboard.history import Dyad, History
from smart_app.launch.context.launch_context import LaunchContext, User
from smart_app.web.languages.page_language import PageLanguage
from smart_app.web.views.dashboard.lanes.alliance_lanes import not_validated, person
from smart_app.web.views.dashboard.lanes.unanswered_words import of_dyad
from smart_app.web.views.dashboard.summary import ChangeLine, dated_steps
from smart_app.web.views.printed.paper import FOOT, Saying, paper, visits_table
from smart_app.web.views.printed.printed_page import PrintUrls, PrintView, print_view
from smart_app.web.views.printed.visit_rows import LastVisits, last_visits

ON_IT = Sentence("On this page are visits that the rated clinician has rated, and no others.")
BESIDE = Sentence("What was answered beside the scores is not on it.")
_COPY = Sentence("A copy for reading, made by Rapport: answers and scores are entries of their own in the record.")
_NOBODY = User(reference="", name=None, issuer="", subject="")
_NOWHERE = PrintUrls(history="", one_page="", with_tables="")


class FiledSheet(Struct, frozen=True, kw_only=True):
    """The page in the words it is shown in: its span and steps, and the visits of each pair, by whom they are of."""

    view: PrintView
    pairs: tuple[tuple[Sentence, LastVisits], ...]


def filed_sheet(history: History, *, context: LaunchContext, now: datetime, language: PageLanguage) -> FiledSheet:
    """The page of a history that is open to everybody, without a word of whoever is signed in."""
    view = print_view(history, context=replace(context, user=_NOBODY), urls=_NOWHERE, now=now, language=language)
    steps = tuple(ChangeLine(text=step) for step in dated_steps(history))
    bare = replace(view, lines=steps, visits=None, to_talk=None, kept_back=False, not_drawn=(), small=())
    return FiledSheet(view=bare, pairs=tuple(_pairs(history)))


def filed_paper(history: History, *, context: LaunchContext, now: datetime, language: PageLanguage) -> dict[str, object]:
    """The same, for the template `printed_page`: a plot for each pair, the visits of the one rated last beneath, of others behind."""
    sheet, say = filed_sheet(history, context=context, now=now, language=language), Saying(language)
    each = [paper(_view_of(dyad, history, context, now, language), language=language) for dyad in history.dyads]
    page: dict[str, Any] = paper(sheet.view, language=language)
    plots = [_plot_of(one, say) for one in each]
    hba1c = [one | {"about": ""} for one in page["panels"] if not one["above"]]
    first, *others = sheet.pairs
    foot = [_COPY, ON_IT, BESIDE, *dict.fromkeys(_form(dyad.instrument) for dyad in history.dyads), *FOOT]
    return page | {
        "read": [say(sheet.view.read)],
        "axis": page["axis"]
        | {"focus": None, "visits": [], "now": say(Sentence("{day}", day=history.read_at.astimezone(now.tzinfo).date()))},
        "panels": [*plots, *hba1c],
        "visits": visits_table(first[1], say) | ({"title": say(first[0])} if others else {}),
        "tables": [_table(who, visits, say) for who, visits in others],
        "foot": say.all(foot),
    }


def content_of(page: Mapping[str, object]) -> str:
    """What pages have in common that say the same, read at whatever time."""
    said = {name: part for name, part in page.items() if name != "read"}
    return sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _view_of(dyad: Dyad, history: History, context: LaunchContext, now: datetime, language: PageLanguage) -> PrintView:
    alone = replace(history, dyads=[dyad], changes=())
    return print_view(alone, context=replace(context, user=_NOBODY), urls=_NOWHERE, now=now, language=language)


def _plot_of(page: Mapping[str, Any], say: Saying) -> dict[str, object]:
    """A pair's plot; where nothing of theirs is in the range no older rating is called their last."""
    panel: dict[str, object] = page["panels"][0]
    return panel | {"words": [say(Sentence("None in this range"))]} if panel["words"] else panel


def _pairs(history: History) -> Iterator[tuple[Sentence, LastVisits]]:
    """Of each pair, those of its visits that are drawn."""
    hba1c = next((panel for panel in history.panels if panel.measure.key == "hba1c"), None)
    for dyad in history.dyads:
        if dyad.clinician and (visits := last_visits(dyad, hba1c, of_dyad(history, dyad))) is not None:
            rows = tuple(replace(row, answer="") for row in visits.rows)
            title = Sentence("Visits of this range on this page, the latest four at most")
            yield _whose(dyad), replace(visits, title=title, rows=rows, asks=False)


def _whose(dyad: Dyad) -> Sentence:
    who: Value = person(dyad.clinician) if dyad.clinician else ""
    return Sentence("{clinician}, {instrument}", clinician=who, instrument=dyad.instrument.title)


def _form(form: Instrument) -> Sentence:
    """What a form is called, in which version, and whose it is."""
    return Sentence("{form}, version {version}. {holder}.", form=not_validated(form), version=form.version, holder=form.rights.holder)


def _table(who: Sentence, visits: LastVisits, say: Saying) -> dict[str, object]:
    """The visits of another pair, on a further page."""
    head = [Sentence("Visit"), Sentence("By"), *visits.scores, *([Sentence("HbA1c on or before")] if visits.results else [])]
    rows = [
        [row.visit, row.rater, *(row.scores or (row.words, *[""] * (len(visits.scores) - 1))), *([row.result] if visits.results else [])]
        for row in visits.rows
    ]
    return {
        "title": say(who),
        "summary": say(visits.title),
        "head": [say(cell) for cell in head],
        "rows": [[say(cell) for cell in row] for row in rows],
    }
