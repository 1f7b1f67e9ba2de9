"""A company's network: its proxy, its certificates, and an account that does without checking them."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ibm.mock_network import CRN, KEY, InstantClock
from tests.support.company import HOST, Company, company
from tests.support.sandbox import live_account
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.config.settings import load_settings
from tui.domain.accounts import Account, Channel, Endpoints, Route
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpOptions
from tui.ibm.transport.connectivity import steps_to
from tui.ibm.transport.tls import CA_VARIABLES, trust
from tui.sandbox.lifecycle.launch import SandboxInfo

ENDPOINTS = Endpoints(iam=f"https://{HOST}", api=f"https://{HOST}/api/v1")


def respond(method: str, target: str) -> tuple[int, str]:
    """As much of a service as signing in needs."""
    if target.startswith("/identity/token"):
        return 200, json.dumps({"access_token": "a-token", "expires_in": 3600})
    return 200, json.dumps({"jobs": [], "limit": 1, "offset": 0})


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CA_VARIABLES, *(name for name in os.environ if name.lower().endswith("_proxy"))):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, respond) as standing:
        yield standing


def account(network: Company, *, verify: bool = True, user: str = "") -> Account:
    proxy = Secret(network.proxy.replace("://", f"://{user}"))
    route = Route((("https", proxy),), verify)
    return Account("work", Channel.PLATFORM, Secret(KEY), ENDPOINTS, CRN, route=route)


async def test_unknown_ca_is_a_network_error_and_nothing_is_sent(network: Company) -> None:
    service = make_service(account(network), InstantClock())
    with pytest.raises(QdeckError) as caught:
        await service.sign_in()
    assert caught.value.kind is ErrorKind.NETWORK
    assert "certificate" in caught.value.message
    assert "REQUESTS_CA_BUNDLE" in caught.value.advice
    assert network.requests == []
    await service.aclose()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_ca_of_environment_is_trusted(
    network: Company, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(network.ca_file))
    service = make_service(account(network, user="me:proxy-password@"), InstantClock())
    identity = await service.sign_in()
    assert not identity.unverified
    assert set(network.asked) == {f"{HOST}:443"}
    assert set(network.passes) == {"me:proxy-password"}
    assert network.requests[0] == "POST /identity/token"
    await service.aclose()


async def test_proxy_of_environment_is_used_without_one_of_account(
    network: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(network.ca_file))
    monkeypatch.setenv("HTTPS_PROXY", network.proxy)
    service = make_service(Account("w", Channel.PLATFORM, Secret(KEY), ENDPOINTS, CRN), InstantClock())
    await service.sign_in()
    assert set(network.asked) == {f"{HOST}:443"}
    await service.aclose()


@pytest.mark.parametrize(
    ("named", "through"),
    [
        ({"HTTPS_PROXY": "{bare}"}, True),
        ({"https_proxy": "{proxy}", "HTTPS_PROXY": "http://127.0.0.1:9"}, True),
        ({"https_proxy": "", "HTTPS_PROXY": "socks5://127.0.0.1:9", "all_proxy": "{proxy}"}, True),
        ({"HTTPS_PROXY": "{proxy}", "ALL_PROXY": "socks5://127.0.0.1:9"}, True),
        ({"HTTP_PROXY": "ftp://127.0.0.1:9", "ALL_PROXY": "{proxy}", "NO_PROXY": "other.test"}, True),
        ({"HTTPS_PROXY": "{proxy}", "NO_PROXY": ".company.test"}, False),
        ({"HTTPS_PROXY": "socks5://127.0.0.1:9", "no_proxy": f"localhost,{HOST}:443"}, False),
        ({"HTTPS_PROXY": "{proxy}", "NO_PROXY": f"{HOST}:8443"}, True),
    ],
    ids=str,
)
async def test_proxy_variables_mean_the_same_to_client_and_probe(
    network: Company, monkeypatch: pytest.MonkeyPatch, named: dict[str, str], through: bool
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(network.ca_file))
    for name, value in named.items():
        monkeypatch.setenv(
            name, value.format(proxy=network.proxy, bare=network.proxy.removeprefix("http://"))
        )
    service = make_service(Account("w", Channel.PLATFORM, Secret(KEY), ENDPOINTS, CRN), InstantClock())
    if through:
        await service.sign_in()
        assert set(network.asked) == {f"{HOST}:443"}
    else:
        with pytest.raises(QdeckError) as caught:
            await service.sign_in()
        assert caught.value.kind is ErrorKind.NETWORK
        assert network.asked == []
    await service.aclose()
    steps = [step async for step in steps_to(ENDPOINTS.api, Route(), os.environ)]
    assert [step.name for step in steps] == (["DNS", "TCP", "proxy", "TLS"] if through else ["DNS"])
    assert all(step.good for step in steps) is through


BAD_PROXIES = [
    ({"ALL_PROXY": "socks5://me:proxy-password@127.0.0.1:9"}, "ALL_PROXY", "SOCKS"),
    ({"HTTPS_PROXY": "ftp://me:proxy-password@127.0.0.1:9"}, "HTTPS_PROXY", "web address"),
    ({"https_proxy": "http://me:proxy-password@127.0.0.1:port"}, "https_proxy", "web address"),
    ({"HTTPS_PROXY": "http://me:proxy-password@"}, "HTTPS_PROXY", "web address"),
]


@pytest.mark.parametrize(("named", "variable", "said"), BAD_PROXIES, ids=str)
async def test_unusable_proxy_is_named_by_its_variable(
    network: Company, monkeypatch: pytest.MonkeyPatch, named: dict[str, str], variable: str, said: str
) -> None:
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    service = make_service(Account("w", Channel.PLATFORM, Secret(KEY), ENDPOINTS, CRN), InstantClock())
    with pytest.raises(QdeckError) as caught:
        await service.sign_in()
    await service.aclose()
    (step,) = [step async for step in steps_to(ENDPOINTS.api, Route(), os.environ)]
    assert caught.value.kind is ErrorKind.SETTINGS
    assert not step.good
    for message, advice in ((caught.value.message, caught.value.advice), (step.message, step.advice)):
        assert variable in message and said in message
        assert "NO_PROXY" in advice
        assert "proxy-password" not in message + advice


@pytest.mark.parametrize(("named", "variable", "said"), BAD_PROXIES, ids=str)
async def test_loopback_ignores_proxy_and_ca_variables(
    live_sandbox: SandboxInfo,
    monkeypatch: pytest.MonkeyPatch,
    named: dict[str, str],
    variable: str,
    said: str,
) -> None:
    for name, value in (named | {"REQUESTS_CA_BUNDLE": "/no/such/file.pem"}).items():
        monkeypatch.setenv(name, value)
    service = make_service(live_account(live_sandbox, Channel.PLATFORM))
    assert (await service.sign_in()).sandbox
    await service.aclose()


async def test_https_proxy_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with company(tmp_path, respond, encrypted_proxy=True) as network:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(network.ca_file))
        monkeypatch.setenv("HTTPS_PROXY", network.proxy)
        service = make_service(Account("w", Channel.PLATFORM, Secret(KEY), ENDPOINTS, CRN), InstantClock())
        await service.sign_in()
        await service.aclose()
        steps = [step async for step in steps_to(ENDPOINTS.api, Route(), os.environ)]
        assert [step.name for step in steps] == ["DNS", "TCP", "TLS", "proxy", "TLS"]
        assert all(step.good for step in steps)
        assert "HTTPS_PROXY" in steps[0].message


async def test_unchecked_certificates_make_identity_unverified(network: Company) -> None:
    service = make_service(account(network, verify=False), InstantClock())
    assert (await service.sign_in()).unverified
    await service.aclose()


async def test_unreadable_ca_file_of_environment_is_a_settings_error(
    network: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("missing.pem", None), ("empty.pem", "no certificate")):
        if text is not None:
            (tmp_path / name).write_text(text)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / name))
        service = make_service(account(network), InstantClock())
        with pytest.raises(QdeckError) as caught:
            await service.sign_in()
        assert caught.value.kind is ErrorKind.SETTINGS
        assert name in caught.value.message
        await service.aclose()


@pytest.mark.parametrize("folder", [False, True])
async def test_ca_file_of_settings_is_trusted(network: Company, tmp_path: Path, folder: bool) -> None:
    if folder:
        (tmp_path / "cas").mkdir()
        network.ca_file.rename(tmp_path / "cas" / "any name")
        (tmp_path / "cas" / "notes.txt").write_text("no certificate")
    settings = tmp_path / "settings.toml"
    settings.write_text(f'ca_file = "{"cas" if folder else network.ca_file}"')
    named = load_settings(settings).ca_file
    service = make_service(account(network), InstantClock(), HttpOptions(ca_file=named))
    assert not (await service.sign_in()).unverified
    await service.aclose()
    assert named is not None and named.is_absolute()


@pytest.mark.parametrize("name", ["missing.pem", "empty.pem", "folder"])
async def test_unusable_ca_file_of_settings_is_named(network: Company, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    (tmp_path / "folder").mkdir()
    service = make_service(account(network), InstantClock(), HttpOptions(ca_file=tmp_path / name))
    with pytest.raises(QdeckError) as caught:
        await service.sign_in()
    assert caught.value.kind is ErrorKind.SETTINGS
    assert "settings.toml" in caught.value.message and "ca_file" in caught.value.message
    assert name in caught.value.message
    assert network.requests == []
    await service.aclose()


@pytest.mark.parametrize("said", ["ca_file = 3", 'ca_file = ""', 'ca_file = "~no-such-user-here/ca.pem"'])
def test_settings_refuse_ca_file_that_is_no_path(tmp_path: Path, said: str) -> None:
    (tmp_path / "settings.toml").write_text(said)
    with pytest.raises(QdeckError, match="ca_file"):
        load_settings(tmp_path / "settings.toml")


def test_trust_of_a_ca_folder(tmp_path: Path) -> None:
    assert trust(str(tmp_path)) is not trust()


async def test_unreachable_proxy_error_hides_its_password(network: Company) -> None:
    dead = Route((("https", Secret("http://me:proxy-password@127.0.0.1:9")),))
    service = make_service(
        Account("w", Channel.PLATFORM, Secret(KEY), ENDPOINTS, CRN, route=dead), InstantClock()
    )
    with pytest.raises(QdeckError) as caught:
        await service.sign_in()
    assert caught.value.kind is ErrorKind.NETWORK
    assert "proxy-password" not in str(caught.value)
    await service.aclose()
