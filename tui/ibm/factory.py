"""Makes the service for an account."""

from __future__ import annotations

from tui.common.timing import Clock, SystemClock
from tui.domain.accounts import Account, Channel
from tui.ibm.api.service import QuantumService
from tui.ibm.classic.service import ClassicService
from tui.ibm.platform.service import PlatformService
from tui.ibm.transport.client import HttpClient, HttpOptions
from tui.ibm.transport.endpoints import checked
from tui.ibm.transport.request import origin


def make_service(
    account: Account,
    clock: Clock | None = None,
    options: HttpOptions = HttpOptions(),  # noqa: B008  # frozen
) -> QuantumService:
    """Make the service of an account; nothing is sent before `sign_in`.

    Args:
        account: who and where.
        clock: source of time; `None`: the machine's own.
        options: limits of patience and size, and the surroundings of the HTTP client.

    Raises:
        QdeckError: `SETTINGS` when a host of the account must not be sent a key.
    """
    ends = checked(account.endpoints)
    classic = account.channel is Channel.CLASSIC
    named = (
        (ends.auth, ends.runtime, ends.transpiler)
        if classic
        else (ends.iam, ends.api, ends.search, ends.catalog, ends.resources)
    )
    time = clock or SystemClock()
    http = HttpClient(
        {origin(url) for url in named if url},
        time,
        options,
        secrets=(account.token, *(url for _, url in account.route.proxies)),
        route=account.route,
    )
    return (ClassicService if classic else PlatformService)(account, http, time)
