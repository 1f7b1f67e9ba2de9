"""Instances of an IBM Cloud account: found, named, with their plan (contract 4.3)."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Iterable
from typing import Any

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import Clock
from tui.domain.accounts import Endpoints, Instance, Preferences
from tui.ibm.auth.tokens import TokenAuth, TokenManager, bearer
from tui.ibm.transport.client import HttpClient
from tui.ibm.transport.request import Idempotency, Request

PATIENCE = 2.5
"""Seconds for a plan's name that is only shown: it must not hold up what is asked for."""
SEARCHED_FOR = 15.0
"""Seconds for an instance's name that is only shown; nobody waits that long for it."""
UNANSWERED_FOR = 1800.0
"""Seconds until a plan's name without an answer is asked for again, where it is only shown."""
_FIELDS = ["crn", "service_plan_unique_id", "name", "doc", "tags"]
_PAGES = 20


class _Doc(msgspec.Struct, frozen=True):
    extensions: dict[str, Any] | None = None


class _Item(msgspec.Struct, frozen=True):
    crn: str
    name: str | None = None
    service_plan_unique_id: str | None = None
    doc: _Doc | None = None
    tags: list[str] | None = None


class _Found(msgspec.Struct, frozen=True):
    items: list[_Item]
    search_cursor: str | None = None


class _Language(msgspec.Struct, frozen=True):
    display_name: str | None = None


class _Pricing(msgspec.Struct, frozen=True):
    type: str | None = None


class _Metadata(msgspec.Struct, frozen=True):
    pricing: _Pricing | None = None


class _Plan(msgspec.Struct, frozen=True):
    name: str | None = None
    overview_ui: dict[str, _Language] | None = None
    metadata: _Metadata | None = None


class _Resource(msgspec.Struct, frozen=True):
    crn: str
    name: str | None = None


class _Resources(msgspec.Struct, frozen=True):
    resources: list[_Resource]


