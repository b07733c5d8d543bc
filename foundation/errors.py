"""Problems as classes: a stable code, the HTTP status, and a docstring that is the title (RFC 9457)."""

from collections.abc import Iterator
from typing import Any, ClassVar


class Problem(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 500
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, detail: str = "", **members: Any) -> None:
        """`detail` says what happened this time; `members` are RFC 9457 extension members, JSON-ready."""
        super().__init__(detail or self.title())
        self.detail = detail
        self.members = members

    @classmethod
    def title(cls) -> str:
        """The docstring's first line."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]

    def response_headers(self) -> dict[str, str]:
        """The headers of the answer."""
        return self.headers

    def as_dict(self) -> dict[str, Any]:
        """The body of the problem document."""
        body = {"type": f"urn:problem:{self.code}", "code": self.code, "title": self.title(), "status": self.status}
        return body | ({"detail": self.detail} if self.detail else {}) | self.members


class BadRequest(Problem):
    """The request cannot be understood."""

    code, status = "bad-request", 400


class Unauthenticated(Problem):
    """Who is asking is not known."""

    code, status = "unauthenticated", 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(Problem):
    """This is not allowed for who is asking."""

    code, status = "forbidden", 403


class NotFound(Problem):
    """There is no such thing, or it is not yours."""

    code, status = "not-found", 404


class NotAcceptable(Problem):
    """The thing is not kept in any of the formats asked for."""

    code, status = "not-acceptable", 406


class Conflict(Problem):
    """The present state of things does not allow this."""

    code, status = "conflict", 409


class TooLarge(Problem):
    """The request is larger than this service reads."""

    code, status = "too-large", 413


class UnsupportedMediaType(Problem):
    """The body is of a kind that this service does not read."""

    code, status = "unsupported-media-type", 415


class Unprocessable(Problem):
    """The request is understood, and some of its values are not acceptable."""

    code, status = "invalid", 422


class TooManyRequests(Problem):
    """Too many attempts in a short time."""

    code, status = "too-many-requests", 429

    def __init__(self, detail: str = "", *, retry_after: int = 1, **members: Any) -> None:
        """`retry_after` is in seconds."""
        super().__init__(detail, **members)
        self.retry_after = retry_after

    def response_headers(self) -> dict[str, str]:
        """The headers of the answer: when to ask again."""
        return self.headers | {"Retry-After": str(self.retry_after)}


class Unavailable(Problem):
    """A part this service stands on is not answering; nothing was stored. Try again."""

    code, status = "unavailable", 503
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


def all_problems(root: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every problem class known to the running program, each once."""
    for kind in root.__subclasses__():
        yield kind
        yield from all_problems(kind)
