"""`qdeck doctor`: every step is tried, the one that fails is named, and no key is shown."""

from __future__ import annotations

import json
import locale
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.company import HOST, company
from tui.commands.local import doctor as module
from tui.commands.local.doctor import doctor
from tui.commands.shared.listing import AS_JSON, AS_TABLE
from tui.commands.shared.output import Exit
from tui.commands.shared.selection import ServiceChoice
from tui.common.safe_text import Secret
from tui.common.timing import Clock
from tui.config.settings import Folders
from tui.domain.accounts import Account, Channel, Route
from tui.ibm.api.service import QuantumService
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpOptions
from tui.ibm.transport.connectivity import Step, steps_to
from tui.sandbox.lifecycle.launch import SandboxInfo

KEY = "key-that-must-never-be-seen-0123456789abcdef"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123:11111111-2222-4333-8444-555555555555::"
Output = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return {"HOME": str(tmp_path / "home"), "QDECK_HOME": str(tmp_path / "qdeck"), "TERM": "xterm-256color"}


def sandboxed(info: SandboxInfo, channel: Channel, **changes: str) -> dict[str, str]:
    """The environment that reaches one face of a sandbox."""
    if channel is Channel.PLATFORM:
        told = {
            "QISKIT_IBM_TOKEN": info.api_key,
            "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
            "QISKIT_IBM_INSTANCE": info.crn,
            "QDECK_ENDPOINT_IAM": info.url,
            "QDECK_ENDPOINT_API": info.url,
        }
    else:
        told = {
            "QISKIT_IBM_TOKEN": info.api_token,
            "QISKIT_IBM_CHANNEL": "ibm_quantum",
            "QISKIT_IBM_INSTANCE": info.instance,
            "QDECK_ENDPOINT_AUTH": info.auth,
            "QDECK_ENDPOINT_RUNTIME": info.runtime,
        }
    return told | changes


async def doctor_answer(environ: dict[str, str], output: Output) -> tuple[Exit, dict[str, dict[str, Any]]]:
    """The exit status, and the steps by name (of several, one that failed, else the last)."""
    status = await doctor(ServiceChoice(), environ, listing=AS_JSON)
    told = json.loads(output.readouterr().out)
    assert told["ok"] is (status is Exit.DONE)
    steps: dict[str, dict[str, Any]] = {}
    for step in told["steps"]:
        if steps.get(step["step"], {}).get("state") != "failed":
            steps[step["step"]] = step
    return status, steps


@pytest.mark.parametrize("channel", list(Channel), ids=str)
async def test_doctor_reports_no_failure_on_the_sandbox(
    live_sandbox: SandboxInfo, home: dict[str, str], channel: Channel, capsys: Output
) -> None:
    status, steps = await doctor_answer(home | sandboxed(live_sandbox, channel), capsys)
    assert status is Exit.DONE
    login = "IAM" if channel is Channel.PLATFORM else "login"
    for name in ("storage: history", "account", "DNS", "TCP", login, "clock", "instance", "jobs"):
        assert steps[name]["state"] == "ok", steps[name]
    assert steps["API version"]["state"] == ("ok" if channel is Channel.PLATFORM else "skipped")
    assert steps["instance"]["message"].startswith("SANDBOX")


async def test_doctor_text_ends_with_the_verdict(
    live_sandbox: SandboxInfo, home: dict[str, str], capsys: Output
) -> None:
    environ = home | sandboxed(live_sandbox, Channel.PLATFORM)
    assert await doctor(ServiceChoice(), environ, listing=AS_TABLE) is Exit.DONE
    told = capsys.readouterr()
    assert told.err.splitlines()[-1] == "Nothing fails."
    assert "ok\tIAM\t" in told.out
    wrong = environ | {"QISKIT_IBM_TOKEN": KEY}
    assert await doctor(ServiceChoice(), wrong, listing=AS_TABLE) is Exit.FAILED
    told = capsys.readouterr()
    assert told.err.startswith("What fails first is IAM: ")
    assert KEY not in told.out + told.err
    assert live_sandbox.api_key not in told.out + told.err


