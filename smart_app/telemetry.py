"""Logs: one JSON object per line on stderr, an event name and fields from a list. What is not on the list is not written.

Nothing here knows a patient; a field with a name or an address in it cannot slip in, because its key is not allowed.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.typing import FilteringBoundLogger, WrappedLogger

# Each of these is a number, a code of ours, or a name from a configuration file. Never an id of a person, address or free text.
ALLOWED_FIELDS = frozenset(
    {
        "attempt",
        "code",
        "command",
        "count",
        "database",
        "duration_ms",
        "error_type",
        "event",
        "host",
        "instrument",
        "issuer_name",
        "lacking",
        "launch_hash",
        "level",
        "method",
        "outcome",
        "reason_code",
        "request_id",
        "resource_type",
        "route",
        "rung",
        "setting",
        "status",
        "tables",
        "time_zone",
        "timestamp",
        "version",
        "what",
    }
)
_EVENT = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_LONGEST_VALUE = 200
# These write addresses with launch ids or patient ids in them, so they stay silent.
_TALKATIVE = ("urllib3", "requests", "werkzeug", "sqlalchemy", "alembic", "httpx")


def configure_logging(*, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Set logging up for the process; `stream` is stderr when not given."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    structlog.configure(
        processors=[
            merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed_fields,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # stderr is looked up for every line: whoever redirects it later still gets the log, and nobody gets a closed file.
        logger_factory=lambda *_: structlog.PrintLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def new_log() -> FilteringBoundLogger:
    """A logger: `log.info("launch_completed", issuer_name=…, duration_ms=…)`."""
    log: FilteringBoundLogger = structlog.get_logger()
    return log


@contextmanager
def request_bound(request_id: str) -> Iterator[None]:
    """Every log line within carries this request id."""
    with bound_contextvars(request_id=request_id):
        yield


def log_not_opened(table: str) -> None:
    """That a row of Rapport's own database was passed over, because no key that is configured opens it or it was changed."""
    new_log().warning("row_not_opened", tables=table, command="rapport seal status")


def only_allowed_fields(_logger: WrappedLogger, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep allowed fields with plain values; an event that is no name but a sentence loses its words, not its line."""
    kept = {name: _plain(value) for name, value in fields.items() if name in ALLOWED_FIELDS}
    event = fields.get("event")
    kept["event"] = event if isinstance(event, str) and _EVENT.fullmatch(event) else "unnamed_event"
    return kept


def _plain(value: object) -> bool | float | str | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    return value[:_LONGEST_VALUE] if isinstance(value, str) else type(value).__name__
