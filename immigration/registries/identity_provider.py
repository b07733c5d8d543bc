"""The identity provider that officers may sign in with, by OpenID Connect: discovery, code exchange, ID tokens.

Source: OpenID Connect Core 1.0, 3.1 (code flow), OpenID Connect Discovery 1.0, RFC 7636 (PKCE, S256), RFC 9700.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import KeySet

from foundation.config import OpenIdSettings
from foundation.errors import Unavailable
from immigration.rules.codes import OpenIdFault

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Of signatures only: no token that is signed with the client's secret, or not at all, is taken."""
_TIMEOUT = 5.0  # seconds for each request to the provider
_LEEWAY = 30  # seconds that the provider's clock may be off
_KEPT = timedelta(hours=1)
_AGAIN = timedelta(seconds=30)
"""How long what the provider said of itself is kept, and how soon its keys are asked for again for an unknown one."""
_CLAIM_FAULTS = {
    "iss": OpenIdFault.ISSUER,
    "aud": OpenIdFault.AUDIENCE,
    "azp": OpenIdFault.AUDIENCE,
    "nonce": OpenIdFault.NONCE,
    "exp": OpenIdFault.EXPIRED,
}
_log = logging.getLogger(__name__)


class ProviderAway(Unavailable):
    """The identity provider does not answer as it should."""

    code = "openid-unavailable"


class InvalidAnswer(Exception):
    """The provider's answer does not show who signs in; `fault` says what is wrong with it."""

    def __init__(self, fault: OpenIdFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault


@dataclass(frozen=True)
class _Known:
    """What the provider says of itself, and its keys."""

    metadata: Mapping[str, str]
    keys: KeySet
    at: datetime


@dataclass
class IdentityProvider:
    """One provider, and this service as its client. It may be used by several threads."""

    settings: OpenIdSettings
    redirect_uri: str
    _known: _Known | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def authorization_url(self, *, state: str, nonce: str, verifier: str, now: datetime) -> str:
        """Where the officer's browser goes to sign in. Raises ProviderAway."""
        more = {"acr_values": " ".join(self.settings.acr_values)} if self.settings.acr_values else {}
        url, _ = self._session().create_authorization_url(
            self._about(now).metadata["authorization_endpoint"],
            state=state,
            code_verifier=verifier,
            nonce=nonce,
            **more,
        )
        return str(url)

    def claims(self, code: str, *, nonce: str, verifier: str, now: datetime) -> dict[str, Any]:
        """The verified claims of the ID token that a code is exchanged for. Raises InvalidAnswer, ProviderAway."""
        endpoint = self._about(now).metadata["token_endpoint"]
        try:
            with self._session() as session:
                token = session.fetch_token(
                    endpoint, code=code, code_verifier=verifier, grant_type="authorization_code", allow_redirects=False
                )
        except (requests.RequestException, ValueError) as error:
            raise ProviderAway("the token endpoint gave no answer that can be read") from error
        except AuthlibBaseError as error:
            raise InvalidAnswer(OpenIdFault.CODE, str(error.error)) from error
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise InvalidAnswer(OpenIdFault.MALFORMED, "no ID token")
        return self._verified(id_token, nonce=nonce, access_token=str(token.get("access_token", "")), now=now)

    def _verified(self, id_token: str, *, nonce: str, access_token: str, now: datetime) -> dict[str, Any]:
        """The claims of an ID token, of ours, in time and for this sign-in. Raises InvalidAnswer."""
        token = self._decoded(id_token, now)
        expected = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
        }
        params = {"nonce": nonce, "client_id": self.settings.client_id, "access_token": access_token}
        claims = CodeIDToken(token.claims, token.header, options=expected, params=params)
        try:
            claims.validate(now=int(now.timestamp()), leeway=_LEEWAY)
        except ExpiredTokenError as error:
            raise InvalidAnswer(OpenIdFault.EXPIRED) from error
        except (InvalidClaimError, MissingClaimError) as error:
            fault = _CLAIM_FAULTS.get(error.claim, OpenIdFault.MALFORMED)
            raise InvalidAnswer(fault, f"claim {error.claim}") from error
        except (JoseError, ValueError, TypeError) as error:
            raise InvalidAnswer(OpenIdFault.MALFORMED) from error
        if self.settings.acr_values and token.claims.get("acr") not in self.settings.acr_values:
            raise InvalidAnswer(OpenIdFault.STRENGTH)
        return dict(token.claims)

    def _decoded(self, id_token: str, now: datetime) -> jwt.Token:
        known = self._about(now)
        try:
            return jwt.decode(id_token, known.keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError) as error:
            if now - known.at < _AGAIN:
                raise InvalidAnswer(OpenIdFault.SIGNATURE, type(error).__name__) from error
        try:  # the provider may have another key since
            return jwt.decode(id_token, self._about(now, since=_AGAIN).keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError) as error:
            raise InvalidAnswer(OpenIdFault.SIGNATURE, type(error).__name__) from error

    def _about(self, now: datetime, *, since: timedelta = _KEPT) -> _Known:
        """What the provider says of itself, at most `since` old. Raises ProviderAway."""
        known = self._known
        if known is None or now - known.at >= since:
            with self._lock:
                known = self._known = _Known(metadata := self._metadata(), self._keys(metadata["jwks_uri"]), now)
        return known

    def _metadata(self) -> Mapping[str, str]:
        said = _get(get_well_known_url(self.settings.issuer, external=True))
        if said.get("issuer") != self.settings.issuer:
            raise ProviderAway(f"the provider calls itself {said.get('issuer')!r}")
        ends = {name: said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        scheme = urlsplit(self.settings.issuer).scheme
        if wrong := sorted(name for name, url in ends.items() if urlsplit(str(url)).scheme not in ("https", scheme)):
            raise ProviderAway(f"the provider states no safe {', '.join(wrong)}")
        return {name: str(url) for name, url in ends.items()}

    def _keys(self, url: str) -> KeySet:
        try:
            return KeySet.import_key_set(_get(url))  # type: ignore[arg-type]
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise ProviderAway("the provider's keys cannot be read") from error

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret,
            redirect_uri=self.redirect_uri,
            scope="openid profile",
            code_challenge_method="S256",
            default_timeout=_TIMEOUT,
        )


def _get(url: str) -> dict[str, Any]:
    """A JSON object of the provider. Raises ProviderAway."""
    try:
        answer = requests.get(url, timeout=_TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        said = answer.json()
    except (requests.RequestException, ValueError) as error:
        _log.warning("the identity provider: %s", type(error).__name__)
        raise ProviderAway("the provider gave no answer that can be read") from error
    if answer.status_code != requests.codes.ok or not isinstance(said, dict):
        raise ProviderAway("the provider gave no answer that can be read")
    return said
