"""The OpenAPI document is true: whatever it allows is answered as it says, and nothing of it is an error of ours.

schemathesis makes calls of all shapes from the document, right ones and wrong ones. The long form:
VOC_CONTRACT_EXAMPLES=200 python -m pytest tests/security/test_contract.py
"""

import os

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts import tokens
from tests.factories import TicketFactory, UserFactory

EXAMPLES = int(os.environ.get("VOC_CONTRACT_EXAMPLES", "3"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
# In this order: a sign-out would end the token that the others call with.
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def document(db, settings):
    settings.RATE_LIMIT_USER = settings.RATE_LIMIT_ADDRESS = 0
    settings.LOGIN_ATTEMPTS = settings.LOGIN_ATTEMPTS_ADDRESS = 10**6
    user = UserFactory(admin=True)
    TicketFactory(waiting=True, ticket_id="VOC-20260101-0001")
    TicketFactory(open=True)
    headers = {"Authorization": f"Bearer {tokens.issue(user).access}"}
    # As Django's own test client does: the test's connection is not the application's to close.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/schema", get_wsgi_application(), headers=headers), headers
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_every_call_is_answered_as_the_document_says(document):
    schema, headers = document
    names, problems = [], set()
    for found in schema.get_all_operations():
        operation = found.ok()
        names.append(operation.label)
        for strategy in (
            operation.as_strategy(),
            operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
        ):

            @QUIET
            @given(case=strategy)
            def call(case):
                with transaction.atomic():
                    if "ticket_id" in (case.path_parameters or {}) and len(str(case.body)) % 2:
                        case.path_parameters["ticket_id"] = "VOC-20260101-0001"
                    try:
                        case.call_and_validate(headers=headers, checks=CHECKS)
                    except FailureGroup as failed:
                        problems.update(f"{case.operation.label}: {each}" for each in failed.exceptions)
                    transaction.set_rollback(True)

            call()
    assert problems == set(), "\n\n".join(sorted(problems))
    assert len(names) >= 15
