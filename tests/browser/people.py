"""Who looks at the manager."""

from dataclasses import dataclass

import httpx2
from callstage_testing.stack import Stack
from playwright.sync_api import BrowserContext

PASSWORD = "a long password for a test"


@dataclass(frozen=True)
class Person:
    """A user with a password."""

    email: str
    password: str
    role: str


def api_client(stack: Stack) -> httpx2.Client:
    """The REST API as the owner. The caller closes it."""
    return httpx2.Client(base_url=stack.dev["control_api"], headers={"x-api-key": stack.dev["api_key"]}, timeout=30)


def owner(stack: Stack) -> Person:
    """Who started the platform."""
    return Person(stack.dev["admin_email"], stack.dev["admin_password"], "owner")


def invite(stack: Stack, role: str) -> Person:
    """A new user with a role."""
    person = Person(f"{role}@browser.example.com", PASSWORD, role)
    with api_client(stack) as api:
        reply = api.post("/v1/users", json={"email": person.email, "password": person.password, "name": role.title(), "role": role})
        assert reply.status_code in (201, 409), reply.text
    return person


def sign_in(context: BrowserContext, person: Person) -> None:
    """The session's cookie, as the sign-in page gets it."""
    reply = context.request.post("/v1/auth/login", data={"email": person.email, "password": person.password})
    assert reply.ok, reply.text()
