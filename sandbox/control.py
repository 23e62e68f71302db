"""What tests talk to: state, recorded requests, reset and faults as JSON under ``/_sandbox/``."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.faults import FaultBook, FaultError
from sandbox.gate import UNKNOWN
from sandbox.recorder import Recorder
from sandbox.vendor import Vendor

MAX_WAIT_SECONDS = 60.0


class Control:
    """The control addresses over these vendors."""

    def __init__(self, vendors: Mapping[str, Vendor], recorder: Recorder, faults: FaultBook) -> None:
        self._vendors = vendors
        self._recorder = recorder
        self._faults = faults

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
        blueprint.register_error_handler(FaultError, _wrong_fault)
        blueprint.register_error_handler(HTTPException, _refused)
        blueprint.get("/health")(self.health)
        blueprint.get("/state")(self.state)
        blueprint.get("/requests")(self.requests)
        blueprint.post("/reset")(self.reset)
        blueprint.get("/faults")(self.list_faults)
        blueprint.post("/faults")(self.add_fault)
        blueprint.delete("/faults")(self.remove_faults)
        blueprint.delete("/faults/<int:fault_id>")(self.remove_fault)
        return blueprint

    def health(self) -> ResponseReturnValue:
        return jsonify({"ok": True, "vendors": list(self._vendors)})

    def state(self) -> ResponseReturnValue:
        """``?vendor=``: what it remembers; without: what each does, by name."""
        if chosen := self._vendor():
            return jsonify(self._vendors[chosen].state())
        return jsonify({name: vendor.state() for name, vendor in self._vendors.items()})

    def requests(self) -> ResponseReturnValue:
        """``?vendor=``, and to wait: ``at_least=`` answered requests (``arrived=1``: answered or not), ``timeout=`` s."""
        chosen = self._vendor(others=True)
        complete = self._recorder.wait(
            vendor=chosen,
            at_least=request.args.get("at_least", 0, type=int),
            finished="arrived" not in request.args,
            timeout=max(0.0, min(request.args.get("timeout", 0.0, type=float), MAX_WAIT_SECONDS)),
        )
        found = self._recorder.entries(chosen)
        return jsonify({"requests": found, "forgotten": self._recorder.forgotten, "complete": complete})

    def reset(self) -> ResponseReturnValue:
        """Forget state, requests and faults, of ``?vendor=`` or of all; requests that wait in a fault are let go."""
        self.forget(self._vendor(others=True))
        return jsonify({"ok": True})

    def forget(self, chosen: str | None) -> None:
        if chosen != UNKNOWN:
            self._faults.remove(vendor=chosen)
        for name, vendor in self._vendors.items():
            if chosen in (None, name):
                vendor.reset()
        self._recorder.reset(chosen)

    def list_faults(self) -> ResponseReturnValue:
        return jsonify({"faults": self._faults.all()})

    def add_fault(self) -> ResponseReturnValue:
        fault = self._faults.add(request.get_json(force=True, silent=True))
        self._recorder.touch()
        return jsonify(fault.public()), 201

    def remove_faults(self) -> ResponseReturnValue:
        removed = self._faults.remove(vendor=self._vendor())
        self._recorder.touch()
        return jsonify({"removed": removed})

    def remove_fault(self, fault_id: int) -> ResponseReturnValue:
        if not self._faults.remove(fault_id=fault_id):
            abort(404, f"there is no fault {fault_id}")
        self._recorder.touch()
        return jsonify({"removed": 1})

    def _vendor(self, *, others: bool = False) -> str | None:
        """The ``vendor`` parameter, checked; None if it is absent. ``others``: requests to nobody's address count too."""
        name = request.args.get("vendor")
        if name and name not in self._vendors and not (others and name == UNKNOWN):
            abort(404, f"unknown vendor {name!r}; there are {', '.join(self._vendors)}")
        return name or None


def _wrong_fault(error: FaultError) -> ResponseReturnValue:
    return jsonify({"field": error.field, "error": str(error)}), 422


def _refused(error: HTTPException) -> ResponseReturnValue:
    return jsonify({"error": error.description}), error.code or 500
