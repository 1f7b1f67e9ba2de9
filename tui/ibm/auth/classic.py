"""The classic auth host: version check, login, discovery, and a logout that is proven (contract 1)."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import msgspec

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.secret import Secret
from tui.domain.accounts import Account, Instance, SignOutReport
from tui.ibm.auth.token_auth import TokenAuth
from tui.ibm.auth.token_manager import LONGEST_LIFE, AccessToken
from tui.ibm.codec.decoding import decode
from tui.ibm.transport.client import Call, HttpClient, Safety
from tui.ibm.transport.errors import token_refused

ENDING_SECONDS = 2.0
"""How long a token that is left behind is tried to be ended: nobody is kept waiting longer for it."""
_LOGIN = "POST /users/loginWithToken"


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
    """Where the auth host says the other hosts are; empty when it does not."""

    http: str
    runtime: str


async def check_version(account: Account, http: HttpClient) -> None:
    """Make sure that the auth host is one: its version names `api-auth`.

    Raises:
        QdeckError: `PROTOCOL` when it is something else.
    """
    where = "GET /version"
    answer = await http.send(Call("GET", f"{account.endpoints.auth}/version", where))
    if "api-auth" not in decode(answer.body, dict[str, Any], where):
        raise QdeckError(
            ErrorKind.PROTOCOL,
            "The auth host does not call itself an IBM Quantum service.",
            "Check the auth endpoint.",
        )


async def log_in(account: Account, http: HttpClient, clock: Clock) -> AccessToken:
    """A new access token for the API token. May be repeated: it creates nothing that costs.

    Raises:
        QdeckError: `WRONG_KEY` for an unknown token, `FORBIDDEN` when the licence is not accepted.
    """
    if not account.token:
        raise QdeckError(ErrorKind.WRONG_KEY, "No API token was given.", "Type or paste the token.")
    call = Call(
        "POST",
        f"{account.endpoints.auth}/users/loginWithToken",
        _LOGIN,
        body={"apiToken": account.token},
    )
    asked = clock.now()
    try:
        answer = await http.send(call)
    except QdeckError as error:
        refused = error
    else:
        body = decode(answer.body, _LoginBody, _LOGIN)
        lives = body.ttl is not None and 0 < body.ttl <= LONGEST_LIFE
        return AccessToken(body.id, asked, asked + timedelta(seconds=body.ttl or 0) if lives else None)
    if refused.status == 401 and refused.kind is ErrorKind.EXPIRED:
        raise QdeckError(
            ErrorKind.WRONG_KEY,
            f"The service did not take the API token: {refused.message}",
            "Check that it was copied whole.",
            code=refused.code,
            status=refused.status,
        )
    raise refused


async def service_urls(account: Account, calls: TokenAuth) -> ServiceUrls:
    """Where the auth host says that the runtime and the general API are."""
    where = "GET /users/me"
    answer = await calls.send(Call("GET", f"{account.endpoints.auth}/users/me", where))
    urls = decode(answer.body, _Me, where).urls
    runtime = (urls.services.runtime if urls.services else None) or ""
    return ServiceUrls(http=(urls.http or "").rstrip("/"), runtime=runtime.rstrip("/"))


async def network(http_url: str, calls: TokenAuth) -> tuple[Instance, ...]:
    """The hub/group/project triples of the account, the default one first."""
    where = "GET /Network"
    answer = await calls.send(Call("GET", f"{http_url}/Network", where))
    found: list[tuple[bool, Instance]] = []
    for hub in decode(answer.body, list[_Hub], where):
        for group_name, group in hub.groups.items():
            for project_name, project in group.projects.items():
                name = f"{hub.name}/{group_name}/{project_name}"
                found.append((not project.isDefault, Instance(name, name)))
    return tuple(instance for _, instance in sorted(found, key=lambda item: item[0]))


async def runtime_instances(runtime: str, calls: TokenAuth) -> tuple[Instance, ...]:
    """The instances that the runtime's own `/users/me` names."""
    where = "GET /users/me"
    answer = await calls.send(Call("GET", f"{runtime}/users/me", where))
    listed = decode(answer.body, _RuntimeMe, where).instances
    return tuple(Instance(item.name, item.name, item.plan or "") for item in listed)


async def log_out(account: Account, http: HttpClient, token: AccessToken) -> SignOutReport:
    """Invalidate the token, and prove it: the same call again has to be refused with 401."""
    call = _logout(account, token)
    try:
        await http.send(call)
    except QdeckError as error:
        if not token_refused(error):
            return SignOutReport(
                False,
                token.expires,
                f"The token is dropped here, but the service did not confirm the logout: {error.message}",
            )
    try:
        await http.send(call)
    except QdeckError as error:
        if token_refused(error):
            return SignOutReport(
                True, None, "Signed out: the service refused the token when it was tried again."
            )
        return SignOutReport(
            False,
            token.expires,
            f"Signed out, but it could not be proven that the token is dead: {error.message}",
        )
    return SignOutReport(
        False, token.expires, "The service took the token even after the logout: it may still be valid."
    )


async def end_token(account: Account, http: HttpClient, token: AccessToken) -> None:
    """Invalidate a token that is not used any more, as far as that goes within `ENDING_SECONDS`.

    It was got here, by a login of this service's own, so nobody else holds it; and until it is ended it opens
    the account for as long as two weeks (contract 1.2).
    """
    with contextlib.suppress(QdeckError, TimeoutError):
        async with asyncio.timeout(ENDING_SECONDS):
            await http.send(_logout(account, token))


def _logout(account: Account, token: AccessToken) -> Call:
    return Call(
        "POST",
        f"{account.endpoints.auth}/users/logout",
        "POST /users/logout",
        safety=Safety.CHANGES,
        headers=access(token),
    )


def access(token: AccessToken) -> dict[str, str | Secret]:
    """The header that carries the access token."""
    return {"x-access-token": token.value}
