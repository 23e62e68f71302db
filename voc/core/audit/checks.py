"""Whether the audit trail is out of the application's reach. Asks the database: `manage.py check --deploy --database default`."""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from voc.core.audit import roles


@register(Tags.database, deploy=True)
def check_role(databases: Any = None, **_: Any) -> list[CheckMessage]:
    if not databases or not roles.can_rewrite_history():
        return []
    hint = "Run `manage.py setup_database_roles` as the owner, and start web, worker and beat with that role in DATABASE_URL."
    return [Warning("The application's database role can change the audit trail.", hint=hint, id="audit.W001")]
