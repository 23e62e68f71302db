"""A vendor is one file and one line: what the frame does for one that it has never seen."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from flask import Blueprint, jsonify
from markupsafe import Markup

from sandbox.app import create_sandbox
from sandbox.client import SandboxClient
from sandbox.server import Server
from sandbox.vendor import Vendor, active_fault, note
from sandbox.vendors import VENDORS, create_vendors


class Bakery(Vendor):
    name = "bakery"
    title = "Bakery"
    fault_kinds = ("stale",)

    def __init__(self) -> None:
        super().__init__()
        self.baked = 0

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("bakery", __name__)

        @blueprint.post("/bread")
        def bake() -> Any:
            with self.lock:
                self.baked += 1
            note("baked one")
            return jsonify({"bread": active_fault() or "fresh"})

        @blueprint.get("/fire")
        def burn() -> Any:
            raise ZeroDivisionError

        return blueprint

    def control(self) -> Blueprint:
        blueprint = Blueprint("bakery_control", __name__)

        @blueprint.post("/sell")
        def sell() -> Any:
            with self.lock:
                self.baked -= 1
            return jsonify({})

        return blueprint

    def state(self) -> dict[str, Any]:
        return {"baked": self.baked}

    def load(self, state: dict[str, Any]) -> None:
        self.baked = state["baked"]

    def reset(self) -> None:
        self.baked = 0

    def render(self) -> Markup:
        return Markup("<p>{} loaves</p>").format(self.baked)


@pytest.fixture
def bakery() -> Iterator[SandboxClient]:
    sandbox = create_sandbox([Bakery()])
    server = Server("127.0.0.1", 0, sandbox.app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with SandboxClient(server.url) as client:
        yield client
    server.shutdown()
    thread.join()


def test_its_requests_are_recorded_with_its_notes_and_its_state_is_read(bakery: SandboxClient) -> None:
    assert httpx.post(bakery.url("/bakery/bread")).json() == {"bread": "fresh"}

    [request] = bakery.requests("bakery")
    assert (request.status, request.notes) == (200, ["baked one"])
    assert bakery.state("bakery") == {"baked": 1}


def test_its_own_kind_of_fault_reaches_its_route(bakery: SandboxClient) -> None:
    bakery.fault("bakery", "stale", count=1)

    answers = [httpx.post(bakery.url("/bakery/bread")).json()["bread"] for _ in range(2)]

    assert answers == ["stale", "fresh"]
    assert [request.fault for request in bakery.requests()] == ["stale", ""]


def test_everybodys_faults_work_on_it_with_a_json_body(bakery: SandboxClient) -> None:
    bakery.fault("bakery", "status", status=429)

    answer = httpx.post(bakery.url("/bakery/bread"))

    assert (answer.status_code, answer.json()) == (429, {"error": 429})
    assert bakery.state("bakery") == {"baked": 0}


def test_it_is_on_the_page_with_its_own_faults(bakery: SandboxClient) -> None:
    httpx.post(bakery.url("/bakery/bread"))

    page = httpx.get(bakery.base_url).text

    assert "<p>1 loaves</p>" in page
    assert '<optgroup label="Bakery only"><option>stale</option>' in page


def test_its_control_addresses_change_the_page_and_are_not_recorded(bakery: SandboxClient) -> None:
    seen = httpx.get(bakery.url("/_sandbox/live")).headers["X-Version"]
    assert httpx.get(bakery.url("/_sandbox/live"), params={"seen": seen}).status_code == 204

    httpx.post(bakery.url("/_sandbox/bakery/sell"))

    assert "-1 loaves" in httpx.get(bakery.url("/_sandbox/live"), params={"seen": seen}).text
    assert bakery.requests() == []


@pytest.mark.parametrize(("path", "status"), [("/bakery/cake", 404), ("/bakery/fire", 500)])
def test_a_route_that_is_missing_or_breaks_is_recorded_with_its_status(
    bakery: SandboxClient, path: str, status: int
) -> None:
    assert httpx.get(bakery.url(path)).status_code == status

    assert bakery.requests("bakery")[0].status == status


@pytest.mark.parametrize("kind", VENDORS)
def test_every_registered_vendor_gives_a_state_that_it_takes_back(kind: type[Vendor]) -> None:
    vendor, other = kind(), kind()

    other.load(vendor.state())

    assert other.state() == vendor.state()
    assert vendor.name.isidentifier()
    assert vendor.title


def test_registered_vendors_have_different_names() -> None:
    names = [vendor.name for vendor in create_vendors()]

    assert len(set(names)) == len(names)