async def test_doctor_names_the_step_that_fails(
    live_sandbox: SandboxInfo, home: dict[str, str], tmp_path: Path, capsys: Output
) -> None:
    def environ(**changes: str) -> dict[str, str]:
        return home | sandboxed(live_sandbox, Channel.PLATFORM, **changes)

    elsewhere = CRN.replace("0123", "9")
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    cases: list[tuple[str, dict[str, str], str]] = [
        ("IAM", environ(QISKIT_IBM_TOKEN=KEY), "key"),
        ("instance", environ(QISKIT_IBM_INSTANCE=elsewhere), "not authorized"),
        ("TCP", environ(QDECK_ENDPOINT_IAM="http://127.0.0.1:9"), "no connection"),
        ("DNS", environ(QDECK_ENDPOINT_IAM="https://no-such-host.invalid"), "not found"),
        ("storage: history", environ(QDECK_HOME=str(blocked)), "cannot be written"),
        ("account", home, "No account"),
    ]
    for step, surroundings, said in cases:
        status, steps = await doctor_answer(surroundings, capsys)
        assert status is Exit.FAILED
        failed = [name for name, told in steps.items() if told["state"] == "failed"]
        assert failed[:1] == ["storage: settings"] if step.startswith("storage") else failed == [step]
        assert said in steps[step]["message"]
        assert steps[step]["advice"]
        assert KEY not in json.dumps(steps)


async def test_doctor_checks_proxy_and_certificate_of_a_company_network(
    home: dict[str, str], tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def respond(method: str, target: str) -> tuple[int, str]:
        if "token" in target:
            return 200, json.dumps({"access_token": "t", "expires_in": 3600})
        if "versions" in target:
            return 200, json.dumps({"versions": [{"version": "2026-04-15", "status": "deprecated"}]})
        return 200, json.dumps({"jobs": [], "limit": 1, "offset": 0, "count": 0})

    async with company(tmp_path, respond) as network:
        ends = {"QDECK_ENDPOINT_IAM": f"https://{HOST}", "QDECK_ENDPOINT_API": f"https://{HOST}"}
        environ = home | ends | {"QISKIT_IBM_TOKEN": KEY, "QISKIT_IBM_INSTANCE": CRN}
        environ["HTTPS_PROXY"] = network.proxy.replace("://", "://me:proxy-password@")
        monkeypatch.setenv("HTTPS_PROXY", environ["HTTPS_PROXY"])
        status, steps = await doctor_answer(environ, capsys)
        assert status is Exit.FAILED
        assert [name for name, step in steps.items() if step["state"] == "failed"] == ["TLS"]
        assert "REQUESTS_CA_BUNDLE" in steps["TLS"]["advice"]
        assert steps["proxy"]["state"] == "ok"

        environ["REQUESTS_CA_BUNDLE"] = str(network.ca_file)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(network.ca_file))
        status, steps = await doctor_answer(environ, capsys)
        assert status is Exit.DONE
        assert (steps["TLS"]["state"], steps["API version"]["state"]) == ("ok", "warning")
        assert "proxy-password" not in json.dumps(steps)
        assert set(network.passes) == {"me:proxy-password"}


