"""Log lines: JSON in production, readable ones in development. None holds personal data or a query string."""

import json
import logging
import traceback
from datetime import UTC, datetime

FIELDS = ("request_id", "method", "route", "status", "ms")
"""What a line about a request says besides its message; passed as `extra`."""


class JsonLines(logging.Formatter):
    """A line of JSON for each record: time (RFC 3339, UTC), level, logger, message, and a request's fields."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1]:
            line["exception"] = "".join(traceback.format_exception(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False)


class ReadableLines(logging.Formatter):
    """A line for people: time, level, logger, message, and a request's fields."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """See logging."""
        known = [f"{name}={getattr(record, name)}" for name in FIELDS if hasattr(record, name)]
        return " ".join([super().formatMessage(record), *known])


def configure(*, production: bool) -> None:
    """Set up the logs of this process, on standard error; called once by each kind of process."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if production else ReadableLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a round that takes longer than its pause is no news
