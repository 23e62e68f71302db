import urllib.request
from urllib.error import HTTPError

import pytest
from django.conf import LazySettings

from notifications.transport import never_left, open_once
from sandbox.client import SandboxClient
from voc.core.errors import Permanent


def test_the_address_is_checked_where_the_connection_is_made(sandbox: SandboxClient, settings: LazySettings) -> None:
    """A name that was checked a moment ago may lead elsewhere by now."""
    settings.OUTBOUND_ALLOWED_NETWORKS = []

    with pytest.raises(Permanent, match="internal address"):
        open_once(urllib.request.Request(sandbox.url("/slack/services/T0/B0/x"), data=b"{}"), timeout=30)

    assert sandbox.requests() == []


def test_an_answer_that_is_no_success_has_left(sandbox: SandboxClient) -> None:
    with pytest.raises(HTTPError) as caught:
        open_once(urllib.request.Request(sandbox.url("/slack/nothing"), data=b"{}"), timeout=30)

    assert not never_left(caught.value)
