"""What the platform tells of an account beyond its usage: limits, plans, statistics, versions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import AccountDetails, ApiVersion, Plan, Share, Spending
from tui.ibm.codec.decoding import decode, moment
from tui.ibm.transport.client import Answer, path

T = TypeVar("T")
Ask = Callable[[str, str], Awaitable[Answer]]
"""Asks for a path of the API; the second argument is the call for messages."""


class Get(Protocol):
    """The same, with a query."""

    def __call__(
        self, place: str, where: str, query: tuple[tuple[str, str], ...] = ..., /
    ) -> Awaitable[Answer]: ...


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
    """The details of the account that the CRN's instance belongs to (contract 5.12, 5.14).

    Raises:
        QdeckError: the service was not reached or is unwell; what it refuses is left out instead.
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


async def api_version(get: Ask, spoken: str) -> ApiVersion:
    """What the service says of the version that is spoken (contract 4.5)."""
    where = "GET /versions"
    listed = decode((await get("/versions", where)).body, _Versions, where).versions
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
    where = "GET /instances/configuration"
    return decode((await get("/instances/configuration", where)).body, _Configuration, where).instance_limit


async def _plans(get: Get, crn: str) -> tuple[Plan, ...]:
    where = "GET /accounts/{id}"
    parts = crn.split(":")
    account = parts[6].removeprefix("a/") if len(parts) > 6 else ""
    told = decode((await get(path("accounts", account), where)).body, _Account, where)
    return tuple(
        Plan(
            item.subscription_name or item.plan_id,
            item.usage_allocation_seconds,
            item.usage_limit_seconds,
            item.max_ttl,
            item.interactive_ttl,
            moment(item.end_time),
        )
        for item in told.plans
    )


async def _spending(get: Get) -> Spending:
    where = "GET /analytics/usage"
    told = decode((await get("/analytics/usage", where)).body, _Analytics, where)

    def seconds(milliseconds: float | None) -> float | None:
        return None if milliseconds is None else milliseconds / 1000

    return Spending(told.jobs, told.usage / 1000, seconds(told.avg_queue_time), seconds(told.max_queue_time))


async def _shares(get: Get, group: str) -> tuple[Share, ...]:
    where = "GET /analytics/usage_grouped"
    answer = await get("/analytics/usage_grouped", where, (("group_by", group),))
    told = decode(answer.body, _Groups, where).data
    shares = (Share(item.key, item.jobs, item.usage / 1000) for item in told if item.jobs or item.usage)
    return tuple(sorted(shares, key=lambda share: (-share.used_seconds, -share.jobs, share.key)))
