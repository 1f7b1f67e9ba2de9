"""Details of an account beyond its usage: limits, plans, statistics, versions of the API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol, TypeVar

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import AccountDetails, ApiVersion, Plan, Share, Spending
from tui.ibm.codec.decoding import moment
from tui.ibm.transport.request import Query, Response

T = TypeVar("T")


class Get(Protocol):
    """Sends a `GET` request to the API, e.g. of `GET /accounts/{id}` with its id."""

    def __call__(self, where: str, *ids: str, query: Query = ()) -> Awaitable[Response]: ...


_WITHHELD = {ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND, ErrorKind.INVALID}


class _Configuration(msgspec.Struct, frozen=True):
    instance_limit: float | None = None


class _Plan(msgspec.Struct, frozen=True):
    plan_id: str
    subscription_name: str | None = None
    usage_allocation_seconds: float | None = None
    usage_limit_seconds: float | None = None
    max_ttl: float | None = None
    interactive_ttl: float | None = None
    end_time: str | None = None


class _Account(msgspec.Struct, frozen=True):
    plans: list[_Plan]


class _Analytics(msgspec.Struct, frozen=True):
    """Times in milliseconds (contract 5.14)."""

    usage: float
    jobs: int
    avg_queue_time: float | None = None
    max_queue_time: float | None = None


class _Group(msgspec.Struct, frozen=True):
    """Times in milliseconds."""

    key: str
    usage: float
    jobs: int


class _Groups(msgspec.Struct, frozen=True):
    data: list[_Group]


class _Version(msgspec.Struct, frozen=True):
    version: str
    status: str | None = None
    sunset_date: str | None = None


class _Versions(msgspec.Struct, frozen=True):
    versions: list[_Version | str]


async def account_details(get: Get, crn: str) -> AccountDetails:
    """Return the details of the account that the CRN's instance belongs to (contract 5.12, 5.14).

    Args:
        get: sends requests to the API.
        crn: the instance.

    Returns:
        The details; `withheld` names in words what the service refuses.

    Raises:
        QdeckError: the service was not reached or is unwell.
    """
    asked = await asyncio.gather(
        _allowed("the instance's limit", _limit(get)),
        _allowed("the account's plans", _plans(get, crn)),
        _allowed("the account's statistics", _spending(get)),
        _allowed("the statistics by backend", _shares(get, "backend")),
        _allowed("the statistics by instance", _shares(get, "instance")),
    )
    (limit, no_limit), (plans, no_plans), (spending, no_spending), (backends, no_b), (instances, no_i) = asked
    withheld = tuple(what for what in (no_limit, no_plans, no_spending, no_b, no_i) if what)
    return AccountDetails(limit, plans or (), spending, backends or (), instances or (), withheld)


def api_version(versions: Response, spoken: str) -> ApiVersion:
    """Return the state of an API version (contract 4.5).

    Args:
        versions: the response to `GET /versions`.
        spoken: the version, a date.

    Returns:
        Its state, empty where the service does not list it; when it ends; and the newest one.
    """
    listed = versions.decode(_Versions).versions
    known = [_Version(item, "live") if isinstance(item, str) else item for item in listed]
    newest = max((item.version for item in known), default="")
    mine = next((item for item in known if item.version == spoken), None)
    if mine is None:
        return ApiVersion(spoken, "", newest)
    return ApiVersion(spoken, mine.status or "live", newest, mine.sunset_date or "")


async def _allowed(what: str, asked: Awaitable[T]) -> tuple[T | None, str]:
    try:
        return await asked, ""
    except QdeckError as error:
        if error.kind not in _WITHHELD:
            raise
        return None, what


async def _limit(get: Get) -> float | None:
    return (await get("GET /instances/configuration")).decode(_Configuration).instance_limit


async def _plans(get: Get, crn: str) -> tuple[Plan, ...]:
    parts = crn.split(":")
    account = parts[6].removeprefix("a/") if len(parts) > 6 else ""
    plans = (await get("GET /accounts/{id}", account)).decode(_Account).plans
    return tuple(
        Plan(
            item.subscription_name or item.plan_id,
            item.usage_allocation_seconds,
            item.usage_limit_seconds,
            item.max_ttl,
            item.interactive_ttl,
            moment(item.end_time),
        )
        for item in plans
    )


async def _spending(get: Get) -> Spending:
    used = (await get("GET /analytics/usage")).decode(_Analytics)

    def seconds(milliseconds: float | None) -> float | None:
        return None if milliseconds is None else milliseconds / 1000

    return Spending(used.jobs, used.usage / 1000, seconds(used.avg_queue_time), seconds(used.max_queue_time))


async def _shares(get: Get, group: str) -> tuple[Share, ...]:
    response = await get("GET /analytics/usage_grouped", query=(("group_by", group),))
    groups = response.decode(_Groups).data
    shares = (Share(item.key, item.jobs, item.usage / 1000) for item in groups if item.jobs or item.usage)
    return tuple(sorted(shares, key=lambda share: (-share.used_seconds, -share.jobs, share.key)))
