"""`QuantumService` over IBM Quantum Platform (contract sections 4 to 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Never

import msgspec

from tui import __version__
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.common.timing import Clock
from tui.common.values import Listed
from tui.domain.accounts import (
    Account,
    AccountDetails,
    ApiVersion,
    Channel,
    Identity,
    Instance,
    SignOutReport,
    Usage,
)
from tui.domain.circuits import TranspileOptions
from tui.domain.devices.backends import Backend, BackendData
from tui.domain.sessions import Session
from tui.ibm.api.runtime import RuntimeService
from tui.ibm.auth.iam import fetch_token
from tui.ibm.auth.tokens import AccessToken, TokenManager, bearer
from tui.ibm.codec.backends import decode_devices
from tui.ibm.codec.decoding import moment
from tui.ibm.platform.account_details import account_details, api_version
from tui.ibm.platform.instances import Instances, preferred, short_name
from tui.ibm.platform.workloads import Workloads
from tui.ibm.transport.client import HttpClient
from tui.ibm.transport.endpoints import check_url, for_instance, hosts_of
from tui.ibm.transport.request import Request, Value

API_VERSION = "2026-04-15"
"""The newest version whose answers are known (contract 4.5)."""

NAME_SECONDS = 1.0
"""How long signing in waits for the instance's name, which is only shown."""
_NOT_FOR_KEY = frozenset({ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND})
"""Refusals of an instance that the key may not use, or that is not there."""
_MOST_TRIED = 10
"""Instances that are looked at when none is named."""
_LEAST, _MOST = 3, 100
"""Characters that tags can be searched for (contract 5.10)."""


class _Period(msgspec.Struct, frozen=True):
    end_time: str | None = None


class _Usage(msgspec.Struct, frozen=True):
    usage_consumed_seconds: float
    plan_id: str | None = None
    usage_limit_seconds: float | None = None
    usage_allocation_seconds: float | None = None
    usage_limit_reached: bool | None = None
    usage_period: _Period | None = None


class _Tags(msgspec.Struct, frozen=True):
    tags: tuple[str, ...]


