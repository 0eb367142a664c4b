"""Where the files beside the packages are: inside the wheel under `_bundled/`, else at the top of the source tree."""

from pathlib import Path

from smart_app.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parent


def templates_dir() -> Path:
    """The folder of page templates."""
    return _located("templates")


def launch_file() -> Path:
    """The `launch.json` shipped with Rapport."""
    return _located("launch.json")


def _located(name: str) -> Path:
    """`name` in the wheel's `_bundled/` or beside the package. Raises ConfigurationError for a damaged installation."""
    places = (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name)
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise ConfigurationError("Rapport is not completely installed: a file is missing.", where=name, detail=f"looked in {_PACKAGE}")
    return found
