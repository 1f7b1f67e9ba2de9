"""The classic auth host: version check, login, discovery, and a logout that is proven (contract 1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from tui.domain.accounts import Account, Instance, SignOutReport
from tui.domain.clock import Clock
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.secret import Secret
from tui.ibm.auth.keeper import AccessToken
from tui.ibm.decode import decode
from tui.ibm.failures import token_refused
from tui.ibm.http import Call, Http, Safety

_LOGIN = "POST /users/loginWithToken"
_LONGEST_LIFE = 10 * 365 * 86_400


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


async def check_version(account: Account, http: Http) -> None:
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


async def log_in(account: Account, http: Http, clock: Clock) -> AccessToken:
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
        lives = body.ttl is not None and 0 < body.ttl <= _LONGEST_LIFE
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


async def service_urls(account: Account, http: Http, token: AccessToken) -> ServiceUrls:
    """Where the auth host says that the runtime and the general API are."""
    where = "GET /users/me"
    answer = await http.send(Call("GET", f"{account.endpoints.auth}/users/me", where, headers=access(token)))
    urls = decode(answer.body, _Me, where).urls
    runtime = (urls.services.runtime if urls.services else None) or ""
    return ServiceUrls(http=(urls.http or "").rstrip("/"), runtime=runtime.rstrip("/"))


async def network(http_url: str, http: Http, headers: Mapping[str, str | Secret]) -> tuple[Instance, ...]:
    """The hub/group/project triples of the account, the default one first."""
    where = "GET /Network"
    answer = await http.send(Call("GET", f"{http_url}/Network", where, headers=headers))
    found: list[tuple[bool, Instance]] = []
    for hub in decode(answer.body, list[_Hub], where):
        for group_name, group in hub.groups.items():
            for project_name, project in group.projects.items():
                name = f"{hub.name}/{group_name}/{project_name}"
                found.append((not project.isDefault, Instance(name, name)))
    return tuple(instance for _, instance in sorted(found, key=lambda item: item[0]))


async def runtime_instances(
    runtime: str, http: Http, headers: Mapping[str, str | Secret]
) -> tuple[Instance, ...]:
    """The instances that the runtime's own `/users/me` names."""
    where = "GET /users/me"
    answer = await http.send(Call("GET", f"{runtime}/users/me", where, headers=headers))
    listed = decode(answer.body, _RuntimeMe, where).instances
    return tuple(Instance(item.name, item.name, item.plan or "") for item in listed)


async def log_out(account: Account, http: Http, token: AccessToken) -> SignOutReport:
    """Invalidate the token, and prove it: the same call again has to be refused with 401."""
    call = Call(
        "POST",
        f"{account.endpoints.auth}/users/logout",
        "POST /users/logout",
        safety=Safety.CHANGES,
        headers=access(token),
    )
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


def access(token: AccessToken) -> dict[str, str | Secret]:
    """The header that carries the access token."""
    return {"x-access-token": token.value}
