"""The analyst that needs no model: keywords, log patterns and rules. The same input always gives the same decision."""
