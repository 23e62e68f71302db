"""What tests talk to: state, recorded requests, reset and faults as JSON under ``/_sandbox/``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.faults import FaultBook, FaultError
from sandbox.gate import UNKNOWN
from sandbox.recorder import Recorder
from sandbox.vendor import Vendor

MAX_WAIT_SECONDS = 60.0


def create_blueprint(vendors: Mapping[str, Vendor], recorder: Recorder, faults: FaultBook) -> Blueprint:
    """The control addresses over these vendors."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")

    @blueprint.errorhandler(FaultError)
    def wrong_fault(error: FaultError) -> ResponseReturnValue:
        return jsonify({"field": error.field, "error": str(error)}), 422

    @blueprint.errorhandler(HTTPException)
    def refused(error: HTTPException) -> ResponseReturnValue:
        return jsonify({"error": error.description}), error.code or 500

    @blueprint.get("/health")
    def health() -> ResponseReturnValue:
        return jsonify({"ok": True, "vendors": list(vendors)})

    @blueprint.get("/state")
    def state() -> ResponseReturnValue:
        if chosen := _vendor(vendors):
            return jsonify(vendors[chosen].state())
        return jsonify({name: vendor.state() for name, vendor in vendors.items()})

    @blueprint.get("/requests")
    def requests() -> ResponseReturnValue:
        chosen = _vendor(vendors, others=True)
        complete = _wait(recorder, chosen)
        return jsonify(
            {"requests": recorder.entries(chosen), "forgotten": recorder.forgotten, "complete": complete},
        )

    @blueprint.post("/reset")
    def reset() -> ResponseReturnValue:
        chosen = _vendor(vendors, others=True)
        reset_all(vendors, recorder, faults, chosen)
        return jsonify({"ok": True})

    @blueprint.get("/faults")
    def list_faults() -> ResponseReturnValue:
        return jsonify({"faults": faults.all()})

    @blueprint.post("/faults")
    def add_fault() -> ResponseReturnValue:
        fault = faults.add(request.get_json(force=True, silent=True))
        recorder.touch()
        return jsonify(fault.public()), 201

    @blueprint.delete("/faults")
    def remove_faults() -> ResponseReturnValue:
        removed = faults.remove(vendor=_vendor(vendors))
        recorder.touch()
        return jsonify({"removed": removed})

    @blueprint.delete("/faults/<int:fault_id>")
    def remove_fault(fault_id: int) -> ResponseReturnValue:
        if not faults.remove(fault_id=fault_id):
            abort(404, f"there is no fault {fault_id}")
        recorder.touch()
        return jsonify({"removed": 1})

    return blueprint


def reset_all(vendors: Mapping[str, Vendor], recorder: Recorder, faults: FaultBook, chosen: str | None) -> None:
    """Forget state, requests and faults, of one vendor or of all; requests that wait in a fault are let go."""
    if chosen != UNKNOWN:
        faults.remove(vendor=chosen)
    for name, vendor in vendors.items():
        if chosen in (None, name):
            vendor.reset()
    recorder.reset(chosen)


def _vendor(vendors: Mapping[str, Vendor], *, others: bool = False) -> str | None:
    """The ``vendor`` parameter, checked; None if it is absent."""
    name = request.args.get("vendor")
    if name and name not in vendors and not (others and name == UNKNOWN):
        abort(404, f"unknown vendor {name!r}; there are {', '.join(vendors)}")
    return name or None


def _wait(recorder: Recorder, vendor: str | None) -> bool:
    """Wait for ``at_least`` requests, answered unless ``arrived`` is asked for, up to ``timeout`` seconds."""
    wanted: Any = request.args.get("at_least", 0, type=int)
    timeout: Any = request.args.get("timeout", 0.0, type=float)
    return recorder.wait(
        vendor=vendor,
        at_least=wanted,
        finished="arrived" not in request.args,
        timeout=max(0.0, min(timeout, MAX_WAIT_SECONDS)),
    )
