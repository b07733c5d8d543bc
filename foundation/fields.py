"""Fields of schemas, as this platform writes and checks them."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from foundation.clock import rfc3339


class Instant(fields.AwareDateTime):
    """A time on the wire: RFC 3339 with the offset of Bangkok."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else rfc3339(value)


class Pattern(validate.Regexp):
    """A pattern that the whole text fits, a line end included; as ECMA-262 reads it in the API document too."""

    def __call__(self, value: Any) -> Any:
        """See marshmallow."""
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value
