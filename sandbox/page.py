"""The page for people: what arrived, newest first, and faults to switch by form. Works without scripts too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.control import Control
from sandbox.faults import KINDS, FaultBook, FaultError
from sandbox.gate import UNKNOWN
from sandbox.recorder import Recorder
from sandbox.vendor import Vendor, clock

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


class Page:
    """The page over these vendors."""

    def __init__(self, vendors: Mapping[str, Vendor], recorder: Recorder, faults: FaultBook, control: Control) -> None:
        self._vendors = vendors
        self._recorder = recorder
        self._faults = faults
        self._control = control

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("page", __name__)
        blueprint.get("/")(self.index)
        blueprint.get("/_sandbox/live")(self.live)
        blueprint.post("/_sandbox/forms/fault")(self.add_fault)
        blueprint.post("/_sandbox/forms/faults/off")(self.remove_fault)
        blueprint.post("/_sandbox/forms/reset")(self.reset)
        blueprint.get("/favicon.ico")(self.favicon)
        blueprint.after_request(_protect)
        return blueprint

    def index(self) -> ResponseReturnValue:
        return render_template("page.html", **self._context())

    def live(self) -> ResponseReturnValue:
        """The part that changes, or 204 if the reader has ``?seen=`` its newest version."""
        if request.args.get("seen") == str(self._recorder.version):
            return Response(status=204)
        shown = self._context()
        response = make_response(render_template("live.html", **shown))
        response.headers["X-Version"] = shown["version"]
        return response

    def add_fault(self) -> ResponseReturnValue:
        try:
            self._faults.add(_from_form(request.form))
        except FaultError as error:
            return render_template("page.html", **self._context(f"{error.field}: {error}")), 422
        self._recorder.touch()
        return redirect("/", 303)

    def remove_fault(self) -> ResponseReturnValue:
        # Without a number nothing is meant: None would be all.
        self._faults.remove(fault_id=request.form.get("id", 0, type=int))
        self._recorder.touch()
        return redirect("/", 303)

    def reset(self) -> ResponseReturnValue:
        self._control.forget(None)
        return redirect("/", 303)

    def favicon(self) -> ResponseReturnValue:
        return Response(status=204)

    def _context(self, error: str = "") -> dict[str, Any]:
        vendors = self._vendors.values()
        return {
            "version": self._recorder.version,
            "vendors": [_shown(vendor, self._recorder) for vendor in vendors],
            "unknown": _requests(self._recorder, UNKNOWN),
            "faults": self._faults.all(),
            "kinds": KINDS,
            "own_kinds": {vendor.title: vendor.fault_kinds for vendor in vendors if vendor.fault_kinds},
            "error": error,
            "form": request.form,
        }


def _protect(response: Response) -> Response:
    """Nothing that a vendor was sent may run here, and nothing of it goes out."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


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
    return [{**entry, "pretty": _pretty(entry["body"]), "clock": clock(entry["received_at"])} for entry in newest_first]


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