class PlatformService(RuntimeService):
    """An account of IBM Quantum Platform: IAM key and instance."""

    def __init__(self, account: Account, http: HttpClient, clock: Clock) -> None:
        tokens = TokenManager(lambda: fetch_token(account, http, clock), clock)
        super().__init__(account, http, tokens, clock, account.endpoints.api)
        self._instances = Instances(http, tokens, account.endpoints, clock)
        self._workloads = Workloads(self._get, self._provenance, clock)
        self._naming: asyncio.Task[None] | None = None

    async def sign_in(self) -> Identity:
        """Get a token, find the instance, and make sure that the key may use it.

        Raises:
            QdeckError: as `QuantumService`; `FORBIDDEN` or `NOT_FOUND` when the key may not use the instance.
        """
        self._tokens.reopen()
        await self._tokens.get()
        # Chosen once: with `auto`, a later look could find another instance, whose time costs something else.
        if self._instance:
            await self._use(Instance(self._instance, self._instance_name))
        else:
            await self._use_first(await self._candidates())
        return self._identity()

    async def _use_first(self, found: tuple[Instance, ...]) -> None:
        """Use the first instance that has backends; where none has, the first that the key may use.

        An archived instance can be read and takes nothing new: it must not stand before those that do.
        """
        if len(found) == 1:
            await self._use(found[0])
            return
        usable: Instance | None = None
        refusal: QdeckError | None = None
        for instance in found[:_MOST_TRIED]:
            try:
                await self._use(instance)
            except QdeckError as error:
                self._instance = ""
                if error.kind not in _NOT_FOR_KEY:
                    raise
                refusal = refusal or error
                continue
            usable = usable or instance
            if await self._has_backends():
                break
        else:
            if usable is None:
                raise refusal or QdeckError(ErrorKind.FORBIDDEN, "This key may use none of its instances.")
            await self._use(usable)
        if self._instance != found[0].id:
            self._notice = f"{len(found)} instances found; this is the first one that has backends."

    async def _has_backends(self) -> bool:
        """Return whether the instance lists backends; where that cannot be told now, it may."""
        try:
            return bool(await self.backends())
        except QdeckError as error:
            return error.kind not in _NOT_FOR_KEY

    async def _use(self, chosen: Instance) -> None:
        """Send requests for this instance from now on; make sure that the key may use it."""
        self._instance, self._instance_name = chosen.id, chosen.name
        moved = for_instance(self._account.endpoints, chosen.id)
        check_url(moved.api, "api")
        self._http.allow(moved.api)
        self._base = moved.api
        naming = None if chosen.name else self._name(chosen.id)
        try:
            # The cheapest request that needs what watching jobs needs.
            await self._get("GET /jobs", query=(("limit", "1"), ("exclude_params", "true")))
            if naming is not None:
                await asyncio.wait({naming}, timeout=NAME_SECONDS)
        except QdeckError as error:
            if error.kind not in _NOT_FOR_KEY:
                raise
            message = (
                f"The key was taken, but not for the instance {plain(chosen.id, limit=140)}: {error.message}"
            )
            advice = "Check its CRN, and that the key belongs to its account."
            raise error.reworded(error.kind, message, advice) from error

    def _name(self, crn: str) -> asyncio.Task[None]:
        """Find out the instance's name beside everything else; it is shown when it is known."""

        async def name() -> None:
            self._instance_name = await self._instances.name_of(crn)

        self._instance_name = short_name(crn)
        self._naming = asyncio.create_task(name(), name="name of the instance")
        return self._naming

    async def sign_out(self) -> SignOutReport:
        """Drop the token: IAM has no call that ends one before its time (contract 4.1)."""
        token = self._tokens.drop()
        if token is None or token.over(self._clock.now()):
            return SignOutReport(False, None, "Signed out: no access token was in use.")
        until = "" if token.expires is None else f" It would be taken until {token.expires:%H:%M:%S} UTC."
        report = f"Signed out: the access token is dropped here, but IBM Cloud cannot revoke one.{until}"
        return SignOutReport(False, token.expires, report)

    async def instances(self) -> tuple[Instance, ...]:
        """Return the instances the key may use; where there is no search, the one in use."""
        found = await self._instances.found()
        if found or not self._instance:
            return found
        return (Instance(self._instance, self._instance_name or short_name(self._instance)),)

    async def usage(self) -> Usage:
        """Return the QPU seconds used and left of the instance."""
        usage = (await self._get("GET /instances/usage")).decode(_Usage)
        limit = usage.usage_limit_seconds
        return Usage(
            consumed_seconds=usage.usage_consumed_seconds,
            limit_seconds=usage.usage_allocation_seconds if limit is None else limit,
            limit_reached=bool(usage.usage_limit_reached),
            period_end=moment(usage.usage_period.end_time) if usage.usage_period else None,
            plan=await self._instances.plan_name(usage.plan_id) if usage.plan_id else "",
        )

    async def account_details(self) -> AccountDetails:
        """Return limits, plans and statistics of the account, as far as this key may see them."""
        return await account_details(self._get, self._instance)

    async def api_version(self) -> ApiVersion:
        """Return the state of the API version used here; needs no signing in."""
        return api_version(await self._http.send(Request(self._base, "GET /versions")), API_VERSION)

    async def backends(self) -> Listed[Backend]:
        """Return the backends of the instance with status, queue and median errors."""
        response = await self._get("GET /backends")
        return decode_devices(response.body, response.where, self._clock.now())

    async def backend(self, name: str, data: BackendData | None = None) -> Backend:
        """Return one backend, with the medians computed from its properties."""
        listed = next((known for known in await self.backends() if known.name == name), None)
        if listed is None:
            message = f"This instance has no backend {name!r}."
            advice = "Choose one from the list of backends."
            raise QdeckError(ErrorKind.NOT_FOUND, message, advice)
        return await self._with_details(listed, data)

    async def sessions(self) -> Listed[Session]:
        """Return all open sessions and batches, and the newest closed ones as of the last minute."""
        listed = await self._workloads.sessions()
        self._backend_of.update({session.id: session.backend for session in listed})
        now = self._clock.now()
        newest_first = sorted(listed, key=lambda session: session.created or now, reverse=True)
        return Listed(newest_first, listed.unreadable)

    async def tags(self, text: str) -> tuple[str, ...]:
        """Return the tags of jobs that contain the text (`QuantumService.tags`)."""
        if not _LEAST <= len(text) <= _MOST:
            return ()
        return (await self._get("GET /tags", query=(("type", "job"), ("search", text)))).decode(_Tags).tags

    async def cloud_transpile(self, qasm: str, backend: str, options: TranspileOptions) -> Never:
        """The platform has no transpiler (contract 7).

        Raises:
            QdeckError: `UNAVAILABLE`.
        """
        message = "IBM Quantum Platform has no cloud transpiler any more."
        advice = "Transpile locally."
        raise QdeckError(ErrorKind.UNAVAILABLE, message, advice)

    async def aclose(self) -> None:
        """Forget the token and close the connections."""
        if self._naming is not None:
            self._naming.cancel()
        self._tokens.drop()
        await self._http.aclose()

    async def _candidates(self) -> tuple[Instance, ...]:
        """Return the instances that may be meant, the best first: by CRN, by name, or all that are found.

        Raises:
            QdeckError: `SETTINGS`, `NOT_FOUND` or `FORBIDDEN`: there is none to choose.
        """
        wanted = self._account.instance.strip()
        wanted = "" if wanted.lower() == "auto" else wanted
        self._notice = ""
        if wanted.startswith("crn:"):
            return (Instance(wanted, ""),)
        if not wanted and not self._account.endpoints.search:
            message = "These hosts have no search for instances, and the account names none."
            advice = "Give the instance's CRN; the IBM Quantum web site shows it."
            raise QdeckError(ErrorKind.SETTINGS, message, advice)
        found = await (self._instances.named(wanted) if wanted else self._instances.found())
        if found and not wanted:
            wish = self._account.preferences
            found = preferred(found, wish)
            if not found:
                said = ", ".join(part for part in (wish.region, *wish.plans, *wish.tags) if part)
                message = (
                    f"No instance of this key is what the saved account asks for ({plain(said, limit=200)})."
                )
                advice = "Name an instance, or correct region, plans_preference and tags of the account."
                raise QdeckError(ErrorKind.SETTINGS, message, advice)
        if not found:
            kind = ErrorKind.NOT_FOUND if wanted else ErrorKind.FORBIDDEN
            message = (
                f"No instance is called {wanted!r}." if wanted else "This key sees no IBM Quantum instance."
            )
            raise QdeckError(kind, message, "Give the instance's CRN; the IBM Quantum web site shows it.")
        if len(found) > 1:
            called = f"are called {wanted!r}" if wanted else "can be used"
            self._notice = f"{len(found)} instances {called}; this is the first one."
        return found

    def _headers(self, token: AccessToken) -> Mapping[str, Value]:
        headers: dict[str, Value] = {
            **bearer(token),
            "IBM-API-Version": API_VERSION,
            "X-Qx-Client-Application": f"qdeck/{__version__}",
        }
        if self._instance:
            headers["Service-CRN"] = self._instance
        return headers

    def _hosts(self) -> tuple[str, ...]:
        return hosts_of(for_instance(self._account.endpoints, self._instance), Channel.PLATFORM)
