"""The phone app's files, as `make web` built them: each name is a route of its own, each file is sent compressed."""

from pathlib import Path

from flask import Blueprint, Response, request

from foundation.errors import NotFound
from foundation.http import allow
from foundation.identity import Role

blueprint = Blueprint("web", __name__)
APP = Path(__file__).parent.parent / "web" / "dist" / "app"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
UNCHANGING = 365 * 24 * 3600
"""Seconds; the name of a file under `assets/` holds a checksum of its content."""
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>90-day reporting</title><h1>90-day reporting</h1>
<p>The phone app is not built: <code>make web</code> builds it.</p>
<p><a href="/docs">The API, to read and to try</a></p></html>"""


@blueprint.get("/")
@allow(Role.ANYONE)
def front() -> Response:
    """The phone app; all of its screens have this address, so that no number of a report reaches a log."""
    if not (APP / "index.html").is_file():
        return Response(_NOT_BUILT, content_type="text/html; charset=utf-8")
    return _file("index.html", max_age=0)


@blueprint.get("/<any('sw.js', 'manifest.webmanifest', 'icon.svg', 'icon-192.png', 'icon-512.png'):name>")
@allow(Role.ANYONE)
def named_file(name: str) -> Response:
    """A file whose name stays while its content changes."""
    return _file(name, max_age=0)


@blueprint.get("/assets/<name>")
@allow(Role.ANYONE)
def asset(name: str) -> Response:
    """A file whose name changes with its content."""
    return _file(f"assets/{name}", max_age=UNCHANGING)


def _file(name: str, *, max_age: int) -> Response:
    """A built file, in the best encoding that the browser takes and the build made; raises NotFound."""
    if not (APP / name).is_file() or name.endswith(tuple(ENCODINGS.values())):
        raise NotFound
    encodings = (each for each in ENCODINGS if request.accept_encodings[each] > 0)
    encoding = next((each for each in encodings if (APP / f"{name}{ENCODINGS[each]}").is_file()), None)
    response = Response((APP / (name + ENCODINGS.get(encoding or "", ""))).read_bytes(), content_type=_type(name))
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Cache-Control"] = f"public, max-age={max_age}, immutable" if max_age else "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def _type(name: str) -> str:
    """The media type by our own table: that of the machine may lack the newer ones."""
    return _TYPES.get(Path(name).suffix, "application/octet-stream")
