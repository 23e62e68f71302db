"""Calls of the REST API as a user makes them."""

from rest_framework.test import APIClient

from accounts import tokens


def client_of(user):
    """A client with the user's token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user).access}", HTTP_ACCEPT_LANGUAGE="en")
    return client


def where(answer):
    """What a 422 names."""
    return [problem["loc"] for problem in answer.json()["detail"]]
