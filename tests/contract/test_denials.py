"""Where a sentence may say that something was not stored, not sent or not taken: a list, so that each new one is somebody's decision.

Once answers are sealed they may be in the record, or will be: who reads "not stored" enters them again, and they are there twice. Beside
each group stands why none of it is read of what is sealed. What becomes of sealed answers is said by state, and held by the table
(`tests/care/submission/table`); `tests/web/pages/test_what_is_denied.py` tries the pages."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
DENIES = re.compile(
    r"(?i)\bnothing (?:was|is|has been|of it is) (?:stored|sent|saved|written|kept|waiting)\b"
    r"|\b(?:not|never) (?:yet )?(?:been )?(?:stored|sent|saved|written|taken)\b"
    r"|could not be (?:stored|sent|saved|taken)"
)
# The command line speaks to IT, of states; the embedded EHR is another program.
ELSEWHERE = {"cli", "sandbox", "settings"}
ALLOWED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "a form refused before anything is sealed; of one that was sealed before the error page leaves the words out (`undenied`)": {
        "smart_app/care/forms/asked_form.py": (
            "This form does not say which clinician it is about, so nothing was stored.",
            "This form is not meant for the person signed in, so nothing was stored.",
        ),
        "smart_app/care/forms/late_visit.py": ("The visit was chosen for another patient, so nothing was stored.",),
        "smart_app/care/forms/observed_clinician.py": ("The clinician was chosen for another patient, so nothing was stored.",),
        "smart_app/care/forms/saved_drafts.py": (
            "This form has been changed since it was opened, so nothing was kept.",
            "This form was opened for another patient, so nothing was kept.",
            "This form belongs to another browser, so nothing was kept.",
            "This form was opened too long ago, so nothing was kept.",
        ),
        "smart_app/store/drafts.py": ("This form is damaged, so nothing was kept.",),
        "smart_app/care/submission/submit.py": (
            "This form was opened for another patient, so nothing was stored.",
            "This form is damaged, so nothing was stored.",
            "Rapport's own database cannot be used right now, so these answers could not be taken.",
        ),
    },
    "asked only of a key that the outbox does not know": {
        "smart_app/care/submission/visit_state.py": ("{why} What was entered was not stored.",),
        "smart_app/web/views/error.py": ("What was sent from this page was not stored.", "Your answers could not be taken just now"),
        "smart_app/web/views/portal/portal_error.py": (
            "What you sent was not stored.",
            "Your answers could not be taken just now",
            "Your answers are kept, and not sent yet",
        ),
        "smart_app/web/views/forms/kept_answers.py": ("Your answers are kept, and not sent yet", "Begun and not sent:"),
        "smart_app/web/views/own_device/link_error.py": (
            "What was sent just now was not taken: the questions were answered before, or the link has ended.",
            "Your answers could not be taken just now",
            "Your answers are kept, and not sent yet",
        ),
        "smart_app/web/views/forms/form_page.py": ("{answered} of {of} were answered on {day} at {time}, and not sent.",),
        "templates/pages/check_form.html": ("Answers not sent",),
    },
    "of other answers than those that are sealed": {
        "smart_app/care/submission/submit.py": ("the answers on this page were not stored.",),
    },
    "of a part of which the state is known: the answers were refused or wait, or are stored without it": {
        "smart_app/care/submission/build_receipt.py": ("It was not sent.",),
        "templates/pages/receipt.html": ("Not written, or not known", "Table of what was not written"),
    },
    "of what was decided over, and does not go out any more; or cannot go out now": {
        "smart_app/web/views/dashboard/left_over.py": ("{what} is not sent any more: that was decided meanwhile",),
        "smart_app/web/views/forms/decision_page.py": (
            "It is not sent to the record any more.",
            "It is not sent to the record as a form any more.",
            "The rest is not sent any more.",
        ),
        "smart_app/web/views/forms/receipt_page.py": ("What is not there is listed below and not sent any more.",),
        "smart_app/web/views/portal/portal_home.py": ("Not all that is worked out from them is there, and it is not sent any more.",),
        "smart_app/web/views/portal/sent_answers.py": ("Not all that is worked out from them is there, and it is not sent any more.",),
        "smart_app/care/record/page_rule.py": (
            "This record is marked as not in use, so what is kept in Rapport is not sent into it.",
            "This record was replaced, so what is kept in Rapport is not sent into it.",
            "The record was closed to answers meanwhile, so what is kept in Rapport is not sent into it.",
        ),
    },
    "of a request that no form of Rapport makes": {
        "smart_app/web/views/error.py": ("Nothing was stored.",),
    },
    "of a clinician's own ticks, which are no answers and go into no record": {
        "smart_app/web/pages/options/option_pages.py": ("This sign-in does not say which person you are, so nothing was kept.",),
    },
    "of a launch at an address that was asked nothing": {
        "smart_app/launch/flow.py": ("Nothing was sent to it.",),
    },
}


def test_a_sentence_that_denies_stands_only_where_it_cannot_be_read_of_what_is_sealed() -> None:
    allowed = {(file, said) for files in ALLOWED.values() for file, sentences in files.items() for said in sentences}
    found = set(denials())
    assert sorted(found - allowed) == []
    assert sorted(allowed - found) == []


def denials() -> Iterator[tuple[str, str]]:
    """Every such sentence, with its file."""
    modules = [path for path in (ROOT / "smart_app").rglob("*.py") if not ELSEWHERE & set(path.relative_to(ROOT).parts)]
    pages = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "smart_app/web/static").glob("*.js")]
    said = [(path, text) for path in modules for text in texts(path)]
    said += [(path, text) for path in pages for text in pieces(path)]
    for path, text in said:
        yield from ((str(path.relative_to(ROOT)), one.strip()) for one in re.split(r"(?<=[.;]) ", text) if DENIES.search(one))


def pieces(path: Path) -> list[str]:
    """What stands between the tags, quotes and fields of a template or a script."""
    return re.findall(r"[^<>\"'`{}]+", path.read_text(encoding="utf-8"))


def texts(path: Path) -> Iterator[str]:
    """The strings of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in documentation:
            yield one.value
