"""What a WSGI server runs: `gunicorn smart_app.wsgi:app`. Settings come from the environment."""

from smart_app.garbage_collection import paused, settle

# Nearly everything that importing and building the app makes stays: to look through it on the way took a tenth of the start.
with paused():
    from smart_app.app import create_app
    from smart_app.settings import Settings

    app = create_app(Settings())
settle()
