"""The demo's view of tickets: the REST API, as any client sees it."""

from typing import Any

import httpx

from voc.dev.errors import CannotRun


class Api:
    """Logged in as one user. Every call may raise httpx.HTTPError while web is away; callers try again."""

    def __init__(self, url: str, *, username: str, password: str) -> None:
        self._login = {"username": username, "password": password}
        self._client = httpx.Client(base_url=url, timeout=10, trust_env=False)

    def is_healthy(self) -> bool:
        try:
            answer = self._client.get("/health")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def log_in(self) -> None:
        answer = self._client.post("/api/v1/auth/token", json=self._login)
        if answer.status_code != 200:
            raise CannotRun(f"{self._login['username']} cannot log in ({answer.status_code} {answer.text[:200]}).")
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access']}"

    def _get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        answer = self._client.get(path, params=parameters)
        if answer.status_code == 401:
            self.log_in()
            answer = self._client.get(path, params=parameters)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        return self._get(f"/api/v1/tickets/{ticket_id}")

    def such(self, **filters: str) -> list[dict[str, Any]]:
        """Tickets with all their fields, the newest first, 100 at most."""
        rows = self._get("/api/v1/tickets", limit=100, **filters)["tickets"]
        return [self.ticket(row["ticket_id"]) for row in rows]

    def changed_since(self, since: str) -> list[dict[str, Any]]:
        """List rows of all tickets that changed at or after that time (ISO 8601)."""
        rows: list[dict[str, Any]] = []
        page = 1
        while True:
            found = self._get(
                "/api/v1/tickets", updated_since=since, sort="created_at", order="asc", limit=100, page=page
            )
            rows += found["tickets"]
            if page >= found["total_pages"]:
                return rows
            page += 1

    def close(self) -> None:
        self._client.close()
