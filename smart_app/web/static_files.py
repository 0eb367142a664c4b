"""The files under `static/`: read once, addressed by their content, compressed once, cached by browsers for good."""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from flask import Response, abort, request

FOLDER = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file. `digest` is part of its address."""

    name: str
    digest: str
    mimetype: str
    content: bytes
    compressed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFiles:
    """Every file by name."""

    assets: Mapping[str, Asset]

    def address(self, name: str) -> str:
        """The file's path below the app's root. KeyError when there is no such file."""
        return f"/static/{self.assets[name].digest}/{name}"

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
        response.headers["Vary"] = "Accept-Encoding"
        return response


def load_static(folder: Path = FOLDER) -> StaticFiles:
    """Everything in the folder."""
    return StaticFiles(assets={path.name: _asset(path) for path in sorted(folder.iterdir()) if path.is_file()})


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(
        name=path.name,
        digest=sha256(content).hexdigest()[:12],
        mimetype=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        content=content,
        compressed=gzip.compress(content, 9, mtime=0),
    )
