"""An identity provider on loopback: discovery, authorization, code exchange with PKCE, signed ID tokens, keys."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

CLIENT, SECRET = "ninety", "the-secret-of-the-client"
ACR = "urn:example:two-factors"
Key = RSAKey | ECKey | OctKey


@dataclass
class Grant:
    """A code that was given, for which request."""

    challenge: str
    redirect_uri: str
    nonce: str


@dataclass
class Provider:
    """What it answers can be changed: the claims, the key and header of tokens, its metadata, a status for a path."""

    clock: Callable[[], float]
    port: int = 0
    key: Key = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False))
    algorithm: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)
    token: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    published: list[Key] = field(default_factory=list)
    status: dict[str, int] = field(default_factory=dict)
    body: dict[str, bytes] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        """What it calls itself."""
        return f"http://127.0.0.1:{self.port}"

    def about(self) -> dict[str, Any]:
        """Its discovery document."""
        ends = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token")}
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **ends} | self.metadata

    def keys(self) -> dict[str, Any]:
        """Its public keys."""
        return {"keys": [each.as_dict(private=False) for each in self.published or [self.key]]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes back to, after somebody signed in."""
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.grants[code] = Grant(asked["code_challenge"], asked["redirect_uri"], asked["nonce"])
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def exchange(self, asked: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The tokens for a code, which is taken once."""
        if authorization != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
            return 401, {"error": "invalid_client"}
        grant = self.grants.pop(asked.get("code", ""), None)
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if grant is None or (grant.challenge, grant.redirect_uri) != (challenge, asked.get("redirect_uri")):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.token or self.id_token(grant.nonce)}

    def id_token(self, nonce: str) -> str:
        """A signed ID token; a claim that is None is left out."""
        now = int(self.clock())
        usual = {"iss": self.issuer, "aud": CLIENT, "sub": "42", "iat": now, "exp": now + 300, "nonce": nonce}
        usual |= {"preferred_username": "wanida", "role": "officer", "offices": ["BKK"], "acr": ACR}
        said = {name: value for name, value in (usual | self.claims).items() if value is not None}
        kid = self.key.kid
        header = {"alg": self.algorithm} | ({"kid": kid} if kid else {})
        return jwt.encode(header, said, self.key, algorithms=[self.algorithm])


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        path, provider = urlsplit(self.path), self.provider
        if path.path == "/authorization":
            asked = {name: values[0] for name, values in parse_qs(path.query).items()}
            self._send(302, b"", Location=provider.authorize(asked))
            return
        pages = {"/.well-known/openid-configuration": provider.about, "/jwks": provider.keys}
        self._answer(path.path, 200, pages[path.path]())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer("/token", *self.provider.exchange(asked, self.headers.get("Authorization", "")))

    def _answer(self, path: str, status: int, said: dict[str, Any]) -> None:
        self.provider.asked.append(path)
        content = self.provider.body.get(path, json.dumps(said).encode())
        self._send(self.provider.status.get(path, status), content)

    def _send(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def identity_provider(clock: Callable[[], float]) -> Iterator[Provider]:
    """Run a provider whose tokens are of the time that a clock says (seconds since 1970)."""
    provider = Provider(clock)
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def key_set(*keys: Key) -> KeySet:
    """Some keys as one set."""
    return KeySet([*keys])
