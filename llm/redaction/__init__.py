"""Personal data out of texts before they leave the house, and back in for people who may see it.

`Redactor` hides; `patterns` says what personal data looks like, `names` how a known name is written.
"""

from llm.redaction.redactor import VERSION, Hidden, Redactor, plain, restore

__all__ = ["VERSION", "Hidden", "Redactor", "plain", "restore"]
