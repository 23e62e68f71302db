"""The outbox as other apps use it."""

from voc.core.outbox.emit import cancel, emit
from voc.core.outbox.gates import close_gate, open_gate
from voc.core.outbox.running import LeaseLost, RunningJob
from voc.core.outbox.testing import drain_all

__all__ = ["LeaseLost", "RunningJob", "cancel", "close_gate", "drain_all", "emit", "open_gate"]
