"""Where the demo's messages go: a Slack workspace with people to press the buttons, Teams and PagerDuty, all the sandbox's."""

import hashlib

import httpx

from voc.dev.demo.options import Kept

CHANNEL = "CDEMO"
# Slack's ids of the demo's users; the address is what VOC knows them by.
PEOPLE = {"UMANAGER": "manager", "UVIEWER": "viewer"}
SECONDS = 10


def channels(kept: Kept, *, sandbox: int) -> dict[str, str]:
    """Settings of the three channels."""
    address = f"http://127.0.0.1:{sandbox}"
    return {
        "SLACK_BOT_TOKEN": "xoxb-demo",
        "SLACK_CHANNEL": CHANNEL,
        "SLACK_API_URL": f"{address}/slack/api/",
        "SLACK_SIGNING_SECRET": signing_secret(kept),
        "TEAMS_WEBHOOKS": f"demo={address}/teams/workflows/demo/triggers/manual/paths/invoke?sig=demo",
        "PAGERDUTY_ROUTING_KEYS": f"demo={'0' * 32}",
        "PAGERDUTY_URL": f"{address}/pagerduty",
        "NOTIFY_CHANNELS": "slack,teams,pagerduty",
    }


def open_workspace(kept: Kept, *, sandbox: int, url: str) -> None:
    """Let the people in who may press buttons, and say where the app listens. The sandbox must answer already."""
    with httpx.Client(base_url=f"http://127.0.0.1:{sandbox}/_sandbox/slack", timeout=SECONDS, trust_env=False) as slack:
        app = {"interactivity_url": f"{url}/integrations/slack/actions", "signing_secret": signing_secret(kept)}
        slack.post("/app", json=app).raise_for_status()
        for slack_id, name in PEOPLE.items():
            person = {"id": slack_id, "name": name.title(), "email": f"{name}@demo.example"}
            slack.post("/users", json=person).raise_for_status()


def signing_secret(kept: Kept) -> str:
    """One that stays the same over runs, and tells nothing of the key that it is made of."""
    return hashlib.sha256(f"slack {kept.secret_key}".encode()).hexdigest()