class Instances:
    """Finds the instances that a key may use. Plan names are asked for once."""

    def __init__(self, http: HttpClient, tokens: TokenManager, endpoints: Endpoints, clock: Clock) -> None:
        self._auth = TokenAuth(http, tokens, bearer)
        self._endpoints = endpoints
        self._clock = clock
        self._plans: dict[str, tuple[str, str]] = {}
        self._not_before: dict[str, float] = {}

    async def found(self) -> tuple[Instance, ...]:
        """Return all instances with their plans, by name; none where there is no search."""
        items = await self._search()
        plans = {item.service_plan_unique_id for item in items if item.service_plan_unique_id}
        await asyncio.gather(*(self._learn(plan) for plan in plans))
        return tuple(
            Instance(
                item.crn,
                item.name or short_name(item.crn),
                *self._plans.get(item.service_plan_unique_id or "", ("", "")),
                tuple(item.tags or ()),
            )
            for item in items
        )

    async def named(self, name: str) -> tuple[Instance, ...]:
        """Return the instances of that name.

        Raises:
            QdeckError: `UNAVAILABLE` where names cannot be looked up.
        """
        if not self._endpoints.resources:
            message = f"This service cannot look up the instance {name!r} by its name."
            advice = "Give the instance's CRN."
            raise QdeckError(ErrorKind.UNAVAILABLE, message, advice)
        response = await self._auth.send(
            Request(self._endpoints.resources, "GET /v2/resource_instances", query=(("name", name),))
        )
        found = response.decode(_Resources).resources
        return tuple(
            Instance(item.crn, item.name or name)
            for item in found
            if ":quantum-computing:" in item.crn and (item.name or name) == name
        )

    async def name_of(self, crn: str) -> str:
        """Return the name of the instance, or a short form of its CRN where it cannot be found out.

        It is only shown, so it is asked for once, within `SEARCHED_FOR` seconds.
        """
        try:
            async with asyncio.timeout(SEARCHED_FOR):
                items = await self._search(Idempotency.READS_ONCE)
        except (QdeckError, TimeoutError):
            return short_name(crn)
        return next((item.name for item in items if item.crn == crn and item.name), short_name(crn))

    async def plan_name(self, plan_id: str) -> str:
        """Return the name of a plan, to be shown; empty where it cannot be found out at once.

        It is asked for once, within `PATIENCE` seconds; without an answer it is left for `UNANSWERED_FOR`.
        """
        if plan_id not in self._plans and self._clock.monotonic() >= self._not_before.get(plan_id, -math.inf):
            self._not_before[plan_id] = self._clock.monotonic() + UNANSWERED_FOR
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._learn(plan_id, Idempotency.READS_ONCE)
        return self._plans.get(plan_id, ("", ""))[0]

    async def _learn(self, plan_id: str, idempotency: Idempotency = Idempotency.READS) -> None:
        """Find out name and pricing of a plan, once; without an answer it stays unknown.

        Args:
            plan_id: the plan; archived ones are refused, and have no name.
            idempotency: `READS_ONCE` where nobody waits for it.
        """
        if plan_id in self._plans or not self._endpoints.catalog:
            return
        try:
            request = Request(self._endpoints.catalog, "GET /api/v1/{plan}", (plan_id,), idempotency)
            plan = (await self._auth.send(request)).decode(_Plan)
        except QdeckError as error:
            if not error.worth_retrying:
                self._plans[plan_id] = ("", "")
            return
        english = (plan.overview_ui or {}).get("en")
        name = (english.display_name if english else None) or plan.name or ""
        pricing = plan.metadata.pricing if plan.metadata else None
        self._plans[plan_id] = (name, (pricing.type or "").lower() if pricing else "")

    async def _search(self, idempotency: Idempotency = Idempotency.READS) -> tuple[_Item, ...]:
        if not self._endpoints.search:
            return ()
        found: list[_Item] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            body: dict[str, object] = {"query": "service_name:quantum-computing", "fields": _FIELDS}
            if cursor:
                body = {"search_cursor": cursor}
            request = Request(
                self._endpoints.search,
                "POST /v3/resources/search",
                idempotency=idempotency,
                query=(("limit", "100"),),
                body=body,
            )
            page = (await self._auth.send(request)).decode(_Found)
            # IBM's SDK leaves out what has no extensions too: it is no instance yet.
            found.extend(
                item for item in page.items if item.doc is not None and item.doc.extensions is not None
            )
            if not page.search_cursor or page.search_cursor == cursor:
                break
            cursor = page.search_cursor
        unique = {item.crn: item for item in found}
        return tuple(sorted(unique.values(), key=lambda item: (item.name or "", item.crn)))


def preferred(found: Iterable[Instance], wish: Preferences) -> tuple[Instance, ...]:
    """Return the instances that `wish` allows, the best first, in the order of IBM's own client.

    Without plans named, what costs nothing comes first: nobody is to pay because they named no instance.
    """
    wanted = {tag.lower() for tag in wish.tags}
    allowed = [
        instance
        for instance in found
        if wanted <= {tag.lower() for tag in instance.tags}
        and (not wish.region or wish.region in instance.id.split(":"))
    ]
    plans = [plan.lower() for plan in wish.plans]
    if plans:
        chosen = [instance for instance in allowed if instance.plan.lower() in plans]
        return tuple(sorted(chosen, key=lambda instance: plans.index(instance.plan.lower())))
    return tuple(sorted(allowed, key=lambda instance: _PRICES.get(instance.pricing, len(_PRICES))))


_PRICES = {name: place for place, name in enumerate(("free", "trial", "paygo", "paid", "subscription"))}


def short_name(crn: str) -> str:
    """Return a name for an instance whose name is not known: the start of its GUID."""
    parts = crn.split(":")
    return parts[7][:8] if len(parts) > 7 and parts[7] else crn[:24]
