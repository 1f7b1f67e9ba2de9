"""Accounts: where a service lives, who signs in, and what the account may use."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from tui.common.safe_text import Secret
from tui.common.values import Value


class Channel(StrEnum):
    """The generation of the service."""

    PLATFORM = "platform"
    """IBM Quantum Platform on IBM Cloud: IAM key, instances by CRN."""
    CLASSIC = "classic"
    """The service of hub/group/project, with `loginWithToken` and a cloud transpiler."""


class Keep(StrEnum):
    """Where an account is kept for the next time."""

    NOT = "not"
    FILE = "file"
    """All of it in qdeck's own file, mode 0600."""
    KEYRING = "keyring"
    """The token in the system's keyring, the rest in the file."""


class Endpoints(Value, frozen=True):
    """The hosts of a service, as data. Base URLs without a trailing slash; empty where a channel has none."""

    iam: str = ""
    api: str = ""
    auth: str = ""
    runtime: str = ""
    transpiler: str = ""
    search: str = ""
    """Global Search, for finding instances (platform)."""
    catalog: str = ""
    """Global Catalog, for plan names (platform)."""
    resources: str = ""
    """Resource Controller, for instance names (platform)."""


class Route(Value, frozen=True):
    """The way to the hosts, where it is not the environment's.

    Attributes:
        proxies: proxy URL by what it is for: `https`, `http`, `all`, or `https://host`. A `Secret`, for a
            proxy's URL may hold its password.
        verify: whether certificates are checked; false only where a saved account says so.
    """

    proxies: tuple[tuple[str, Secret], ...] = ()
    verify: bool = True


class Preferences(Value, frozen=True):
    """Which instance to take when none is named. Empty: any."""

    region: str = ""
    plans: tuple[str, ...] = ()
    """Plan names, the best first; others are not taken."""
    tags: tuple[str, ...] = ()
    """Tags the instance has to carry, all of them."""


class Account(Value, frozen=True):
    """What is needed to sign in.

    Attributes:
        name: what the user calls it; unique among the accounts offered.
        channel: the generation of the service.
        token: API key (platform) or API token (classic); empty while only the keyring knows it.
        endpoints: the hosts.
        instance: CRN or name (platform), `hub/group/project` (classic); empty or `auto`: the first one found
            that `preferences` allow.
        source: where it was found, in words: "environment", "~/.qiskit/qiskit-ibm.json", "typed in".
        sandbox: whether this is qdeck's own simulated service.
        keyring: the name under which the system's keyring holds the token; empty: it does not.
        channel_strategy: as it was saved, and kept so. It has no effect: it let Q-CTRL run the jobs of the
            classic service, which IBM has retired, and no service of today takes it.
        backend: the backend that a batch system gave this job with the account; else empty.
        session_id: the session on it that the batch system opened, and closes; else empty.
    """

    name: str
    channel: Channel
    token: Secret
    endpoints: Endpoints
    instance: str = ""
    source: str = "typed in"
    sandbox: bool = False
    route: Route = Route()
    preferences: Preferences = Preferences()
    keyring: str = ""
    channel_strategy: str = ""
    backend: str = ""
    session_id: str = ""


class Instance(Value, frozen=True):
    """An instance the account may use.

    `id` is the CRN (platform) or `hub/group/project` (classic).
    """

    id: str
    name: str
    plan: str = ""
    pricing: str = ""
    """How the plan is paid: `free`, `trial`, `paygo`, `paid`, `subscription`; empty where not told."""
    tags: tuple[str, ...] = ()


class Usage(Value, frozen=True):
    """QPU seconds of an instance in its current period; `None` where the service does not say."""

    consumed_seconds: float | None = None
    limit_seconds: float | None = None
    limit_reached: bool = False
    period_end: datetime | None = None
    plan: str = ""

    @property
    def remaining_seconds(self) -> float | None:
        """QPU seconds left in the current period.

        Returns:
            Seconds, never below zero; `None` when no limit is known.
        """
        if self.limit_seconds is None or self.consumed_seconds is None:
            return None
        return max(0.0, self.limit_seconds - self.consumed_seconds)


class Plan(Value, frozen=True):
    """What an account has of a plan. Durations in seconds, `None` where not told."""

    name: str
    allocated_seconds: float | None = None
    limit_seconds: float | None = None
    max_ttl: float | None = None
    """How long a session or batch may live in all."""
    interactive_ttl: float | None = None
    """How long a session keeps its priority with no job."""
    ends: datetime | None = None


class Spending(Value, frozen=True):
    """What the account's jobs did in the service's statistics. Durations in seconds."""

    jobs: int
    used_seconds: float
    mean_queue_seconds: float | None = None
    longest_queue_seconds: float | None = None


class Share(Value, frozen=True):
    """What one backend, or one instance, has of it.

    `key` is the backend's name or the instance's CRN.
    """

    key: str
    jobs: int
    used_seconds: float


class AccountDetails(Value, frozen=True):
    """More of an account than signing in needs; each part is left out where the key may not see it.

    `withheld` names the parts that the service refused, in words.
    """

    instance_limit_seconds: float | None = None
    """The limit that was set for the instance."""
    plans: tuple[Plan, ...] = ()
    spending: Spending | None = None
    by_backend: tuple[Share, ...] = ()
    """The shares in that, the most used first."""
    by_instance: tuple[Share, ...] = ()
    withheld: tuple[str, ...] = ()


class ApiVersion(Value, frozen=True):
    """The version of the service's interface that is spoken here, and what the service says of it."""

    version: str
    status: str
    """`live`, `deprecated`, or empty: the service does not know it."""
    newest: str = ""
    sunset: str = ""
    """The day on which it ends, as the service writes it."""


class Identity(Value, frozen=True):
    """Who is signed in where: what the status line shows. Holds no secret."""

    account: str
    channel: Channel
    instance: str
    """CRN or hub/group/project."""
    instance_name: str
    sandbox: bool
    expires: datetime | None
    """When the access token ends; `None` where the service does not say."""
    cloud_transpiler: bool = False
    hosts: tuple[str, ...] = field(default=())
    notice: str = ""
    """What the user should know of it, e.g. that the instance was chosen among several; mostly empty."""
    unverified: bool = False
    """Whether certificates are not checked, because the saved account says so: shown in red."""


class SignOutReport(Value, frozen=True):
    """What signing out really achieved.

    Attributes:
        proven: the service refused the token afterwards (the 401 was seen).
        valid_until: until when the dropped access token would still be taken, where it cannot be revoked.
        message: the same in a sentence.
    """

    proven: bool
    valid_until: datetime | None
    message: str
