"""Puts the sandbox together: vendors behind the gate, the control addresses and the page before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask, Response

from sandbox.control import Control
from sandbox.faults import FaultBook
from sandbox.gate import Gate
from sandbox.page import Page
from sandbox.recorder import Recorder
from sandbox.vendor import Vendor
from sandbox.vendors import create_vendors

STATE_VERSION = 1


@dataclass(frozen=True)
class Sandbox:
    """All that one sandbox is made of."""

    app: Flask
    vendors: dict[str, Vendor]
    recorder: Recorder
    faults: FaultBook

    def dump(self) -> dict[str, Any]:
        """What a later run may take up again with `load`; faults are not part of it."""
        return {
            "version": STATE_VERSION,
            "requests": self.recorder.entries(),
            "vendors": {name: vendor.state() for name, vendor in self.vendors.items()},
        }

    def load(self, data: dict[str, Any]) -> None:
        """Take up what `dump` gave; raises KeyError, TypeError or ValueError when it is not that."""
        if data["version"] != STATE_VERSION:
            raise ValueError(f"version {data['version']!r}")
        for name, state in data["vendors"].items():
            if name in self.vendors:  # a vendor that is no longer there is no reason not to start
                self.vendors[name].load(state)
        self.recorder.load(data["requests"])


def create_sandbox(vendors: Iterable[Vendor] | None = None, *, keep: int = 10_000) -> Sandbox:
    """A sandbox with the registered vendors, or with those given; it keeps the last ``keep`` requests."""
    by_name = {vendor.name: vendor for vendor in (create_vendors() if vendors is None else vendors)}
    recorder = Recorder(keep)
    faults = FaultBook({name: vendor.fault_kinds for name, vendor in by_name.items()})
    app = Flask("sandbox", static_url_path="/_sandbox/static")
    control = Control(by_name, recorder, faults)
    app.register_blueprint(control.blueprint())
    app.register_blueprint(Page(by_name, recorder, faults, control).blueprint())
    for name, vendor in by_name.items():
        app.register_blueprint(vendor.blueprint(), url_prefix=f"/{name}", name=f"vendor_{name}")
        if own := vendor.control():
            own.after_request(partial(_touched, recorder))
            app.register_blueprint(own, url_prefix=f"/_sandbox/{name}", name=f"control_{name}")
    app.wsgi_app = Gate(app.wsgi_app, vendors=by_name, recorder=recorder, faults=faults)  # type: ignore[method-assign]
    return Sandbox(app=app, vendors=by_name, recorder=recorder, faults=faults)


def _touched(recorder: Recorder, response: Response) -> Response:
    """What a person does to a vendor's state shows on the page, and is kept, like what a client does."""
    recorder.touch()
    return response
