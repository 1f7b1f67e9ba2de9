"""Which account and which backend a command takes when the user does not say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui.commands.shared.output import UsageFault
from tui.commands.shared.selection import ServiceChoice, choose_account, require_account, require_backend
from tui.common.errors import QdeckError
from tui.common.safe_text import Secret
from tui.domain.accounts import Account, Channel, Endpoints
from tui.domain.devices.backends import Backend


def account(name: str, channel: Channel, instance: str = "") -> Account:
    return Account(name, channel, Secret("t0ken"), Endpoints(), instance)


ENVIRONMENT = account("environment", Channel.PLATFORM, "crn:one")
SAVED = account("saved", Channel.CLASSIC, "a/b/c")


def test_account_selection_takes_the_first_of_the_channel() -> None:
    found = (ENVIRONMENT, SAVED)
    assert choose_account(found, ServiceChoice()) is ENVIRONMENT
    assert choose_account(found, ServiceChoice(channel=Channel.CLASSIC)) is SAVED


def test_account_selection_prefers_the_instance_option() -> None:
    chosen = choose_account((ENVIRONMENT,), ServiceChoice(instance="crn:two"))
    assert chosen is not None
    assert (chosen.name, chosen.instance, chosen.token) == ("environment", "crn:two", ENVIRONMENT.token)


def test_account_selection_prefers_the_account_option() -> None:
    found = (ENVIRONMENT, SAVED, account("second", Channel.CLASSIC, "d/e/f"))
    second = require_account(found, ServiceChoice(account="second"))
    assert (second.name, second.instance) == ("second", "d/e/f")
    moved = require_account(found, ServiceChoice(account="second", instance="g/h/i"))
    assert (moved.name, moved.instance) == ("second", "g/h/i")
    assert ServiceChoice(account="second").names_a_service


def test_account_selection_lists_the_names_when_unknown() -> None:
    found = (ENVIRONMENT, SAVED, replace(SAVED, name="sand", sandbox=True))
    for choose in (choose_account, require_account):
        with pytest.raises(UsageFault, match=r"named 'lab'.*There are: environment, saved\.$"):
            choose(found, ServiceChoice(account="lab"))
    with pytest.raises(UsageFault, match=r"no classic account named 'environment'.*There are: saved\.$"):
        choose_account(found, ServiceChoice(account="environment", channel=Channel.CLASSIC))
    with pytest.raises(UsageFault, match="qdeck login"):
        choose_account((), ServiceChoice(account="lab"))


def test_account_selection_without_accounts_names_the_channel() -> None:
    with pytest.raises(UsageFault, match="classic account"):
        require_account((ENVIRONMENT,), ServiceChoice(channel=Channel.CLASSIC))


def backend(name: str, *, queue: int | None, qubits: int = 27, operational: bool = True) -> Backend:
    return Backend(name, qubits=qubits, queue_length=queue, operational=operational)


def test_backend_selection_takes_the_shortest_queue_of_those_that_fit() -> None:
    known = (
        backend("unknown", queue=None),
        backend("small", queue=0, qubits=5),
        backend("away", queue=0, operational=False),
        backend("busy", queue=9, qubits=127),
        backend("quiet", queue=2),
        backend("quiet-too", queue=2),
    )
    assert require_backend(known, 6).name == "quiet"
    assert require_backend(known, 100).name == "busy"
    assert require_backend(known[:1], 2).name == "unknown"


def test_backend_selection_takes_a_simulator_last() -> None:
    simulator = Backend("simulator", qubits=32, queue_length=0, operational=True, simulated=True)
    assert require_backend((simulator, backend("real", queue=50)), 2).name == "real"
    assert require_backend((simulator, backend("real", queue=50)), 30).name == "simulator"


def test_backend_selection_says_how_many_qubits_no_backend_has() -> None:
    with pytest.raises(QdeckError, match="200 qubits"):
        require_backend((backend("quiet", queue=0),), 200)
