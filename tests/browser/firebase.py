"""Stands in for the two servers that Firebase's SDK calls from a browser, which are not reached from here.

It answers through the browser's own network stack, so that the content security policy of the page and the SDK are the
real ones; it refuses what Google would refuse. It also turns a message that the service sent to the stand-in for FCM
into what a browser gets of it.

Sources: Firebase's SDK for JavaScript 0.16 (`@firebase/installations`, `@firebase/messaging`); Firebase documentation,
Receive messages in a JavaScript client.
"""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Request, Route

PROJECT, SENDER = "reports-90", "123456789012"
VAPID_KEY = "BEgeW4A90VDIAAB8mn7x9XZEa2jVYxlPRw2V6XzS91z633Vc4PJkodIE4vOAmUgqdxNUK0mNznfvLXoT7gCTDZ8"
SETTINGS = {
    "FCM_PROJECT_ID": PROJECT,
    "FIREBASE_WEB_API_KEY": "a-key-of-the-web-app",
    "FIREBASE_WEB_APP_ID": f"1:{SENDER}:web:0a1b2c3d4e5f",
    "FIREBASE_WEB_SENDER_ID": SENDER,
    "FIREBASE_WEB_VAPID_KEY": VAPID_KEY,
}
INSTALLATIONS = f"https://firebaseinstallations.googleapis.com/v1/projects/{PROJECT}/installations"
REGISTRATIONS = f"https://fcmregistrations.googleapis.com/v1/projects/{PROJECT}/registrations"
FID = re.compile(r"[cdef][A-Za-z0-9_-]{21}")


@dataclass
class FirebaseServers:
    """What browsers told Firebase. `status`: what it answers from now on; None: it never does."""

    status: int | None = 200
    installations: dict[str, dict[str, Any]] = field(default_factory=dict)
    registrations: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the id of the installation: the browser's subscription."""
    asked: list[str] = field(default_factory=list)

    def serve(self, context: BrowserContext) -> None:
        """Answer the browsers of a context in place of Google."""
        context.route(re.compile(r"https://\w+\.googleapis\.com/"), self._answer)

    def _answer(self, route: Route, request: Request) -> None:
        self.asked.append(f"{request.method} {request.url}")
        if self.status is None:
            return
        status, content = self._of(request) if self.status == 200 else _refusal(self.status, "UNAVAILABLE")
        route.fulfill(status=status, json=content, headers={"Access-Control-Allow-Origin": "*"})

    def _of(self, request: Request) -> tuple[int, dict[str, Any]]:
        if request.headers.get("x-goog-api-key") != SETTINGS["FIREBASE_WEB_API_KEY"]:
            return _refusal(403, "PERMISSION_DENIED")
        if request.url.startswith(INSTALLATIONS):
            return self._installation(request, request.url.removeprefix(INSTALLATIONS).strip("/"))
        if request.url.startswith(REGISTRATIONS):
            return self._registration(request)
        return _refusal(404, "NOT_FOUND")

    def _installation(self, request: Request, path: str) -> tuple[int, dict[str, Any]]:
        """POST makes an installation, POST of `authTokens:generate` renews its token, DELETE removes all of it."""
        fid, _, more = path.partition("/")
        if request.method == "POST" and not path:
            given: dict[str, Any] = request.post_data_json or {"fid": ""}
            if not FID.fullmatch(given["fid"]) or given["appId"] != SETTINGS["FIREBASE_WEB_APP_ID"]:
                return _refusal(400, "INVALID_ARGUMENT")
            self.installations[given["fid"]] = given
            token = {"token": f"token-of-{given['fid']}", "expiresIn": "604800s"}
            return 200, {"fid": given["fid"], "refreshToken": f"refresh-{given['fid']}", "authToken": token}
        if request.headers.get("authorization") != f"FIS_v2 refresh-{fid}" or fid not in self.installations:
            return _refusal(401, "UNAUTHENTICATED")
        if request.method == "POST" and more == "authTokens:generate":
            return 200, {"token": f"token-of-{fid}", "expiresIn": "604800s"}
        del self.installations[fid]
        self.registrations.pop(fid, None)
        return 200, {}

    def _registration(self, request: Request) -> tuple[int, dict[str, Any]]:
        fid = request.headers.get("x-goog-firebase-installations-auth", "").removeprefix("FIS token-of-")
        web = (request.post_data_json or {}).get("web", {})
        if request.method != "POST" or fid not in self.installations:
            return _refusal(401, "UNAUTHENTICATED")
        if web.keys() != {"origin", "endpoint", "auth", "p256dh", "applicationPubKey"}:
            return _refusal(400, "INVALID_ARGUMENT")
        self.registrations[fid] = web
        return 200, {"name": f"projects/{PROJECT}/registrations/{fid}"}


def _refusal(status: int, name: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"code": status, "status": name, "message": name.lower()}}


def handed_to_browser(message: Mapping[str, Any]) -> str:
    """What a browser gets of a message that was sent by FCM's HTTP v1 API."""
    around = {"from": SENDER, "priority": "normal", "fcmMessageId": str(uuid.uuid4())}
    parts = {name: message[name] for name in ("data", "notification") if name in message}
    shown = message.get("webpush", {}).get("notification")
    return json.dumps(around | parts | ({"notification": shown} if shown else {}))


def subscriptions(given: str) -> str:
    """A script in place of the browser's own push service, which is not reached from here either.

    Each registration of a service worker has one subscription, bound to the key that it was made with, as in a browser:
    that of `given`, under an endpoint of its own.
    """
    return _SUBSCRIPTIONS % given


_SUBSCRIPTIONS = """{
    const given = %s;
    const plain = (text) => atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = (text) => Uint8Array.from(plain(text), (each) => each.charCodeAt(0)).buffer;
    const written = (key) => btoa(String.fromCharCode(...new Uint8Array(key.buffer ?? key)))
        .replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=/g, "");
    const text = (key) => typeof key === "string" ? key : written(key);
    const made = (place, { key, endpoint }) => ({
        endpoint,
        options: { userVisibleOnly: true, applicationServerKey: bytes(key) },
        getKey: (name) => bytes(given.keys[name]),
        toJSON: () => ({ ...given, endpoint }),
        unsubscribe: async () => { localStorage.removeItem(place); return true; },
    });
    Object.defineProperty(ServiceWorkerRegistration.prototype, "pushManager", { get() {
        const place = `subscription ${new URL(this.scope).pathname}`;
        const kept = () => JSON.parse(localStorage.getItem(place) ?? "null");
        return {
            getSubscription: async () => kept() && made(place, kept()),
            subscribe: async ({ applicationServerKey, userVisibleOnly }) => {
                const key = text(applicationServerKey);
                if (key.length !== 87 || !userVisibleOnly) throw new DOMException("not a key", "InvalidAccessError");
                if (kept() && kept().key !== key) throw new DOMException("another key", "InvalidStateError");
                const one = kept() ?? { key, endpoint: `${given.endpoint}/${crypto.randomUUID()}` };
                localStorage.setItem(place, JSON.stringify(one));
                return made(place, one);
            },
        };
    } });
}"""
