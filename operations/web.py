"""The files of the phone app and the console, as `make web` built them: listed routes, each file sent compressed."""

import hashlib
from pathlib import Path

from flask import Blueprint, Response, request

from foundation.errors import NotFound
from foundation.http import CONTENT_SECURITY_POLICY, allow, language
from foundation.identity import Role
from foundation.services import services

blueprint = Blueprint("web", __name__)
APP = Path(__file__).parent.parent / "web" / "dist" / "app"
CONSOLE = APP.parent / "console"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
UNCHANGING = 365 * 24 * 3600
"""Seconds; the name of a file under `assets/` holds a checksum of its content."""
FIREBASE = ("https://firebaseinstallations.googleapis.com", "https://fcmregistrations.googleapis.com")
"""What Firebase's SDK calls: for an id of the installation, and to receive messages under it."""
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>90-day reporting</title><h1>90-day reporting</h1>
<p>The phone app and the console are not built: <code>make web</code> builds them.</p>
<p><a href="/docs">The API, to read and to try</a></p></html>"""


@blueprint.get("/")
@allow(Role.ANYONE)
def front() -> Response:
    """The phone app; all of its screens have this address, so that no number of a report reaches a log.

    It names the words of the first screen in the browser's language, which are fetched beside the script, not after it.
    Where messages go to browsers by Firebase, the page may call Firebase's servers too.
    """
    policy = CONTENT_SECURITY_POLICY
    if services().settings.firebase_web:
        policy = f"{policy}; connect-src 'self' {' '.join(FIREBASE)}"
    response = _page(APP, policy)
    for words in _first_words(language()):
        response.headers["Link"] = f"</assets/{words}>; rel=modulepreload"
    response.vary.add("Accept-Language")
    return response


@blueprint.get("/<any('sw.js', 'manifest.webmanifest', 'icon.svg', 'icon-192.png', 'icon-512.png'):name>")
@allow(Role.ANYONE)
def named_file(name: str) -> Response:
    """A file whose name stays while its content changes."""
    return _file(APP, name, max_age=0)


@blueprint.get("/assets/<name>")
@allow(Role.ANYONE)
def asset(name: str) -> Response:
    """A file whose name changes with its content."""
    return _file(APP, f"assets/{name}", max_age=UNCHANGING)


@blueprint.get("/console")
@allow(Role.ANYONE)
def console() -> Response:
    """The officers' console; what it shows is asked of the API, which asks who is signed in."""
    return _page(CONSOLE)


@blueprint.get("/console/assets/<name>")
@allow(Role.ANYONE)
def console_asset(name: str) -> Response:
    """A file of the console, whose name changes with its content."""
    return _file(CONSOLE, f"assets/{name}", max_age=UNCHANGING)


def _first_words(language: str) -> list[str]:
    """The file with the words of the first screen: `en-HASH.js`; those of the others are in `en-later-HASH.js`."""
    names = (path.name for path in (APP / "assets").glob(f"{language}-*.js"))
    return [name for name in names if not name.startswith(f"{language}-later-")]


def _page(folder: Path, policy: str = CONTENT_SECURITY_POLICY) -> Response:
    """The page of a built app, or one that says how to build it."""
    if not (folder / "index.html").is_file():
        return Response(_NOT_BUILT, content_type="text/html; charset=utf-8")
    return _file(folder, "index.html", max_age=0, policy=policy)


def _file(folder: Path, name: str, *, max_age: int, policy: str | None = None) -> Response:
    """A built file, in the best encoding that the browser takes and the build made; raises NotFound.

    A page with another policy is another file: browsers keep the policy of a page that they are told has not changed.
    """
    if not (folder / name).is_file() or name.endswith(tuple(ENCODINGS.values())):
        raise NotFound
    encodings = (each for each in ENCODINGS if request.accept_encodings[each] > 0)
    encoding = next((each for each in encodings if (folder / f"{name}{ENCODINGS[each]}").is_file()), None)
    response = Response((folder / (name + ENCODINGS.get(encoding or "", ""))).read_bytes(), content_type=_type(name))
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Cache-Control"] = f"public, max-age={max_age}, immutable" if max_age else "no-cache"
    if policy:
        response.headers["Content-Security-Policy"] = policy
    response.set_etag(hashlib.sha256(response.get_data() + (policy or "").encode()).hexdigest()[:40])
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
