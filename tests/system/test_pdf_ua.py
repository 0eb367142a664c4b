"""The PDF of the printed page is a valid PDF/UA-1 by veraPDF, for every history and name, in every language, with tables and without."""

import io

import pytest
from msgspec.structs import replace
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject

from smart_app.care.dashboard.history import History
from smart_app.web.languages.offered_languages import offered_languages
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.languages.pseudo_language import RIGHT_TO_LEFT, PseudoLanguage
from smart_app.web.rendering.typeset.typesetter import Typesetter
from smart_app.web.views.printed.filed_paper import filed_paper
from smart_app.web.views.printed.paper import paper
from tests.peers.verapdf_peer import validate
from tests.web.rendering.typeset.test_typesetter import MADE, MARKUP
from tests.web.states_history import STATES
from tests.web.support_history import CONTEXT, NOW
from tests.web.views.printed.test_filed_paper import WITH_RATINGS, open_history
from tests.web.views.printed.test_printed_page import view

pytestmark = pytest.mark.system
NAMES = (*MARKUP, "عائشة محمد", "שָׁלוֹם", "王明 Ming", "💩*\ufe0e", "Ann\u202egnuoY", "a\x00\x1b[2J\ue000", "", " ", "e\u0301\u0323 ﬁ")
SETTER = Typesetter()


def pdf(of: History, language: PageLanguage = ENGLISH_PAGE, *, tables: bool = False) -> bytes:
    return SETTER.pdf("printed_page", paper(view(of, tables=tables), language=language), made=MADE)


def filed(of: History, language: PageLanguage = ENGLISH_PAGE) -> bytes:
    return SETTER.pdf("printed_page", filed_paper(of, context=CONTEXT, now=NOW, language=language), made=MADE)


def named(name: str) -> bytes:
    of = STATES["two-dyads"]()
    return pdf(replace(of, patient=replace(of.patient, family=name, given=name, title=name), server=name), tables=True)


def test_it_is_valid_pdf_ua() -> None:
    german = offered_languages(("de",)).of_code("de")
    assert german
    files = {f"{state}, tables {tables}": pdf(STATES[state](), tables=tables) for state in STATES for tables in (False, True)}
    files |= {f"name {name!r}": named(name) for name in NAMES}
    files |= {"German": pdf(STATES["waiting"](), german), "right to left": pdf(STATES["waiting"](), PseudoLanguage(code=RIGHT_TO_LEFT))}
    files |= {f"{state}, filed": filed(open_history(state)) for state in WITH_RATINGS}
    files |= {"filed, German": filed(open_history("two-dyads"), german)}
    verdicts = validate(files)
    assert {name: verdict.failed for name, verdict in verdicts.items() if not verdict.valid} == {}
    assert min(verdict.checks for verdict in verdicts.values()) > 1000


def test_it_would_be_seen_if_it_were_not() -> None:
    """Without its language, and without what it is made of."""
    found = {}
    for gone in ("/Lang", "/StructTreeRoot"):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(STATES["repaired"]()))))
        del writer.root_object[NameObject(gone)]
        written = io.BytesIO()
        writer.write(written)
        found[gone] = written.getvalue()
    assert [verdict.valid for verdict in validate(found).values()] == [False, False]
