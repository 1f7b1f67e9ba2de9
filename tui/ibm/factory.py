"""Makes the service for an account."""

from __future__ import annotations

import random
from pathlib import Path

import httpx

from tui.common.backoff import Chance
from tui.common.clock import Clock, SystemClock
from tui.domain.accounts import Account, Channel
from tui.ibm.api.service import QuantumService
from tui.ibm.classic.service import ClassicService
from tui.ibm.platform.service import PlatformService
from tui.ibm.transport.client import MAX_BODY, MAX_IN_MEMORY, MAX_RESULT, HttpClient, Timeouts
from tui.ibm.transport.endpoints import checked, origin
from tui.ibm.transport.retry import RetryPolicy


def make_service(
    account: Account,
    clock: Clock | None = None,
    *,
    chance: Chance = random.random,
    policy: RetryPolicy | None = None,
    timeouts: Timeouts | None = None,
    max_body: int = MAX_BODY,
    max_result: int = MAX_RESULT,
    max_in_memory: int = MAX_IN_MEMORY,
    transport: httpx.AsyncBaseTransport | None = None,
    spool: Path | None = None,
    ca_file: Path | None = None,
) -> QuantumService:
    """The service of an account; nothing is sent before `sign_in`.

    Args:
        account: who and where.
        clock: where time comes from; the machine's own when not given.
        chance: where the jitter of repetitions comes from.
        policy, timeouts, max_body, max_result, max_in_memory: limits of patience and size.
        transport: stands in for the network, in tests.
        spool: a folder for large answers on their way; the system's own when not given.
        ca_file: CA certificates that are trusted beside the others, as `settings.toml` names them.

    Raises:
        QdeckError: `SETTINGS` when a host of the account must not be sent a key.
    """
    ends = checked(account.endpoints)
    named = (
        (ends.auth, ends.runtime, ends.transpiler)
        if account.channel is Channel.CLASSIC
        else (ends.iam, ends.api, ends.search, ends.catalog, ends.resources)
    )
    time = clock or SystemClock()
    http = HttpClient(
        {origin(url) for url in named if url},
        time,
        chance=chance,
        policy=policy,
        timeouts=timeouts,
        max_body=max_body,
        max_result=max_result,
        max_in_memory=max_in_memory,
        transport=transport,
        secrets=(account.token, *(url for _, url in account.route.proxies)),
        route=account.route,
        spool=spool,
        ca_file=ca_file,
    )
    if account.channel is Channel.CLASSIC:
        return ClassicService(account, http, time)
    return PlatformService(account, http, time)
