"""`qdeck login` and `qdeck logout`, the file and the keyring, on the sandbox; no token is ever said."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.keyrings import LockedKeyring, MemoryKeyring, WorthlessKeyring, in_place
from tui.commands.jobs.changes import cancel_jobs
from tui.commands.jobs.jobs import list_jobs
from tui.commands.local.doctor import doctor
from tui.commands.local.paths import where
from tui.commands.service import login as signing
from tui.commands.service.login import login, logout
from tui.commands.shared.listing import AS_JSON, AS_TABLE
from tui.commands.shared.output import Exit, UsageFault
from tui.commands.shared.selection import ServiceChoice
from tui.common.errors import QdeckError
from tui.domain.accounts import Keep
from tui.sandbox.lifecycle.launch import SandboxInfo

Output = pytest.CaptureFixture[str]
WHO = ServiceChoice()


@pytest.fixture
def environ(live_sandbox: SandboxInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A user without an account, whose hosts are the sandbox's; the key is on standard input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{live_sandbox.api_key}\n"))
    return {
        "HOME": str(tmp_path / "home"),
        "QDECK_HOME": str(tmp_path / "qdeck"),
        "QISKIT_IBM_INSTANCE": live_sandbox.crn,
        "QDECK_ENDPOINT_IAM": live_sandbox.url,
        "QDECK_ENDPOINT_API": live_sandbox.url,
    }


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    backend = MemoryKeyring()
    with in_place(backend):
        yield backend


async def test_login_with_keyring_signs_in_and_logout_forgets_the_token(
    environ: dict[str, str], live_sandbox: SandboxInfo, memory: MemoryKeyring, capsys: Output
) -> None:
    assert await login(WHO, environ, Keep.KEYRING) is Exit.DONE
    assert "Memory Keyring" in capsys.readouterr().err
    assert list(memory.entries.values()) == [live_sandbox.api_key]

    assert where(environ, listing=AS_JSON) is Exit.DONE
    (account,) = json.loads(capsys.readouterr().out)["accounts"]
    assert account["token_in"] == "keyring" and memory.read == []

    assert await doctor(WHO, environ, listing=AS_JSON) is Exit.DONE
    steps = {step["step"]: step for step in json.loads(capsys.readouterr().out)["steps"]}
    assert "keyring" in steps["account"]["message"]
    assert "Memory Keyring" in steps["keyring"]["message"]

    assert await list_jobs(WHO, environ, limit=1, listing=AS_JSON) is Exit.DONE
    assert json.loads(capsys.readouterr().out)["history"] is False

    assert await logout(WHO, environ) is Exit.DONE
    told = capsys.readouterr()
    assert "Forgot the account" in told.err and memory.entries == {}
    assert live_sandbox.api_key not in told.out + told.err


async def test_commands_report_a_locked_keyring(
    environ: dict[str, str], memory: MemoryKeyring, capsys: Output
) -> None:
    assert await login(WHO, environ, Keep.KEYRING) is Exit.DONE
    with in_place(LockedKeyring()):
        with pytest.raises(QdeckError, match="locked"):
            await list_jobs(WHO, environ, limit=1, listing=AS_TABLE)
        capsys.readouterr()
        assert await doctor(WHO, environ, listing=AS_JSON) is Exit.FAILED
        steps = {step["step"]: step for step in json.loads(capsys.readouterr().out)["steps"]}
        assert (steps["keyring"]["state"], steps["service"]["state"]) == ("failed", "skipped")
        assert await logout(WHO, environ) is Exit.FAILED
    said = capsys.readouterr().err
    assert "still in the keyring" in said and "Remove the entry" in said


async def test_login_without_a_working_keyring_sends_and_saves_nothing(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with in_place(WorthlessKeyring()), pytest.raises(QdeckError) as caught:
        await login(WHO, environ, Keep.KEYRING)
    assert "without --keyring" in caught.value.advice
    assert not (tmp_path / "qdeck" / "config" / "accounts.json").exists()


def test_login_reports_a_missing_keyring_library_before_the_prompt(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "installed", lambda: False)
    with pytest.raises(UsageFault, match="pip install"):
        login(WHO, environ, Keep.KEYRING)
    assert sys.stdin.readline()


async def test_login_saves_a_second_account_by_name_and_logout_forgets_it(
    environ: dict[str, str],
    live_sandbox: SandboxInfo,
    tmp_path: Path,
    capsys: Output,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await login(WHO, environ) is Exit.DONE
    second = ServiceChoice(account="second")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{live_sandbox.api_key}\n"))
    own = {"QISKIT_IBM_INSTANCE": "auto-is-not-for-these-hosts"}
    kept = tmp_path / "qdeck" / "config" / "accounts.json"
    assert await login(second, environ) is Exit.DONE
    assert set(json.loads(kept.read_text(encoding="utf-8"))) == {"platform", "second"}
    accounts = json.loads(kept.read_text(encoding="utf-8"))
    accounts["platform"]["token"] = "no-such-key"
    kept.write_text(json.dumps(accounts), encoding="utf-8")
    assert await list_jobs(second, environ | own, limit=1, listing=AS_JSON) is Exit.DONE
    with pytest.raises(QdeckError):
        await list_jobs(WHO, environ | own, limit=1, listing=AS_JSON)
    assert await doctor(second, environ | own, listing=AS_JSON) is Exit.DONE
    with pytest.raises(UsageFault, match="There are: platform, second"):
        await logout(ServiceChoice(account="third"), environ)
    capsys.readouterr()
    assert await logout(second, environ) is Exit.DONE
    assert "Forgot the account second" in capsys.readouterr().err
    assert set(json.loads(kept.read_text(encoding="utf-8"))) == {"platform"}


def test_login_never_sends_the_key_to_a_host_from_a_crn(environ: dict[str, str]) -> None:
    crn = "crn:v1:bluemix:public:quantum-computing:evil.example/:a/x:y::"
    with pytest.raises(QdeckError, match="region"):
        login(ServiceChoice(instance=crn), environ)


async def test_logout_says_what_the_environment_still_has(
    environ: dict[str, str], live_sandbox: SandboxInfo, tmp_path: Path, capsys: Output
) -> None:
    token = {"QISKIT_IBM_TOKEN": live_sandbox.api_key}
    assert await login(WHO, environ | token) is Exit.DONE
    assert await logout(WHO, environ | token) is Exit.DONE
    kept = tmp_path / "qdeck" / "config" / "accounts.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == {}
    assert "unset QISKIT_IBM_TOKEN" in capsys.readouterr().err


async def test_login_says_when_the_account_was_not_saved(
    environ: dict[str, str], tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "qdeck").mkdir()
    (tmp_path / "qdeck" / "config").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(QdeckError, match="could not be written"):
        await login(WHO, environ)
    said = capsys.readouterr().err
    assert "Signed in" in said and "not kept" in said and "Kept in" not in said


async def test_login_says_when_certificates_are_not_checked(
    environ: dict[str, str], live_sandbox: SandboxInfo, tmp_path: Path, capsys: Output
) -> None:
    assert await login(WHO, environ) is Exit.DONE
    kept = tmp_path / "qdeck" / "config" / "accounts.json"
    accounts = json.loads(kept.read_text(encoding="utf-8"))
    accounts["platform"]["verify"] = False
    kept.write_text(json.dumps(accounts), encoding="utf-8")
    assert await list_jobs(WHO, environ, limit=1, listing=AS_TABLE) is Exit.DONE
    told = capsys.readouterr()
    assert "CERTIFICATES NOT CHECKED" in told.err and "CERTIFICATES" not in told.out


async def test_commands_go_on_after_a_broken_settings_file(
    environ: dict[str, str], tmp_path: Path, capsys: Output
) -> None:
    assert await login(WHO, environ) is Exit.DONE
    settings = tmp_path / "qdeck" / "config" / "settings.toml"
    settings.write_text("ca_file =", encoding="utf-8")
    assert await list_jobs(WHO, environ, limit=1, listing=AS_TABLE) is Exit.DONE
    assert "settings.toml cannot be read" in capsys.readouterr().err
    # What it says of `readonly` is not known either.
    assert await cancel_jobs(WHO, environ, ["any-job"]) is Exit.FAILED
    assert "read-only" in capsys.readouterr().err
    settings.write_text('ca_file = "no-such.pem"', encoding="utf-8")
    with pytest.raises(QdeckError, match=r"settings\.toml"):
        await list_jobs(WHO, environ, limit=1, listing=AS_TABLE)
    assert await doctor(WHO, environ, listing=AS_JSON) is Exit.FAILED
    steps = {step["step"]: step for step in json.loads(capsys.readouterr().out)["steps"]}
    assert steps["CA file"]["state"] == "failed"
    assert where(environ, listing=AS_TABLE) is Exit.DONE
    assert "no-such.pem\tsettings.toml, not there" in capsys.readouterr().out
