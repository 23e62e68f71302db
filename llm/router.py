"""Which model a request goes to, by how urgent it is and how long; and who steps in when that one does not answer."""

from typing import Final

from django.conf import settings

from llm.catalogue import Model, Role, configured
from voc.core.errors import Permanent
from voc.core.vocabulary import Urgency

# What a role falls back to when the site has no model for it.
INSTEAD: Final = {
    Role.PRECISE: (Role.LONG, Role.FAST, Role.LOCAL),
    Role.FAST: (Role.PRECISE, Role.LONG, Role.LOCAL),
    Role.LONG: (Role.PRECISE, Role.FAST, Role.LOCAL),
    Role.LOCAL: (Role.FAST, Role.PRECISE, Role.LONG),
}
# Part of a window that is left for the answer and for what an estimate misses.
ROOM: Final = 0.8


class LLMRouter:
    """The rules. `models` by role is the site's configuration unless given."""

    def __init__(self, models: dict[Role, Model] | None = None, *, development: bool | None = None) -> None:
        self.models = configured() if models is None else models
        self.development = settings.LLM_DEVELOPMENT if development is None else development

    def select_model(self, task: str, urgency: Urgency | None, context_length: int) -> str:
        """The name of the model for a task. `context_length` is in tokens, as `llm.tokens.estimate` counts them.

        Raises Permanent when no model is configured at all.
        """
        return self.model_for(task, urgency, context_length).name

    def model_for(self, task: str, urgency: Urgency | None, context_length: int, *, cheaper: bool = False) -> Model:
        if not self.models:
            raise Permanent(f"No model is configured for {task}.")
        chosen = self._of(self.role_for(urgency, context_length, cheaper=cheaper))
        # What is too long for its model goes to the long-context one before anything is shortened.
        long = self._of(Role.LONG)
        return long if not fits(chosen, context_length) and long.window > chosen.window else chosen

    def role_for(self, urgency: Urgency | None, context_length: int, *, cheaper: bool = False) -> Role:
        if self.development and Role.LOCAL in self.models:
            return Role.LOCAL
        is_long = context_length > settings.LLM_LONG_CONTEXT
        if urgency == Urgency.HIGH and not is_long:
            return Role.FAST
        if cheaper:
            return Role.FAST
        return Role.LONG if is_long and urgency != Urgency.HIGH else Role.PRECISE

    def chain(self, first: Model) -> list[Model]:
        """Who is asked, in order: the model itself, one of another provider, the local one. Each once."""
        others = [model for role in (Role.PRECISE, Role.LONG, Role.FAST) if (model := self.models.get(role))]
        other = next((model for model in others if model.provider != first.provider), None)
        local = self.models.get(Role.LOCAL)
        found = {model.name: model for model in (first, other, local) if model}
        return list(found.values())

    def _of(self, role: Role) -> Model:
        return next(self.models[each] for each in (role, *INSTEAD[role]) if each in self.models)


def fits(model: Model, tokens: int) -> bool:
    return tokens <= model.window * ROOM
