"""Logs of this system: one JSON object a line (or plain text), with request, user, ticket and job ids where there are any."""

import logging.config
from typing import Any

import structlog
from structlog.types import EventDict, WrappedLogger

from voc.core.redaction import redact_value

# For lines of this system's own loggers and of other libraries' alike.
SHARED: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
)


def without_questions(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Of a request's address, which parameters it had: people search for customers by name and number."""
    request = event.get("request")
    if isinstance(request, str) and "?" in request:
        address, _, query = request.partition("?")
        event["request"] = f"{address}?{'&'.join(each.partition('=')[0] for each in query.split('&'))}"
    return event


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last step before rendering: nothing secret leaves the process through its logs."""
    return {name: redact_value(value, name) for name, value in event.items()}


def make_formatter(*, style: str) -> structlog.stdlib.ProcessorFormatter:
    """What turns a record into a line; `style` is "json" or "console"."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    if style == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*SHARED, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Tracebacks become text before secrets are taken out: they quote values.
            structlog.processors.format_exc_info,
            without_questions,
            without_secrets,
            renderer,
        ],
    )


def configure(options: dict[str, Any]) -> None:
    """Set up logging from `settings.LOGGING`: {"format": "json" | "console", "level": a level's name}."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"voc": {"()": make_formatter, "style": options["format"]}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "voc"}},
            "root": {"handlers": ["out"], "level": options["level"]},
            "loggers": {
                "django.server": {"handlers": ["out"], "level": "WARNING", "propagate": False},
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
