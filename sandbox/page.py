"""The page for people: what arrived, newest first, and faults to switch by form. Works without scripts too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.control import reset_all
from sandbox.faults import KINDS, FaultBook, FaultError
from sandbox.gate import UNKNOWN
from sandbox.recorder import Recorder
from sandbox.vendor import Vendor

SHOWN_REQUESTS = 50
SHOWN_BODY = 20_000
_NUMBERS: dict[str, type[int] | type[float]] = {
    "status": int,
    "count": int,
    "skip": int,
    "seed": int,
    "retry_after": float,
    "seconds": float,
    "probability": float,
}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
)


def create_blueprint(vendors: Mapping[str, Vendor], recorder: Recorder, faults: FaultBook) -> Blueprint:
    """The page over these vendors."""
    blueprint = Blueprint("page", __name__)

    def context(error: str = "") -> dict[str, Any]:
        return {
            "version": recorder.version,
            "vendors": [_shown(vendor, recorder) for vendor in vendors.values()],
            "unknown": _requests(recorder, UNKNOWN),
            "faults": faults.all(),
            "kinds": KINDS,
            "own_kinds": {vendor.title: vendor.fault_kinds for vendor in vendors.values() if vendor.fault_kinds},
            "error": error,
            "form": request.form,
        }

    @blueprint.get("/")
    def index() -> ResponseReturnValue:
        return render_template("page.html", **context())

    @blueprint.get("/_sandbox/live")
    def live() -> ResponseReturnValue:
        if request.args.get("seen") == str(recorder.version):
            return Response(status=204)
        shown = context()
        response = make_response(render_template("live.html", **shown))
        response.headers["X-Version"] = shown["version"]
        return response

    @blueprint.post("/_sandbox/forms/fault")
    def add_fault() -> ResponseReturnValue:
        try:
            faults.add(_from_form(request.form))
        except FaultError as error:
            return render_template("page.html", **context(f"{error.field}: {error}")), 422
        recorder.touch()
        return redirect("/", 303)

    @blueprint.post("/_sandbox/forms/faults/off")
    def remove_fault() -> ResponseReturnValue:
        faults.remove(fault_id=request.form.get("id", type=int))
        recorder.touch()
        return redirect("/", 303)

    @blueprint.post("/_sandbox/forms/reset")
    def reset() -> ResponseReturnValue:
        reset_all(vendors, recorder, faults, None)
        return redirect("/", 303)

    @blueprint.get("/favicon.ico")
    def favicon() -> ResponseReturnValue:
        return Response(status=204)

    @blueprint.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    return blueprint


def _shown(vendor: Vendor, recorder: Recorder) -> dict[str, Any]:
    return {
        "name": vendor.name,
        "title": vendor.title,
        "html": vendor.render(),
        "requests": _requests(recorder, vendor.name),
        "count": recorder.count(vendor.name),
    }


def _requests(recorder: Recorder, vendor: str) -> list[dict[str, Any]]:
    newest_first = reversed(recorder.entries(vendor, last=SHOWN_REQUESTS))
    return [
        {**entry, "pretty": _pretty(entry["body"]), "clock": _clock(entry["received_at"])} for entry in newest_first
    ]


def _clock(at: str) -> str:
    """The time of day where the sandbox runs, which is where its reader sits."""
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")


def _pretty(body: str) -> str:
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        text = body
    return text if len(text) <= SHOWN_BODY else f"{text[:SHOWN_BODY]}\n… {len(text) - SHOWN_BODY:,} characters more"


def _from_form(form: Mapping[str, str]) -> dict[str, Any]:
    """A fault as the JSON address takes it; fields left empty are left out."""
    data: dict[str, Any] = {}
    for name, text in form.items():
        value = text.strip()
        if not value:
            continue
        try:
            data[name] = _NUMBERS[name](value) if name in _NUMBERS else value
        except ValueError as error:
            raise FaultError(name, "must be a number") from error
    return data
