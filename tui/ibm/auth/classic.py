"""The classic auth host: version check, login, discovery, and a logout that is proven (contract 1)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.timing import Clock
from tui.domain.accounts import Account, Instance, SignOutReport
from tui.ibm.auth.tokens import AccessToken, TokenAuth, send_key
from tui.ibm.transport.client import HttpClient
from tui.ibm.transport.errors import token_refused
from tui.ibm.transport.request import Idempotency, Request, Value

ENDING_SECONDS = 2.0
"""Seconds in which a token that is not used any more has to be ended: nobody is kept waiting longer."""


class _LoginBody(msgspec.Struct, frozen=True):
    id: Secret
    ttl: int | None = None


class _Services(msgspec.Struct, frozen=True):
    runtime: str | None = None


class _Urls(msgspec.Struct, frozen=True):
    http: str | None = None
    services: _Services | None = None


class _Me(msgspec.Struct, frozen=True):
    urls: _Urls


class _Project(msgspec.Struct, frozen=True):
    isDefault: bool | None = None


class _Group(msgspec.Struct, frozen=True):
    projects: dict[str, _Project]


class _Hub(msgspec.Struct, frozen=True):
    name: str
    groups: dict[str, _Group]


class _RuntimeInstance(msgspec.Struct, frozen=True):
    name: str
    plan: str | None = None


class _RuntimeMe(msgspec.Struct, frozen=True):
    instances: list[_RuntimeInstance] = []


class ServiceUrls(msgspec.Struct, frozen=True):
    """Base URLs of the other hosts as the auth host gives them; empty where it does not."""

    http: str
    runtime: str


async def check_version(account: Account, http: HttpClient) -> None:
    """Make sure that the auth host is one: its version names `api-auth`.

    Raises:
        QdeckError: `PROTOCOL` when it is something else.
    """
    response = await http.send(Request(account.endpoints.auth, "GET /version"))
    if "api-auth" not in response.decode(dict[str, Any]):
        message = "The auth host does not call itself an IBM Quantum service."
        advice = "Check the auth endpoint."
        raise QdeckError(ErrorKind.PROTOCOL, message, advice)


async def log_in(account: Account, http: HttpClient, clock: Clock) -> AccessToken:
    """Get a new access token for the API token. The request may be repeated: it creates nothing that costs.

    Returns:
        The token; its end is not known where the service gives no life that can be.

    Raises:
        QdeckError: `WRONG_KEY` for an unknown token, `FORBIDDEN` when the licence is not accepted.
    """
    if not account.token:
        raise QdeckError(ErrorKind.WRONG_KEY, "No API token was given.", "Type or paste the token.")
    asked = clock.now()
    response = await send_key(
        http,
        Request(account.endpoints.auth, "POST /users/loginWithToken", body={"apiToken": account.token}),
        lambda error: error.status == 401 and error.kind is ErrorKind.EXPIRED,
        "The service did not take the API token",
        "Check that it was copied whole.",
    )
    body = response.decode(_LoginBody)
    return AccessToken.lasting(body.id, asked, body.ttl, None)


async def service_urls(account: Account, auth: TokenAuth) -> ServiceUrls:
    """Ask the auth host where the runtime and the general API are."""
    urls = (await auth.send(Request(account.endpoints.auth, "GET /users/me"))).decode(_Me).urls
    runtime = (urls.services.runtime if urls.services else None) or ""
    return ServiceUrls(http=(urls.http or "").rstrip("/"), runtime=runtime.rstrip("/"))


async def network(http_url: str, auth: TokenAuth) -> tuple[Instance, ...]:
    """Return the hub/group/project triples of the account, the default one first."""
    found: list[tuple[bool, Instance]] = []
    for hub in (await auth.send(Request(http_url, "GET /Network"))).decode(list[_Hub]):
        for group_name, group in hub.groups.items():
            for project_name, project in group.projects.items():
                name = f"{hub.name}/{group_name}/{project_name}"
                found.append((not project.isDefault, Instance(name, name)))
    return tuple(instance for _, instance in sorted(found, key=lambda item: item[0]))


async def runtime_instances(runtime: str, auth: TokenAuth) -> tuple[Instance, ...]:
    """Return the instances that the runtime's own `/users/me` names."""
    listed = (await auth.send(Request(runtime, "GET /users/me"))).decode(_RuntimeMe).instances
    return tuple(Instance(item.name, item.name, item.plan or "") for item in listed)


async def log_out(account: Account, http: HttpClient, token: AccessToken) -> SignOutReport:
    """Invalidate the token, and prove it: the same request again has to be refused with 401.

    Returns:
        Whether the service refused the token in the end, until when it may be valid if not, and why.
    """
    request = _logout(account, token)
    try:
        await http.send(request)
    except QdeckError as error:
        if not token_refused(error):
            doubt = f"The token is dropped here, but the service did not confirm the logout: {error.message}"
            return SignOutReport(False, token.expires, doubt)
    try:
        await http.send(request)
    except QdeckError as error:
        if token_refused(error):
            proof = "Signed out: the service refused the token when it was tried again."
            return SignOutReport(True, None, proof)
        doubt = f"Signed out, but it could not be proven that the token is dead: {error.message}"
        return SignOutReport(False, token.expires, doubt)
    doubt = "The service took the token even after the logout: it may still be valid."
    return SignOutReport(False, token.expires, doubt)


async def end_token(account: Account, http: HttpClient, token: AccessToken) -> None:
    """Invalidate a token that is not used any more, as far as that goes within `ENDING_SECONDS`.

    It comes from a login of this service's own, so nobody else holds it; and until it is ended it opens the
    account for as long as two weeks (contract 1.2).
    """
    with contextlib.suppress(QdeckError, TimeoutError):
        async with asyncio.timeout(ENDING_SECONDS):
            await http.send(_logout(account, token))


def _logout(account: Account, token: AccessToken) -> Request:
    return Request(
        account.endpoints.auth,
        "POST /users/logout",
        idempotency=Idempotency.CHANGES,
        headers=token_header(token),
    )


def token_header(token: AccessToken) -> dict[str, Value]:
    """Return the header that carries the access token."""
    return {"x-access-token": token.value}
