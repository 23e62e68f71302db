"""A column whose text is encrypted where it is stored: for secrets that the system has to use again."""

from typing import Any

from django.db import models

from voc.core import crypto


class EncryptedTextField(models.TextField[Any, Any]):
    """A text that reads as it was written and is stored encrypted (see `voc.core.crypto`); "" and NULL stay what they are.

    It cannot be searched for: store a `crypto.digest` beside it where that is needed. `manage.py rotate_keys` finds the column by
    its type. Reading raises CannotDecrypt when the key has gone.
    """

    @property
    def purpose(self) -> str:
        """What binds the texts to this column."""
        return f"{self.model._meta.label_lower}.{self.attname}"

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return crypto.encrypt(text, purpose=self.purpose) if text else text

    def from_db_value(self, value: str | None, _expression: object, _connection: object) -> str | None:
        return crypto.decrypt(value, purpose=self.purpose) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Only whether there is one can be asked: no two encryptions of a text are alike."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
