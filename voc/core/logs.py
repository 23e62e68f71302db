"""Logs of this system: one JSON object a line (or coloured text), with request, user, ticket and job ids where there are any."""

import logging.config
from typing import Any

import structlog
from structlog.types import EventDict, WrappedLogger

from voc.core.redaction import redact_value


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last step before rendering: nothing secret leaves the process through its logs."""
    return {name: redact_value(value, name) for name, value in event.items()}


def configure(options: dict[str, Any]) -> None:
    """Set up logging from `settings.LOGGING`: {"format": "json" | "console", "level": a level's name}."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    # Tracebacks become text before secrets are taken out: they quote values.
    renderer: list[Any] = [
        structlog.processors.format_exc_info,
        without_secrets,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
        if options["format"] == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "voc": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
                }
            },
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
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