@pytest.mark.parametrize(
    ("route", "environ", "names"),
    [
        (Route(), {"HTTPS_PROXY": "http://127.0.0.1:9"}, ["DNS", "TCP"]),
        (Route((("all", Secret("http://127.0.0.1:9")),)), {}, ["DNS", "TCP"]),
        (Route(), {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "other.test, company.test"}, ["DNS"]),
        (Route(), {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*"}, ["DNS"]),
    ],
)
async def test_doctor_says_whose_route_it_tries(
    route: Route, environ: dict[str, str], names: list[str]
) -> None:
    steps = [step async for step in steps_to("https://quantum.company.test/api", route, environ)]
    assert [step.name for step in steps] == names
    assert not steps[-1].good
    assert ("proxy" in steps[-1].message) is (len(names) == 2)
    if len(names) == 2:
        assert ("saved account" if route.proxies else "HTTPS_PROXY") in steps[-1].advice


REGIONAL = CRN.replace("us-east", "eu-de")
IBM = "cloud.ibm.com"


@pytest.mark.parametrize(
    ("instance", "lost", "failed", "warned"),
    [
        (CRN, {}, "", []),
        (CRN, {"globalcatalog": "the names of plans"}, "", ["DNS"]),
        (CRN, {"api.global-search-tagging": "the choice among instances"}, "", ["DNS"]),
        ("auto", {"api.global-search-tagging": ""}, "api.global-search-tagging", []),
        ("lab", {"resource-controller": ""}, "resource-controller", []),
        (REGIONAL, {"eu-de.quantum": ""}, "eu-de.quantum", []),
    ],
)
async def test_doctor_checks_every_host_of_the_account(
    home: dict[str, str],
    capsys: Output,
    monkeypatch: pytest.MonkeyPatch,
    instance: str,
    lost: dict[str, str],
    failed: str,
    warned: list[str],
) -> None:
    walked: list[str] = []

    async def steps(url: str, *_: object) -> AsyncIterator[Step]:
        host = urlsplit(url).hostname or ""
        walked.append(host)
        name = host.removesuffix(f".{IBM}")
        yield Step(
            "DNS", host, name not in lost, f"{host} is looked for", "Check it." if name in lost else ""
        )

    async def nothing(*_: object) -> list[module.Finding]:
        return []

    monkeypatch.setattr(module, "steps_to", steps)
    monkeypatch.setattr(module, "_service", nothing)
    environ = home | {"QISKIT_IBM_TOKEN": KEY, "QISKIT_IBM_INSTANCE": instance}
    status = await doctor(ServiceChoice(), environ, listing=AS_JSON)
    told = json.loads(capsys.readouterr().out)["steps"]
    hosts = {f"iam.{IBM}", f"api.global-search-tagging.{IBM}", f"globalcatalog.{IBM}"}
    hosts.add(f"eu-de.quantum.{IBM}" if instance == REGIONAL else f"quantum.{IBM}")
    assert set(walked) == hosts | ({f"resource-controller.{IBM}"} if instance == "lab" else set())
    assert (status is Exit.FAILED) is bool(failed)
    for step in told:
        if step["state"] == "failed":
            assert step["message"].startswith(failed)
    warnings = [step for step in told if step["state"] == "warning" and step["step"] == "DNS"]
    assert [step["step"] for step in warnings] == warned
    assert all(next(iter(lost.values())) in step["advice"] for step in warnings)


async def test_doctor_checks_the_chosen_region_and_reports_a_fault_of_its_own(
    home: dict[str, str], capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: list[str] = []

    async def steps(url: str, *_: object) -> AsyncIterator[Step]:
        walked.append(url)
        yield Step("DNS", url, True, f"{url} is there")

    def respond(request: httpx.Request) -> httpx.Response:
        host = (request.url.host or "").removesuffix(f".{IBM}")
        if host == "iam":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        if "search" in host:
            item = {"crn": REGIONAL, "name": "lab", "doc": {"extensions": {}}}
            return httpx.Response(200, json={"items": [item]})
        if "versions" in request.url.path:
            raise RuntimeError(f"nobody thought of this: {KEY}")
        return httpx.Response(200, json={"jobs": [], "limit": 1, "offset": 0, "count": 0})

    monkeypatch.setattr(module, "steps_to", steps)

    def offline(account: Account, clock: Clock, options: HttpOptions) -> QuantumService:
        return make_service(account, clock, replace(options, transport=httpx.MockTransport(respond)))

    monkeypatch.setattr(module, "make_service", offline)
    environ = home | {"QISKIT_IBM_TOKEN": KEY, "QISKIT_IBM_INSTANCE": "auto"}
    status, told = await doctor_answer(environ, capsys)
    assert status is Exit.FAILED
    assert walked[-1] == f"https://eu-de.quantum.{IBM}/api/v1"
    assert told["instance"]["state"] == told["jobs"]["state"] == "ok"
    assert told["API version"]["state"] == "failed"
    assert "RuntimeError" in told["API version"]["message"]
    assert KEY not in json.dumps(told)


@pytest.mark.parametrize(("minutes", "state"), [(0, "ok"), (2, "warning"), (-20, "failed")])
def test_doctor_reports_a_skewed_clock(minutes: int, state: str) -> None:
    finding = module.clock(minutes * 60.0)
    assert finding.state == state
    assert not minutes or ("behind" if minutes > 0 else "ahead") in finding.message


@pytest.mark.parametrize(
    ("environ", "size", "state", "said"),
    [
        ({"TERM": "dumb"}, (80, 24), "warning", "dumb"),
        ({"TERM": "xterm-256color"}, (40, 10), "warning", "40x10"),
        ({"TERM": "xterm-256color"}, (80, 24), "ok", "256 colours"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, (80, 24), "ok", "all colours"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, (80, 24), "ok", "NO_COLOR"),
    ],
)
def test_doctor_describes_the_terminal(
    environ: dict[str, str],
    size: tuple[int, int],
    state: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: size)
    monkeypatch.setattr(locale, "getpreferredencoding", lambda _: "UTF-8")
    finding = module.terminal(environ)
    assert finding.state == state
    assert said in finding.message


def test_doctor_reports_a_folder_open_to_others(tmp_path: Path) -> None:
    for name in ("config", "data", "state"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "data").chmod(0o755)
    found = module.storage(Folders(tmp_path / "config", tmp_path / "data", tmp_path / "state"))
    assert [finding.state for finding in found] == ["ok", "warning", "ok"]
    assert "chmod 700" in found[1].advice
