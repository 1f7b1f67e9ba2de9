"""`QuantumService` over IBM Quantum Platform (contract sections 4 to 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Never

import msgspec

from tui import __version__
from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.sanitize import plain
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
from tui.domain.backends import Backend
from tui.domain.circuits import TranspileOptions
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.ibm.api.runtime import RuntimeService
from tui.ibm.auth.iam import fetch_token
from tui.ibm.auth.token_auth import TokenAuth
from tui.ibm.auth.token_manager import AccessToken, TokenManager
from tui.ibm.codec.backends import decode_devices
from tui.ibm.codec.decoding import decode, moment
from tui.ibm.codec.sessions import decode_workloads
from tui.ibm.platform.account_details import account_details, api_version
from tui.ibm.platform.instances import Instances, bearer, preferred, short_name
from tui.ibm.platform.workloads import Workloads
from tui.ibm.transport.client import Answer, Call, HttpClient, Value
from tui.ibm.transport.endpoints import check_url, for_instance, hosts_of

API_VERSION = "2026-04-15"
"""The newest version whose answers are known (contract 4.5)."""

NAME_SECONDS = 1.0
"""How long signing in waits for the instance's name, which is only shown."""
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
        self._keeper = TokenManager(lambda: fetch_token(account, http, clock), clock)
        super().__init__(
            account, http, TokenAuth(http, self._keeper, self._headers), clock, account.endpoints.api
        )
        self._instances = Instances(http, self._keeper, account.endpoints, clock)
        self._workloads = Workloads(self._get, self._read_workloads, clock)
        self._instance_name = ""
        self._naming: asyncio.Task[None] | None = None
        self._notice = ""

    async def sign_in(self) -> Identity:
        """Get a token, find the instance, and make sure that the key may use it."""
        self._keeper.reopen()
        await self._keeper.get()
        # Chosen once: with `auto`, a later look could find another instance, whose time costs something else.
        chosen = Instance(self._instance, self._instance_name) if self._instance else await self._choose()
        self._instance, self._instance_name = chosen.id, chosen.name
        moved = for_instance(self._account.endpoints, chosen.id)
        check_url(moved.api, "api")
        self._http.allow(moved.api)
        self._base = moved.api
        # The cheapest call that needs what watching jobs needs.
        proof = Call(
            "GET", f"{self._base}/jobs", "GET /jobs", query=(("limit", "1"), ("exclude_params", "true"))
        )
        naming = None if chosen.name else self._name(chosen.id)
        try:
            await self._calls.send(proof)
            if naming is not None:
                await asyncio.wait({naming}, timeout=NAME_SECONDS)
        except QdeckError as error:
            if error.kind not in {ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND}:
                raise
            raise QdeckError(
                error.kind,
                f"The key was taken, but not for the instance {plain(chosen.id, limit=140)}: {error.message}",
                "Check its CRN, and that the key belongs to its account.",
                code=error.code,
                status=error.status,
            ) from error
        return self._identity()

    def _name(self, crn: str) -> asyncio.Task[None]:
        """Find out the instance's name beside everything else; it is shown when it is known."""

        async def name() -> None:
            self._instance_name = await self._instances.name_of(crn)

        self._instance_name = short_name(crn)
        self._naming = asyncio.create_task(name(), name="name of the instance")
        return self._naming

    async def renew(self) -> Identity:
        """Make sure that the access token lives on."""
        await self._keeper.get()
        return self._identity()

    async def sign_out(self) -> SignOutReport:
        """Drop the token: IAM has no call that ends one before its time (contract 4.1)."""
        token = self._keeper.drop()
        if token is None or token.over(self._clock.now()):
            return SignOutReport(False, None, "Signed out: no access token was in use.")
        until = "" if token.expires is None else f" It would be taken until {token.expires:%H:%M:%S} UTC."
        return SignOutReport(
            False,
            token.expires,
            f"Signed out: the access token is dropped here, but IBM Cloud cannot revoke one.{until}",
        )

    async def instances(self) -> tuple[Instance, ...]:
        """The instances the key may use; where there is no search, the one in use."""
        found = await self._instances.found()
        if found or not self._instance:
            return found
        return (Instance(self._instance, self._instance_name or short_name(self._instance)),)

    async def usage(self) -> Usage:
        """QPU seconds used and left of the instance."""
        where = "GET /instances/usage"
        told = decode((await self._get("/instances/usage", where)).body, _Usage, where)
        limit = told.usage_limit_seconds
        return Usage(
            consumed_seconds=told.usage_consumed_seconds,
            limit_seconds=told.usage_allocation_seconds if limit is None else limit,
            limit_reached=bool(told.usage_limit_reached),
            period_end=moment(told.usage_period.end_time) if told.usage_period else None,
            plan=await self._instances.plan_name(told.plan_id) if told.plan_id else "",
        )

    async def account_details(self) -> AccountDetails:
        """Limits, plans and statistics of the account, as far as this key may see them."""
        return await account_details(self._get, self._instance)

    async def api_version(self) -> ApiVersion:
        """What the service says of the version that is spoken here; needs no signing in."""

        async def unsigned(place: str, where: str) -> Answer:
            return await self._http.send(Call("GET", f"{self._base}{place}", where))

        return await api_version(unsigned, API_VERSION)

    async def backends(self) -> tuple[Backend, ...]:
        """The backends of the instance with status, queue and median errors."""
        where = "GET /backends"
        return decode_devices((await self._get("/backends", where)).body, where, self._clock.now())

    async def backend(self, name: str) -> Backend:
        """One backend, with the medians computed from its properties."""
        listed = next((known for known in await self.backends() if known.name == name), None)
        if listed is None:
            raise QdeckError(
                ErrorKind.NOT_FOUND,
                f"This instance has no backend {name!r}.",
                "Choose one from the list of backends.",
            )
        return await self._with_details(listed)

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        """Open a session or batch; `max_ttl` in seconds."""
        body: dict[str, object] = {"mode": mode.value, "backend": backend}
        if max_ttl is not None:
            body["max_ttl"] = max_ttl
        asked = Session("", self.label, backend, mode, SessionState.OPEN, max_ttl=max_ttl)
        return await self._open_session(body, asked)

    async def sessions(self) -> tuple[Session, ...]:
        """All open sessions and batches, and the newest closed ones, which are asked for once a minute."""
        listed = await self._workloads.sessions()
        self._backend_of.update({session.id: session.backend for session in listed})
        now = self._clock.now()
        return tuple(sorted(listed, key=lambda session: session.created or now, reverse=True))

    async def tags(self, text: str) -> tuple[str, ...]:
        """The tags of jobs that contain the text."""
        if not _LEAST <= len(text) <= _MOST:
            return ()
        where = "GET /tags"
        answer = await self._get("/tags", where, (("type", "job"), ("search", text)))
        return decode(answer.body, _Tags, where).tags

    async def cloud_transpile(self, qasm: str, backend: str, options: TranspileOptions) -> Never:
        """The platform has no transpiler (contract 7).

        Raises:
            QdeckError: `UNAVAILABLE`.
        """
        raise QdeckError(
            ErrorKind.UNAVAILABLE,
            "IBM Quantum Platform has no cloud transpiler any more.",
            "Transpile locally.",
        )

    async def aclose(self) -> None:
        """Forget the token and close the connections."""
        if self._naming is not None:
            self._naming.cancel()
        self._keeper.drop()
        await self._http.aclose()

    def _read_workloads(self, body: bytes, where: str) -> tuple[tuple[Session, ...], str]:
        return decode_workloads(
            body, where, service=self.label, instance=self._instance, now=self._clock.now()
        )

    async def _choose(self) -> Instance:
        """The instance of the account: by CRN, by name, or the first one found."""
        wanted = self._account.instance.strip()
        wanted = "" if wanted.lower() == "auto" else wanted
        self._notice = ""
        if wanted.startswith("crn:"):
            return Instance(wanted, "")
        if not wanted and not self._account.endpoints.search:
            raise QdeckError(
                ErrorKind.SETTINGS,
                "These hosts have no search for instances, and the account names none.",
                "Give the instance's CRN; the IBM Quantum web site shows it.",
            )
        found = await (self._instances.named(wanted) if wanted else self._instances.found())
        if found and not wanted:
            wish = self._account.preferences
            found = preferred(found, wish)
            if not found:
                said = ", ".join(part for part in (wish.region, *wish.plans, *wish.tags) if part)
                raise QdeckError(
                    ErrorKind.SETTINGS,
                    f"No instance of this key is what the saved account asks for ({plain(said, limit=200)}).",
                    "Name an instance, or correct region, plans_preference and tags of the account.",
                )
        if not found:
            raise QdeckError(
                ErrorKind.NOT_FOUND if wanted else ErrorKind.FORBIDDEN,
                f"No instance is called {wanted!r}." if wanted else "This key sees no IBM Quantum instance.",
                "Give the instance's CRN; the IBM Quantum web site shows it.",
            )
        if len(found) > 1:
            called = f"are called {wanted!r}" if wanted else "can be used"
            self._notice = f"{len(found)} instances {called}; this is the first one."
        return found[0]

    def _headers(self, token: AccessToken) -> Mapping[str, Value]:
        headers: dict[str, Value] = {
            **bearer(token),
            "IBM-API-Version": API_VERSION,
            "X-Qx-Client-Application": f"qdeck/{__version__}",
        }
        if self._instance:
            headers["Service-CRN"] = self._instance
        return headers

    def _identity(self) -> Identity:
        token = self._keeper.current
        return Identity(
            account=self._account.name,
            channel=Channel.PLATFORM,
            instance=self._instance,
            instance_name=self._instance_name,
            sandbox=self.account.sandbox,
            expires=token.expires if token else None,
            hosts=hosts_of(for_instance(self._account.endpoints, self._instance), Channel.PLATFORM),
            notice=self._notice,
            unverified=not self._account.route.verify,
        )
