"""The printed page as a PDF, as a clinician saves it."""

import io
from types import MethodType
from typing import Any, cast

import pytest
from flask import Flask
from pypdf import PdfReader

from smart_app import app
from smart_app.web.pages.printed.print_pages import PrintPages
from smart_app.web.rendering.typeset import typesetter
from tests.support.clock import Clock
from tests.web.clinic import SITE, Clinic
from tests.web.pages.test_options import rated
from tests.web.pages.test_print import SAME
from tests.web.pages.test_reveal import opens

LINK = "a[download]"


def pages_of(made: Flask) -> PrintPages:
    found = cast(MethodType, made.view_functions["print_pdf"]).__self__
    assert isinstance(found, PrintPages)
    return found


def saved(here: Clinic, address: str, *, expected: int = 200) -> Any:
    answer = here.client.get(address, base_url=SITE)
    assert answer.status_code == expected, answer.get_data(as_text=True)
    return answer


def text(answer: Any) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages).split())


def test_the_printed_page_leads_to_it_in_its_range_and_with_its_tables(rapport: Clinic) -> None:
    chart = rated(rapport, SAME)
    for query, pages in (("?years=5", 1), ("?years=5&tables=yes", 2)):
        [link] = rapport.get(f"{chart}print{query}").soup.select(LINK)
        assert link.get_text() == "Save as PDF"
        answer = saved(rapport, str(link["href"]))
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{link["download"]}"'
        assert "alvorsen" not in str(answer.headers).lower()
        assert "5 years, time to scale" in text(answer)
        assert "HALVORSEN, Ingrid" in text(answer)
        assert len(PdfReader(io.BytesIO(answer.data)).pages) >= pages
    assert [entry.event for entry in rapport.services.store.audit.entries()].count("print_read") == 4


def test_of_a_rating_kept_back_nothing_is_in_it_until_the_visit_is_rated(rapport: Clinic) -> None:
    chart = rated(rapport, SAME | {"difficult": "yes"}, blind=True)
    kept = text(saved(rapport, f"{chart}print.pdf?tables=yes"))
    assert "4.00" not in kept
    assert "is kept back from you until you have rated that visit" in kept
    rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    told = text(saved(rapport, f"{chart}print.pdf"))
    assert "answered that something was difficult between you" in told
    assert "4.00" in told


def test_it_is_no_patients(rapport: Clinic) -> None:
    chart = opens(rapport, {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "pat"})
    assert rapport.get(f"{chart.partition('own/')[0]}print.pdf").status == 403


def test_where_it_cannot_be_made_the_address_says_how_to_install_it(rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = rated(rapport, SAME)
    monkeypatch.setattr(pages_of(rapport.app), "_typesetter", None)
    assert not rapport.get(f"{chart}print").soup.select(LINK)
    page = rapport.get(f"{chart}print.pdf")
    assert page.status == 501
    assert "PDFs cannot be made on this server" in page.text
    assert "pip install 'rapport[pdf]'" in page.text
    assert "print it from the browser" in page.text


def test_without_the_extra_the_app_starts_all_the_same(rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetter, "find_spec", {"typst": None, "fontTools": object()}.get)
    assert not typesetter.is_installed()
    monkeypatch.setattr(app, "is_installed", typesetter.is_installed)
    made = app.create_app(rapport.services.settings, registration=rapport.services.registration, clock=Clock())
    assert pages_of(made)._typesetter is None


def test_what_cannot_be_set_is_a_page_and_no_fault_of_the_server(rapport: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    chart = rated(rapport, SAME)
    monkeypatch.setattr(typesetter, "_TEMPLATES", tmp_path)
    (tmp_path / "printed_page.typ").write_text('#set document(title: "T")\n#panic(json(bytes(sys.inputs.data)).view.banner.name)')
    page = rapport.get(f"{chart}print.pdf")
    assert page.status == 503
    assert "The PDF could not be made." in page.text
    assert "HALVORSEN" not in page.html
