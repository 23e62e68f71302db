"""Who may do what. One table, one decorator, for portal, API and admin alike; what declares nothing is denied."""

from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    MANAGER = "manager"
    VIEWER = "viewer"
    SUBMITTER = "submitter"


PERMISSIONS: dict[Role, list[str]] = {
    Role.ADMIN: ["*"],
    Role.MANAGER: ["ticket:read", "ticket:confirm", "ticket:reject", "ticket:analyze"],
    Role.VIEWER: ["ticket:read"],
    Role.SUBMITTER: ["voc:submit", "ticket:read"],
}
