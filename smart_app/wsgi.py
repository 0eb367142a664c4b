"""What a WSGI server runs: `gunicorn smart_app.wsgi:app`. Settings come from the environment."""

from smart_app.app import create_app, settle
from smart_app.settings import Settings

app = create_app(Settings())
settle()
