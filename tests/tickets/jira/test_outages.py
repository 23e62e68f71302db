"""Jira that does not answer is one alert, not one in other words as well."""

import pytest

from tests.tickets.jira.inward import linked
from tickets.jira import polling
from voc.core.alerts import clear_alert, raise_alert
from voc.core.models import Alert
from voc.core.outages import outage_key

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_poll_that_fails_is_told_only_where_no_outage_explains_it(jira):
    linked(jira)
    jira.fault("status", route="/jira/rest/api/3/search/jql", status=500)
    raise_alert(outage_key("jira"), title="jira does not answer")
    polling.poll()
    jira.time.advance(polling.SILENT_FOR.total_seconds())
    polling.poll()
    assert not Alert.objects.filter(key=polling.ALERT).exists()

    clear_alert(outage_key("jira"))
    polling.poll()
    assert Alert.objects.filter(key=polling.ALERT).exists()
