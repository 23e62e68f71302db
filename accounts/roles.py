"""Who may do what: one table for portal, API and Django admin alike."""

from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    MANAGER = "manager"
    VIEWER = "viewer"
    SUBMITTER = "submitter"


# "*" stands for every permission, those that no other role has among them.
PERMISSIONS: dict[Role, list[str]] = {
    Role.ADMIN: ["*"],
    Role.MANAGER: ["ticket:read", "ticket:confirm", "ticket:reject", "ticket:analyze"],
    Role.VIEWER: ["ticket:read"],
    Role.SUBMITTER: ["voc:submit", "ticket:read"],
}
STAFF_ROLES = (Role.ADMIN, Role.MANAGER)


def flags_of(role: Role) -> dict[str, bool]:
    """Django's own two flags, which follow the role: the database refuses any other combination."""
    return {"is_staff": role in STAFF_ROLES, "is_superuser": role is Role.ADMIN}


def grants(role: Role, permission: str) -> bool:
    return "*" in PERMISSIONS[role] or permission in PERMISSIONS[role]


def grantable(role: Role) -> list[str]:
    """What a key of somebody with this role can be given: the role's permissions by name, for admins "*" as well."""
    if "*" not in PERMISSIONS[role]:
        return sorted(PERMISSIONS[role])
    return ["*", *sorted({each for granted in PERMISSIONS.values() for each in granted} - {"*"})]
