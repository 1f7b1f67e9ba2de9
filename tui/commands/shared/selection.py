"""The service a command works with, and the backend: chosen from the options and what is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui.commands.shared.output import UsageFault
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.accounts import Account, Channel, Identity
from tui.domain.devices.backends import NONE_LISTED, Backend, best_backend

ALL_BACKENDS = "all"
"""Instead of the name of a backend: each that is online and large enough."""


@dataclass(frozen=True, slots=True)
class ServiceChoice:
    """What the command line says of the service.

    Attributes:
        sandbox: the embedded service instead of an account.
        channel: the generation; `None`: that of the first account found, platform for the sandbox.
        instance: CRN or name (platform), hub/group/project (classic); empty: the account's own.
        account: the name of an account; empty: the first one found for the channel.
        timeout: seconds that the service is waited for; `None`: as the settings or the command think fit.
        backend: the backend asked for; it chooses among the QPUs of a batch job.
    """

    sandbox: bool = False
    channel: Channel | None = None
    instance: str = ""
    account: str = ""
    timeout: float | None = None
    backend: str = ""

    @property
    def sandbox_channel(self) -> Channel:
        """The face of the sandbox that is meant."""
        return self.channel or Channel.PLATFORM

    @property
    def names_a_service(self) -> bool:
        """True when an option says something of the service."""
        return self.sandbox or self.channel is not None or bool(self.instance or self.account)

    def environment(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Adapt the environment to the channel asked for.

        A token that the environment gives to one channel is never moved to the other: it would be sent to
        hosts that it is not for.

        Returns:
            The environment; with the channel asked for, where it does not name one itself.
        """
        from tui.ibm.credentials.discovery import CHANNEL_VARIABLE

        if self.channel is None or environ.get(CHANNEL_VARIABLE):
            return environ
        return {**environ, CHANNEL_VARIABLE: self.channel.value}


def choose_account(found: Sequence[Account], choice: ServiceChoice) -> Account | None:
    """Choose an account: the one of the name asked for, else the first one found for the channel.

    A name goes first of all, as in Qiskit (contract 8).

    Returns:
        The account, with the instance asked for; `None` when there is none.

    Raises:
        UsageFault: no account has the name that was asked for.
    """
    offered = [
        account
        for account in found
        if not account.sandbox and (choice.channel is None or account.channel is choice.channel)
    ]
    if choice.account:
        named = [account for account in offered if account.name == choice.account]
        if not named:
            raise UsageFault(_no_such(choice, offered))
        offered = named
    elif offered and offered[0].backend and not choice.instance:
        offered = [_of_batch_job(offered, choice.backend)]
    if not offered:
        return None
    return replace(offered[0], instance=choice.instance) if choice.instance else offered[0]


def only_qpu(found: Sequence[Account]) -> Account | None:
    """Return the account of the QPU that a batch system gave this job; `None`: of none, or of several."""
    given = [account for account in found if account.backend]
    return given[0] if len(given) == 1 else None


def require_one_qpu(found: Sequence[Account], choice: ServiceChoice) -> None:
    """Insist on a choice among the QPUs that a batch system gave this job, for what runs on one.

    Raises:
        UsageFault: there are several, and neither a backend nor an account is asked for.
    """
    given = [account for account in found if account.backend]
    if len(given) > 1 and not (choice.backend or choice.account or choice.instance or choice.sandbox):
        raise _several(given)


def _several(given: Sequence[Account]) -> UsageFault:
    names = ", ".join(plain(account.backend, limit=60) for account in given)
    return UsageFault(
        f"Slurm gave this job several QPUs: {names}. Choose one by -b, or an account by --account, such as "
        f"{plain(given[0].name, limit=60)}."
    )


def _of_batch_job(offered: Sequence[Account], backend: str) -> Account:
    """Choose among the QPUs that a batch system gave this job.

    Raises:
        UsageFault: it was not given that backend, or there are several and none is asked for.
    """
    given = [account for account in offered if account.backend]
    names = ", ".join(plain(account.backend, limit=60) for account in given)
    if not backend or backend == ALL_BACKENDS:
        if len({(account.token, account.endpoints, account.instance) for account in given}) == 1:
            return given[0]
        raise _several(given)
    for account in given:
        if account.backend == backend:
            return account
    others = [account for account in offered if not account.backend]
    advice = f" --account {plain(others[0].name, limit=60)} takes another account." if others else ""
    raise UsageFault(f"Slurm gave this job {names}, not {plain(backend, limit=60)}.{advice}")


def _no_such(choice: ServiceChoice, offered: Sequence[Account]) -> str:
    kind = f"{choice.channel} account" if choice.channel else "account"
    names = ", ".join(plain(account.name, limit=60) for account in offered)
    there = f"There are: {names}." if names else f"No {kind} was found at all; `qdeck login` keeps one."
    return f"There is no {kind} named {plain(choice.account, limit=60)!r}. {there}"


def require_account(found: Sequence[Account], choice: ServiceChoice) -> Account:
    """Choose an account as `choose_account` does, and insist on one.

    Returns:
        The account, with the instance asked for.

    Raises:
        UsageFault: no account was found, or none of the name asked for.
    """
    account = choose_account(found, choice)
    if account is None:
        kind = f"{choice.channel} account" if choice.channel else "account"
        raise UsageFault(
            f"No {kind} found. Sign in with `qdeck login`, set QISKIT_IBM_TOKEN, or use --sandbox. "
            "`qdeck where` tells where qdeck looks."
        )
    return account


def service_label(identity: Identity) -> str:
    """The service as jobs name it (`Job.service`): `platform`, `classic`, `sandbox platform`, ..."""
    return f"sandbox {identity.channel}" if identity.sandbox else str(identity.channel)


def service_facts(identity: Identity) -> dict[str, object]:
    """Describe the service for a JSON answer.

    Returns:
        `service`, `sandbox`, `instance` and `hosts`.
    """
    return {
        "service": service_label(identity),
        "sandbox": identity.sandbox,
        "instance": identity.instance,
        "hosts": list(identity.hosts),
    }


def require_backend(backends: Sequence[Backend], qubits: int) -> Backend:
    """Choose the best backend for so many qubits, by the rule of `tui.domain.devices.backends.best_backend`.

    Returns:
        The backend.

    Raises:
        QdeckError: `NOT_FOUND` when there is none.
    """
    best = best_backend(backends, qubits)
    if not backends:
        message = "The instance lists no backends."
        raise QdeckError(ErrorKind.NOT_FOUND, message, f"{NONE_LISTED} Use another instance.")
    if best is None:
        raise QdeckError(
            ErrorKind.NOT_FOUND,
            f"No backend of this instance is online with {qubits} qubits or more.",
            "Name one with --backend.",
        )
    return best
