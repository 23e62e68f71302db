"""The audit trail: every change of a row that matters, written by the database itself, where nobody can take it back."""
