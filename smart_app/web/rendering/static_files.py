"""The files under `static/`: read once, addressed by their content, compressed once, cached by browsers for good."""

import gzip
import mimetypes
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from flask import Response, abort, request
from msgspec import Struct
from rcssmin import cssmin
from rjsmin import jsmin

FOLDER = Path(__file__).parents[1] / "static"
# One stylesheet a page, put together from parts; one more where it is read in several languages or not in English. The form's stylesheet
# and script stand in the page itself: a browser on a slow tablet puts off reading the form while a stylesheet is on its way, which doubled
# the time until it could be answered; fetching the script beside it cost another tenth.
SHEETS = {
    "app.css": ("base", "reading", "dashboard", "signals"),
    "form.css": ("base", "form"),
    "start.css": ("base", "form", "start"),
    "paper.css": ("base", "form", "paper"),
    "own.css": ("base", "reading", "form", "own"),
    "options.css": ("base", "reading", "options"),
    "why.css": ("base", "reading", "why"),
    "answered.css": ("base", "reading", "answered"),
    "note.css": ("base", "reading", "note"),
    "print.css": ("base", "reading", "dashboard", "signals", "printed"),
    "text.css": ("base", "reading", "dashboard", "text"),
    "link.css": ("base", "reading", "dashboard", "text", "link"),
    "languages.css": ("languages",),
}
SHEET_IN_PAGE, LANGUAGES_IN_PAGE = "form.css", "languages.css"
SCRIPT_IN_PAGE, TURNING_IN_PAGE = "session.js", "turn.js"
_USED_NAME, _GIVEN_NAME = re.compile(rb"var\((--[\w-]+)"), re.compile(rb"(?<=[{;\s])(--[\w-]+):[^;}]*;?")
_FOREVER = "public, max-age=31536000, immutable"


class Asset(Struct, frozen=True, kw_only=True):
    """One file. `digest` is part of its address."""

    name: str
    digest: str
    mimetype: str
    content: bytes
    compressed: bytes


class StaticFiles(Struct, frozen=True, kw_only=True):
    """Every file by name."""

    assets: Mapping[str, Asset]

    def address(self, name: str) -> str:
        """The file's path below the app's root. KeyError when there is no such file."""
        return f"/static/{self.assets[name].digest}/{name}"

    def text(self, name: str) -> str:
        """The file's content. KeyError when there is no such file."""
        return self.assets[name].content.decode()

    def serve(self, digest: str, name: str) -> Response:
        """The file, when that is its content still."""
        asset = self.assets.get(name)
        if asset is None or asset.digest != digest:
            abort(404)
        squeezed = request.accept_encodings["gzip"] > 0 and len(asset.compressed) < len(asset.content)
        response = Response(asset.compressed if squeezed else asset.content, mimetype=asset.mimetype)
        if squeezed:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Cache-Control"] = _FOREVER
        # Our own page has no origin in a frame sandboxed without allow-same-origin, and should look like itself when it says so.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Vary"] = "Accept-Encoding"
        return response


def load_static(folder: Path = FOLDER) -> StaticFiles:
    """Every file of the folder, and every sheet."""
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    sheets = {name: b"".join((folder / "parts" / f"{part}.css").read_bytes() for part in parts) for name, parts in SHEETS.items()}
    sheets[SHEET_IN_PAGE] = _without_idle_names(sheets[SHEET_IN_PAGE], beside=sheets[LANGUAGES_IN_PAGE])
    return StaticFiles(assets={name: _asset(name, content) for name, content in (files | sheets).items()})


def _without_idle_names(sheet: bytes, *, beside: bytes) -> bytes:
    """The sheet that is sent with every form, without the names that neither it nor the one beside it uses: colours of charts."""
    used = set(_USED_NAME.findall(sheet + beside))
    return _GIVEN_NAME.sub(lambda found: found[0] if found[1] in used else b"", sheet)


def _asset(name: str, written: bytes) -> Asset:
    content = _squeezed(name, written)
    return Asset(
        name=name,
        digest=sha256(content).hexdigest()[:12],
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
        content=content,
        compressed=gzip.compress(content, 9, mtime=0),
    )


def _squeezed(name: str, written: bytes) -> bytes:
    """Sheets and scripts without their comments and the space that means nothing: a quarter of what they weigh compressed."""
    squeeze: Callable[[bytes], bytes] | None = {".css": cssmin, ".js": jsmin}.get(Path(name).suffix)
    return squeeze(written) if squeeze else written
