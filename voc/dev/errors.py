"""The one error that people see instead of a traceback."""


class CannotRun(Exception):
    """Something outside this program is in the way. The message is one line and says what to do about it."""
