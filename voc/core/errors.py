"""The errors that the whole system speaks. What follows from each is decided in `voc.core.outbox.runner` and `voc.core.api`."""

from datetime import datetime


class VocError(Exception):
    """Base of all errors that the system raises on purpose. `message` is safe to show to a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Permanent(VocError):
    """Trying again would fail again: the job is blocked until a person has mended the cause."""


class Transient(VocError):
    """Trying again may help: at `at` if the other side named a time, else after a back-off.

    `spend=False` leaves the attempt uncounted: nothing was tried (a closed gate, an open breaker). `ambiguous` says
    that the request may have reached the other side and done its work there: look before sending it again.
    """

    def __init__(
        self, message: str, *, at: datetime | None = None, spend: bool = True, ambiguous: bool = False
    ) -> None:
        super().__init__(message)
        self.at = at
        self.spend = spend
        self.ambiguous = ambiguous


class NotAllowed(VocError):
    """The ticket's state does not allow this act: 400 in the API, a notice in the portal. Nothing was changed."""


class InvalidInput(VocError):
    """A value that a service refuses: 422 in the API, beside its field in a form."""

    def __init__(self, *, field: str, message: str, code: str = "value_error") -> None:
        super().__init__(message)
        self.field = field
        self.code = code


class Conflict(VocError):
    """The same thing was sent before with other content: 409 in the API."""
