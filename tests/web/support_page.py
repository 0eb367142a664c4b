"""Renders a dashboard as the app does: strict undefined, autoescape, hashed asset addresses."""

from datetime import date
from pathlib import Path

from smart_app.care.dashboard.history import History
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.rendering.templates import environment
from smart_app.web.views.dashboard.dashboard_page import dashboard_view
from tests.web.support_history import CONTEXT, NOW, URLS

ROOT = Path(__file__).parents[2]


def dashboard_html(
    shown: History, *, context: LaunchContext = CONTEXT, focus: date | None = None, language: PageLanguage = ENGLISH_PAGE
) -> str:
    view = dashboard_view(shown, context=context, urls=URLS, now=NOW, focus=focus, language=language)
    page = environment(language).get_template("pages/dashboard.html")
    return page.render(view=view, csrf="guard", asset="/static/{}".format, nonce="once")
