"""HTTP as this service speaks it: strict JSON in, problem documents out, a declared audience on every route."""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import flask_smorest
import webargs.flaskparser
from flask import Flask, Response, g, jsonify, request
from marshmallow import INCLUDE, Schema, fields
from werkzeug.exceptions import HTTPException

from foundation import json_reader
from foundation.clock import monotonic
from foundation.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    Problem,
    TooLarge,
    Unauthenticated,
    Unprocessable,
    UnsupportedMediaType,
)
from foundation.fields import REPEATED, UNKNOWN, explained
from foundation.identity import STAFF, Principal, Role
from foundation.services import services
from foundation.words import LANGUAGES, preferred_language, words

View = TypeVar("View", bound=Callable[..., Any])
PROBLEM = "application/problem+json"
SESSION_COOKIE = "__Host-session"
"""The cookie of a signed-in page: sent by Secure connections of this host only, and read by no script."""
_PROBES = ("/healthz", "/readyz", "/metrics")
_STRICT_PATHS = ("/api/", "/.well-known/")
"""Where a query names what the route takes and nothing else."""
_log = logging.getLogger("requests")


class FieldErrorSchema(Schema):
    """One thing that is wrong with one value."""

    location = fields.String(
        required=True, data_key="in", metadata={"description": "json, query, or another part of the request"}
    )
    field = fields.String(required=True, metadata={"description": "with dots for what lies within: address.moo"})
    code = fields.String(required=True, metadata={"description": "stable; see docs/problems.md"})
    message = fields.String(required=True)


class ProblemSchema(Schema):
    """An RFC 9457 problem document; extension members stand beside the ones named here."""

    class Meta:
        """Extension members are open."""

        unknown = INCLUDE

    type = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "stable; see docs/problems.md"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    errors = fields.Dict(metadata={"description": "per location and field: sentences that say what is wrong"})
    field_errors = fields.List(
        fields.Nested(FieldErrorSchema), metadata={"description": "the same sentences as a list, each with its code"}
    )


class StrictParser(webargs.flaskparser.FlaskParser):
    """webargs with the strict JSON reader."""

    DEFAULT_VALIDATION_STATUS = 422

    def load_json(self, req: Any, schema: Schema) -> Any:
        """The body, read once; an object or nothing. A body that says it is something else than JSON is not read."""
        if req.mimetype and not req.is_json:
            raise UnsupportedMediaType("the body must be application/json")
        body = req.get_data(cache=True)
        if not body and (not schema.fields or req.method == "DELETE"):  # many clients send no body with it
            return {}
        if not isinstance(value := json_reader.read(body), dict):
            raise json_reader.InvalidJSON("the body must be a JSON object")
        g.body = value
        return value


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A blueprint whose arguments are read strictly, by schemas that are made once."""

    ARGUMENTS_PARSER = StrictParser()

    def arguments(self, schema: Schema | type[Schema], **kwargs: Any) -> Any:
        """See the library; a schema's class would be made into a schema again for every request."""
        made = schema() if isinstance(schema, type) else schema
        read = super().arguments(made, **kwargs)
        names = {field.data_key or name for name, field in made.fields.items()}

        def declare(view: View) -> View:
            reading: View = read(view)
            if kwargs.get("location") == "query":
                reading.query_parameters = names | getattr(view, "query_parameters", set())  # type: ignore[attr-defined]
            return reading

        return declare


def _invalid(errors: dict[str, Any]) -> Unprocessable:
    """The problem of values that do not fit: sentences per location and field, and the same as a list with codes."""
    return Unprocessable(errors=errors, field_errors=list(explained(errors)))


class Api(flask_smorest.Api):  # type: ignore[misc]
    """The API: problem documents instead of the library's own error format."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_RESPONSE_CONTENT_TYPE: str = "application/json"

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Any HTTP error of Flask or the libraries, as a problem document with its own headers kept."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "code": (error.name or "error").lower().replace(" ", "-"),
            "title": error.name,
            "status": error.code,
        }
        data = getattr(error, "data", None) or {}
        if messages := data.get("messages"):
            body |= _invalid(messages).as_dict()
        elif error.code == TooLarge.status:
            body |= TooLarge().as_dict()
        elif error.description and error.code != 500:
            body["detail"] = error.description
        kept = [(k, v) for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")]
        return problem_response(body, error.code or 500, dict(kept))

    def _register_responses(self) -> None:
        """Document errors under their real media type."""
        usual = self.DEFAULT_RESPONSE_CONTENT_TYPE
        self.DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM
        try:
            super()._register_responses()
        finally:
            self.DEFAULT_RESPONSE_CONTENT_TYPE = usual


def problem_response(body: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    """A problem document as a response."""
    response = jsonify(_in_words(body))
    response.status_code = status
    response.content_type = PROBLEM
    for name, value in headers.items():
        response.headers[name] = value
    return response


def render_problem(problem: Problem) -> Response:
    """A problem that our own code raised, rendered once, here."""
    return problem_response(problem.as_dict(), problem.status, problem.response_headers())


def language() -> str:
    """The language that the request asks for by Accept-Language."""
    return preferred_language(request.accept_languages.values())


def _in_words(body: dict[str, Any]) -> dict[str, Any]:
    """A problem document in the language asked for: the title of its code, and what is wrong with each value.

    English sentences about values know limits and examples; without one, and in other languages, the code is worded.
    """
    said = words(language())
    shown = body | {"title": said["problems"].get(body["code"], body["title"])}
    if "field_errors" in body:
        faults = said["faults"]
        keep = language() == LANGUAGES[0]
        shown["field_errors"] = [
            fault if keep and fault["message"] else fault | {"message": faults.get(fault["code"], fault["message"])}
            for fault in body["field_errors"]
        ]
    return shown


def body() -> dict[str, Any]:
    """The JSON object that the request carried, as it was read for its arguments."""
    read: dict[str, Any] = g.body
    return read


def now() -> datetime:
    """The instant of this request: the clock is asked once."""
    if "now" not in g:
        g.now = services().clock()
    moment: datetime = g.now
    return moment


def principal() -> Principal:
    """Who is asking; raises Unauthenticated without a valid bearer token or session cookie."""
    if "principal" not in g:
        g.principal = services().authenticate(credential())
    who: Principal = g.principal
    return who


def credential() -> str:
    """The token that says who is asking: a bearer token, or the session cookie where a page of ours sent the request.

    Raises Unauthenticated where there is neither.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    cookie = request.cookies.get(SESSION_COOKIE, "")
    if not cookie or not is_same_origin():
        raise Unauthenticated("a bearer token is required")
    return cookie


