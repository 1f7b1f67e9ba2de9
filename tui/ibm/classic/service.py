"""`QuantumService` over the classic service (contract sections 1 to 3)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import Clock
from tui.common.values import Listed
from tui.domain.accounts import Account, AccountDetails, Channel, Identity, Instance, SignOutReport, Usage
from tui.domain.circuits import CloudCircuit, TranspileOptions
from tui.domain.devices.backends import Backend, BackendData
from tui.domain.sessions import Session
from tui.ibm.api.runtime import RuntimeService
from tui.ibm.auth.classic import (
    check_version,
    end_token,
    log_in,
    log_out,
    network,
    runtime_instances,
    service_urls,
    token_header,
)
from tui.ibm.auth.tokens import AccessToken, TokenManager
from tui.ibm.classic.transpiler import transpile
from tui.ibm.codec.backends import decode_devices, with_configuration, with_status
from tui.ibm.codec.decoding import moment
from tui.ibm.transport.client import USER_AGENT, HttpClient
from tui.ibm.transport.endpoints import check_url, hosts_of
from tui.ibm.transport.request import Query, Value, origin

CLIENT = f"qiskit-version-2/0.39.2/{USER_AGENT}"
"""The walkthrough calls the prefix necessary (contract 3)."""


class _Period(msgspec.Struct, frozen=True):
    end: str | None = None


class _InstanceUsage(msgspec.Struct, frozen=True):
    instance: str
    quota: float | None = None
    usage: float | None = None


class _Usage(msgspec.Struct, frozen=True):
    byInstance: list[_InstanceUsage] = []
    period: _Period | None = None


class ClassicService(RuntimeService):
    """An account of the classic service: API token and hub/group/project."""

    _MAX_TTL = "max_session_ttl"

    def __init__(self, account: Account, http: HttpClient, clock: Clock) -> None:
        tokens = TokenManager(
            lambda: log_in(account, http, clock), clock, end=lambda token: end_token(account, http, token)
        )
        super().__init__(account, http, tokens, clock, account.endpoints.runtime)
        self._http_url = ""
        self._facts: dict[str, Backend] = {}

    async def sign_in(self) -> Identity:
        """Check the host, log in, find the runtime and the instance.

        Raises:
            QdeckError: as `QuantumService`; `FORBIDDEN` when the token may not use the instance, `SETTINGS`
                for a name that is none or a runtime on another host.
        """
        self._tokens.reopen()
        await check_version(self._account, self._http)
        await self._tokens.get()
        urls = await service_urls(self._account, self._auth)
        self._base = self._account.endpoints.runtime or self._discovered(urls.runtime)
        self._http_url = urls.http
        named = self._account.instance.strip().strip("/")
        named = "" if named.lower() == "auto" else named
        # One that was chosen by itself stays, whatever a later list has first.
        wanted = named or self._instance
        if wanted:
            if wanted.count("/") != 2 or "" in wanted.split("/"):
                message = f"{wanted!r} is not an instance."
                raise QdeckError(ErrorKind.SETTINGS, message, "Give it as hub/group/project.")
            self._instance = wanted
        found = await self.instances()
        if not wanted:
            if not found:
                message = "This token sees no hub/group/project."
                advice = "Ask for access to one, or name it."
                raise QdeckError(ErrorKind.FORBIDDEN, message, advice)
            self._instance = found[0].id
        elif found and wanted not in {instance.id for instance in found}:
            message = f"This token has no access to {wanted}."
            advice = f"It may use {', '.join(instance.id for instance in found[:5])}."
            raise QdeckError(ErrorKind.FORBIDDEN, message, advice)
        several = not named and len(found) > 1
        self._notice = f"{len(found)} instances can be used; this is the default one." if several else ""
        self._instance_name = self._instance
        return self._identity()

    async def sign_out(self) -> SignOutReport:
        """Log out on the server, and prove that the token is refused."""
        token = self._tokens.drop()
        if token is None:
            return SignOutReport(False, None, "Signed out: no access token was in use.")
        return await log_out(self._account, self._http, token)

    async def instances(self) -> tuple[Instance, ...]:
        """Return the hub/group/project triples, the default one first."""
        # The auth host names the general API: it gets the token only where the account already sends it.
        known = {origin(url) for url in (self._base, self._account.endpoints.auth)}
        if self._http_url and origin(self._http_url) in known:
            try:
                return await network(self._http_url, self._auth)
            except QdeckError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
        return await runtime_instances(self._base, self._auth)

    async def usage(self) -> Usage:
        """Return the QPU seconds of the instance; `None` in it where the service does not say."""
        usage = (await self._get("GET /usage")).decode(_Usage)
        mine = next((item for item in usage.byInstance if item.instance == self._instance), None)
        used, quota = (mine.usage, mine.quota) if mine else (None, None)
        return Usage(
            consumed_seconds=used,
            limit_seconds=quota,
            limit_reached=used is not None and quota is not None and used >= quota,
            period_end=moment(usage.period.end) if usage.period else None,
        )

    async def account_details(self) -> AccountDetails:
        """Return nothing: this service has no more than its usage."""
        return AccountDetails()

    async def api_version(self) -> None:
        """Return `None`: this service has no versions."""
        return

    async def backends(self) -> Listed[Backend]:
        """Return the backends of the instance; the list has names alone, so each is asked for its status."""
        response = await self._get("GET /backends", query=(("provider", self._instance),))
        listed = decode_devices(response.body, response.where, self._clock.now())
        # One after the other: a background worker has one request under way.
        return Listed([await self._filled(backend) for backend in listed], listed.unreadable)

    async def backend(self, name: str, data: BackendData | None = None) -> Backend:
        """Return one backend, with the medians computed from its properties."""
        return await self._with_details(await self._with_status(Backend(name)), data)

    async def sessions(self) -> Listed[Session]:
        """Return none: this service does not list sessions."""
        return Listed()

    async def tags(self, text: str) -> tuple[str, ...]:
        """Return none: this service has no search for tags."""
        return ()

    async def cloud_transpile(self, qasm: str, backend: str, options: TranspileOptions) -> CloudCircuit:
        """Transpile on the service: submit and poll."""
        base = self._account.endpoints.transpiler
        if not base:
            message = "No cloud transpiler is known for this account."
            raise QdeckError(ErrorKind.UNAVAILABLE, message, "Transpile locally.")
        token = self._account.token
        return await transpile(self._http, self._clock, base, token, qasm, backend, options)

    async def aclose(self) -> None:
        """End the token that is still held, as far as that goes in a moment, and close the connections."""
        token = self._tokens.drop()
        ending = [self._tokens.wait_ended()]
        if token is not None and not token.over(self._clock.now()):
            ending.append(end_token(self._account, self._http, token))
        try:
            await asyncio.gather(*ending)
        finally:
            await self._http.aclose()

    async def _filled(self, backend: Backend) -> Backend:
        """Add status and configuration, which is asked for once: it does not change."""
        try:
            current = await self._with_status(backend)
            if backend.name not in self._facts:
                facts = await self._get("GET /backends/{name}/configuration", backend.name)
                self._facts[backend.name] = with_configuration(Backend(backend.name), facts.body, facts.where)
        except QdeckError as error:
            # One backend that cannot tell must not hide the others; credentials and a dead host do.
            if error.kind in {ErrorKind.NOT_FOUND, ErrorKind.PROTOCOL, ErrorKind.SERVER}:
                return backend
            raise
        return _joined(current, self._facts[backend.name])

    async def _with_status(self, backend: Backend) -> Backend:
        response = await self._get("GET /backends/{name}/status", backend.name)
        return with_status(backend, response.body, response.where, self._clock.now())

    def _discovered(self, runtime: str) -> str:
        """Return the runtime that the auth host names, when it lives on the host the user already trusts.

        Raises:
            QdeckError: `FORBIDDEN` where it names none, `SETTINGS` for one on another host.
        """
        if not runtime:
            message = "This account may not use the runtime."
            raise QdeckError(ErrorKind.FORBIDDEN, message, "Ask the service for access.")
        check_url(runtime, "runtime")
        if origin(runtime) != origin(self._account.endpoints.auth):
            message = (
                f"The auth host names a runtime on another host, {origin(runtime)}: nothing was sent there."
            )
            advice = f"To allow it, set QDECK_ENDPOINT_RUNTIME={runtime}"
            raise QdeckError(ErrorKind.SETTINGS, message, advice)
        return runtime

    def _headers(self, token: AccessToken) -> Mapping[str, Value]:
        return {**token_header(token), "x-qx-client-application": CLIENT}

    def _list_filter(self) -> Query:
        return (("provider", self._instance),) if self._instance else ()

    def _job_extras(self) -> dict[str, object]:
        # All three or none (contract 3.2).
        parts = self._instance.split("/")
        return dict(zip(("hub", "group", "project"), parts, strict=True)) if len(parts) == 3 else {}

    def _how_to_find(self, max_ttl: int | None) -> str:
        life = f"{math.ceil(max_ttl / 60)} min" if max_ttl else "the service's time to live"
        return (
            "This service has no list to look for it in, and only its id could close it. "
            f"If it is open, it ends by itself after {life} at the latest."
        )

    def _hosts(self) -> tuple[str, ...]:
        return hosts_of(self._account.endpoints, Channel.CLASSIC)

    def _transpiles(self) -> bool:
        return bool(self._account.endpoints.transpiler)

    def _session_extras(self) -> dict[str, object]:
        return {"instance": self._instance}


def _joined(current: Backend, facts: Backend) -> Backend:
    """Combine the state of `current` with the facts of `facts`, which do not change."""
    return replace(
        current,
        qubits=facts.qubits,
        version=facts.version or current.version,
        basis_gates=facts.basis_gates,
        simulated=facts.simulated,
        processor=facts.processor,
        clops=facts.clops,
    )
