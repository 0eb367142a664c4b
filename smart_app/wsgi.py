"""What a WSGI server runs: `gunicorn smart_app.wsgi:app`. Settings come from the environment."""

import sys
from typing import TYPE_CHECKING, NoReturn

from smart_app.errors import RapportError, StoreError, in_one_line
from smart_app.garbage_collection import paused, settle

if TYPE_CHECKING:
    from flask import Flask

# gunicorn's `Arbiter.APP_LOAD_ERROR`: a worker that ends so ends the server too ("App failed to load"). After any other status but 3 it is
# replaced by the next worker, for ever; and an exception that is not SystemExit is logged with its traceback.
_APP_LOAD_ERROR = 4


def _started() -> "Flask":
    """The app. Where it cannot start, the sentence is the last line of the log and the server stops."""
    settings = None
    try:
        settings = read_settings(Settings)
        return create_app(settings)
    except StoreError as failed:
        _stop(store_failure(failed, settings.database_url) if settings else in_one_line(failed))
    except RapportError as wrong:
        _stop(in_one_line(wrong))


def _stop(sentence: str) -> NoReturn:
    sys.stderr.write(f"Rapport cannot start. {sentence}\n")
    sys.stderr.flush()
    raise SystemExit(_APP_LOAD_ERROR)


# Nearly everything that importing and building the app makes stays: to look through it on the way took a tenth of the start.
with paused():
    from smart_app.app import create_app
    from smart_app.settings import Settings, read_settings
    from smart_app.store import store_failure

    app = _started()
settle()