def is_same_origin() -> bool:
    """Whether the browser says that a page of this very origin sent the request (Fetch Metadata); no script can."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def allow(*roles: Role) -> Callable[[View], View]:
    """Declare who may call a route. Role.ANYONE opens it; a route that declares nothing is refused at start-up."""

    def declare(view: View) -> View:
        view.allowed_roles = frozenset(roles)  # type: ignore[attr-defined]
        documented = dict(getattr(view, "_apidoc", {}))
        documented["manual_doc"] = documented.get("manual_doc", {}) | _audience(frozenset(roles))
        view._apidoc = documented  # type: ignore[attr-defined]
        return view

    return declare


def _audience(roles: frozenset[Role]) -> dict[str, Any]:
    """Who may call, for the API document: open, or with a bearer token of one of the roles."""
    if Role.ANYONE in roles:
        return {"security": []}
    return {
        "security": [{"bearer": []}, {"session": []}] if roles <= STAFF else [{"bearer": []}],
        "responses": {401: "UNAUTHORIZED", 403: "FORBIDDEN"},
        "x-roles": sorted(roles),
    }


def guard(app: Flask) -> None:
    """Ask every request for the role that its route declares, before anything of it is read.

    Raises RuntimeError at start-up for a route that declares no role.
    """
    undeclared = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not hasattr(app.view_functions[rule.endpoint], "allowed_roles")
    ]
    if undeclared:
        raise RuntimeError(f"routes that do not say who may call them: {undeclared}")

    @app.before_request
    def check() -> None:
        refuse_nul()
        view = app.view_functions.get(request.endpoint or "")
        if view is None or request.endpoint == "static":
            return
        allowed: frozenset[Role] = vars(view)["allowed_roles"]
        if Role.ANYONE not in allowed and principal().role not in allowed:
            raise Forbidden("this is for " + ", ".join(sorted(allowed)))
        if request.path.startswith(_STRICT_PATHS):
            _refuse_unknown_parameters(vars(view).get("query_parameters", set()))


def _refuse_unknown_parameters(known: set[str]) -> None:
    """Turn away a query that names what the route does not take, or names it twice: a typing error changes no list.

    Pages and probes are left out, since links and load balancers add parameters of their own.
    """
    faults = {
        name: [REPEATED if name in known else UNKNOWN]
        for name, values in request.args.lists()
        if name not in known or len(values) > 1
    }
    if faults:
        raise _invalid({"query": faults})


def refuse_nul() -> None:
    """Turn away an address with a NUL in it, which no name of ours has and no column of the database can hold."""
    if "\0" in request.path:
        raise NotFound()
    if any("\0" in text for pair in request.args.items(multi=True) for text in pair):
        raise BadRequest("the address contains NUL")


CONTENT_SECURITY_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; img-src 'self' data:"
)
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}
_STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
"""Two years; ASVS 5.0 V3.4.1 asks for one at least. Only in production: http://localhost has no certificate."""


def log_requests(app: Flask) -> None:
    """One log line a request: its id, method, route, status and duration; never its address, query or body.

    The route is the rule that answered ("/api/v1/reports/<number>"). Probes and figures are logged at DEBUG.
    """

    @app.before_request
    def begin() -> None:
        g.request_id, g.began = uuid.uuid4().hex, monotonic()

    @app.after_request
    def log(response: Response) -> Response:
        if "began" in g:
            level = logging.DEBUG if request.path in _PROBES else logging.INFO
            _log.log(level, "request", extra=_request_fields(response.status_code))
        return response

    def log_exception(exc_info: Any) -> None:
        _log.error("unexpected error", exc_info=exc_info, extra=_request_fields(500))

    app.log_exception = log_exception  # type: ignore[method-assign]


def _request_fields(status: int) -> dict[str, Any]:
    return {
        "request_id": g.get("request_id", ""),
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": status,
        "ms": round((monotonic() - g.get("began", monotonic())) * 1000, 1),
    }


def add_security_headers(app: Flask, *, production: bool) -> None:
    """Headers of every response, and the id by which the log knows the request."""
    headers = _SECURITY_HEADERS | (_STRICT_TRANSPORT if production else {})

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.add("X-Request-Id", g.get("request_id") or uuid.uuid4().hex)
        for name, value in headers.items():
            if name not in response.headers:
                response.headers.add(name, value)
        if request.path.startswith("/api/") and "Cache-Control" not in response.headers:
            response.headers.add("Cache-Control", "no-store")
        return response


def required_header(name: str, problem: type[BadRequest], longest: int = 255) -> str:
    """A header's value, or the problem that says it is missing, too long or not printable."""
    value = request.headers.get(name, "")
    if not value.strip() or len(value) > longest or not value.isprintable():
        raise problem(f"{name} must be given, in at most {longest} printable characters")
    return value
