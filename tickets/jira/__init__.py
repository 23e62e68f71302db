"""Tickets and their Jira issues: creation, links, what flows back."""
