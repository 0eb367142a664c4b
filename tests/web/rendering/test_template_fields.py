"""A template and the view model its first line names fit: it reads no field that is not there, and no field is there that nothing reads."""

from collections.abc import Mapping

import pytest
from jinja2 import DictLoader, Environment

from smart_app.launch.flow import AuthorizeForm
from smart_app.web.rendering.templates import environment
from tests.web.rendering.template_fields import Walk, unused

PAGES = [name for name in environment().list_templates() if name.startswith("pages/")]
# Fields that are no template's to read, and whose they are.
READ_ELSEWHERE = {(AuthorizeForm, "targets"): "the page's security policy"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_only_what_its_view_model_has(name: str) -> None:
    walk = Walk(environment())
    walk.page(name)
    assert walk.faults == []


def test_every_field_of_a_view_model_is_read_by_a_template() -> None:
    walk = Walk(environment())
    for name in PAGES:
        walk.page(name)
    assert {f"{model.__name__}.{field}" for model, field in unused(walk.used) - set(READ_ELSEWHERE)} == set()
    assert set(READ_ELSEWHERE) <= unused(walk.used)


# That it can fail


FIRST = "{# view: smart_app.web.views.portal.portal_home.PortalView -#}\n"
PARTS = {
    "parts.html": "{# one(form: smart_app.web.views.portal.portal_home.Answerable) -#}\n{% macro one(form) %}{{ form.titel }}{% endmacro %}"
}


def faults(page: str, others: Mapping[str, str] = PARTS) -> list[str]:
    made = Environment(loader=DictLoader({"page.html": page, **others}), autoescape=True, extensions=["jinja2.ext.i18n"])
    made.newstyle_gettext = True  # type: ignore[attr-defined]  # of the extension
    walk = Walk(made)
    walk.page("page.html")
    # An expression that gives a plural its number is in the tree twice.
    return list(dict.fromkeys(walk.faults))


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("{{ view.signed }}", "page.html:2: PortalView has no field signed"),
        ("{{ view.banner.nam }}", "page.html:2: Banner has no field nam"),
        ("{% for form in view.forms %}{{ form.titel }}{% endfor %}", "page.html:2: Answerable has no field titel"),
        ("{% set forms = view.forms %}{% for one in forms if one.adress %}{% endfor %}", "page.html:2: Answerable has no field adress"),
        ("{% if view.synthetic and view.synth %}x{% endif %}", "page.html:2: PortalView has no field synth"),
        ("{{ (view.banner if view.synthetic else view.banner).nam }}", "page.html:2: Banner has no field nam"),
        ("{{ view.footer.text }}", "page.html:2: str has no field text"),
        ("{% macro two(b) %}{{ b.nam }}{% endmacro %}{{ two(view.banner) }}", "page.html:2: Banner has no field nam"),
        (
            "{% from 'parts.html' import one %}{% for form in view.forms %}{{ one(form) }}{% endfor %}",
            "parts.html:2: Answerable has no field titel",
        ),
        ("{% trans who=view.signed %}Signed in: {{ who }}{% endtrans %}", "page.html:2: PortalView has no field signed"),
        ("<i title='{% trans who=view.banner.nam %}{{ who }}{% endtrans %}'>", "page.html:2: Banner has no field nam"),
        (
            "{% trans n=view.form|length %}{{ n }} form{% pluralize %}{{ n }} forms{% endtrans %}",
            "page.html:2: PortalView has no field form",
        ),
        ("{{ gettext('{who}', who=view.signed) }}", "page.html:2: PortalView has no field signed"),
        ("{{ view.forms[0] }}", "page.html:2: an element is taken by its position"),
        ("{% for day, what in view.sent %}{{ day }}{% endfor %}", "page.html:2: a loop takes its elements apart by position"),
    ],
)
def test_a_field_that_is_not_there_is_found(page: str, fault: str) -> None:
    assert faults(FIRST + page) == [fault]


def test_a_component_is_handed_what_its_first_line_names() -> None:
    handed = "page.html:2: one is handed a Banner as form, which its first line does not name"
    assert handed in faults(FIRST + "{% from 'parts.html' import one %}{{ one(view.banner) }}")


def test_a_layout_reads_of_every_page_what_its_first_line_names() -> None:
    layout = {"layout.html": "{# view.banner: smart_app.web.views.banner.ContextLine -#}\n{% block main %}{{ view.lost }}{% endblock %}"}
    assert faults(FIRST + "{% extends 'layout.html' %}", layout) == [
        "layout.html: view.banner of PortalView is no ContextLine",
        "layout.html:2: PortalView has no field lost",
    ]
    assert len(faults(FIRST + "{% extends 'layout.html' %}{% block main %}{% endblock %}", layout)) == 1


@pytest.mark.parametrize(("first", "fault"), [("", "names no view model"), ("{# view: smart_app.web.nowhere.View -#}", "there is no")])
def test_a_page_that_names_no_view_model_is_found(first: str, fault: str) -> None:
    assert any(fault in one for one in faults(f"{first}\n{{{{ view.name }}}}"))


def test_a_field_that_nothing_reads_is_found() -> None:
    walk = Walk(Environment(loader=DictLoader({"page.html": FIRST + "{{ view.banner.name }}{{ view.footer }}"}), autoescape=True))
    walk.page("page.html")
    assert {"signed_in", "deceased"} <= {field for _, field in unused(walk.used)}
