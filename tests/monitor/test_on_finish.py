"""The user's command for finished jobs: what it gets, and what it can never be made to do."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import jobs
from tui.common.errors import ErrorKind, QdeckError
from tui.config.settings import Settings, load_settings
from tui.domain.jobs import Job
from tui.monitor.on_finish import MOST, FinishClaims, FinishHook
from tui.monitor.state.events import JobsFinished

WRITE = "import json, os, sys; open(sys.argv[1], 'a').write(json.dumps(dict(os.environ)) + chr(10))"
HOSTILE = "$(touch pwned); `touch pwned` | \x1b]0;x\x07 \nQDECK_JOB_STATUS=done"


def settings(*command: str) -> Settings:
    return Settings(on_finish=command)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # another process writes the file
            await asyncio.sleep(0.02)


async def test_finish_hook_passes_the_job_as_variables_alone(tmp_path: Path) -> None:
    services, said = AppServicesHarness(), tmp_path / "said"
    trouble: list[QdeckError] = []
    hook = FinishHook(settings(sys.executable, "-c", WRITE, str(said)), {"HOME": "/"}, trouble.append)
    end = hook.start(services.events)
    job = replace(jobs()[2], name=HOSTILE)
    services.events.publish(JobsFinished((job, jobs()[3])))
    services.events.publish(JobsFinished((jobs()[4],), away=True))
    await until(lambda: said.exists() and said.read_text().count("\n") == 2)
    first, second = (json.loads(line) for line in said.read_text().splitlines())
    assert (first["QDECK_JOB_ID"], first["QDECK_JOB_STATUS"]) == (job.id, "done")
    assert (first["QDECK_JOB_BACKEND"], first["HOME"]) == ("ibm_peekskill", "/")
    assert "\x1b" not in first["QDECK_JOB_NAME"] and "\n" not in first["QDECK_JOB_NAME"]
    assert second["QDECK_JOB_STATUS"] == "failed" and "cp" in second["QDECK_JOB_REASON"]
    assert not (tmp_path / "pwned").exists() and trouble == []
    end()


async def test_finish_hook_gets_no_token_unless_its_variable_is_asked_for(tmp_path: Path) -> None:
    services, trouble = AppServicesHarness(), list[QdeckError]()
    environ = {
        "PATH": os.environ["PATH"],
        "DISPLAY": ":0",
        "QISKIT_IBM_TOKEN": "secret-of-ibm",
        "HTTPS_PROXY": "http://u:secret-of-proxy@p",
        "WEBHOOK": "asked",
    }
    for name, asked in (("none", ()), ("some", ("WEBHOOK", "QISKIT_IBM_TOKEN"))):
        said = tmp_path / name
        given = replace(settings(sys.executable, "-c", WRITE, str(said)), on_finish_variables=asked)
        end = FinishHook(given, environ, trouble.append).start(services.events)
        services.events.publish(JobsFinished((jobs()[2],)))
        await until(lambda said=said: said.exists() and said.read_text().count("\n") == 1)  # type: ignore[misc]
        got = json.loads(said.read_text())
        assert "secret-of-proxy" not in said.read_text() and got["DISPLAY"] == ":0"
        assert {each for each in ("WEBHOOK", "QISKIT_IBM_TOKEN") if each in got} == set(asked)
        end()
    assert trouble == []


@pytest.mark.parametrize(
    ("command", "told"),
    [(("/nowhere/notify",), "cannot be run"), ((sys.executable, "-c", "exit(3)"), "status 3")],
)
async def test_finish_hook_reports_a_command_that_fails(command: tuple[str, ...], told: str) -> None:
    services = AppServicesHarness()
    trouble: list[QdeckError] = []
    end = FinishHook(settings(*command), {}, trouble.append).start(services.events)
    services.events.publish(JobsFinished((jobs()[2],)))
    await until(lambda: bool(trouble))
    assert told in trouble[0].message
    end()


async def test_finish_hook_goes_on_after_trouble_with_one_job() -> None:
    services = AppServicesHarness()
    trouble: list[QdeckError] = []
    end = FinishHook(settings("no\0where"), {}, trouble.append).start(services.events)
    services.events.publish(JobsFinished((jobs()[2], jobs()[3])))
    await until(lambda: len(trouble) == 2)
    assert "cannot be run" in trouble[0].message
    end()


async def test_finish_hook_passes_a_name_as_far_as_it_can_be_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, said = AppServicesHarness(), tmp_path / "said"
    trouble: list[QdeckError] = []
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "latin-1")
    end = FinishHook(settings(sys.executable, "-c", WRITE, str(said)), {}, trouble.append).start(
        services.events
    )
    services.events.publish(JobsFinished((replace(jobs()[2], name="ψ-bell"),)))
    await until(lambda: said.exists() and said.read_text().count("\n") == 1)
    assert json.loads(said.read_text())["QDECK_JOB_NAME"] == "?-bell" and trouble == []
    end()


async def test_finish_hook_runs_for_a_burst_and_reports_the_excess_once() -> None:
    services = AppServicesHarness()
    trouble: list[QdeckError] = []
    hook = FinishHook(settings("true"), {}, trouble.append)
    ran: list[str] = []

    async def once(job: Job) -> None:
        ran.append(job.id)

    hook._once = once  # type: ignore[method-assign]  # five hundred processes are not the point
    end = hook.start(services.events)
    burst = tuple(replace(jobs()[2], id=f"j{number}") for number in range(MOST + 7))
    services.events.publish(JobsFinished(burst))
    await until(lambda: len(ran) == MOST)
    assert ran == [job.id for job in burst[:MOST]]
    assert [error.message for error in trouble] == [
        f"on_finish is not run for 7 jobs that finished: {MOST} others wait for it."
    ]
    end()


async def test_finish_hook_runs_in_one_of_two_processes(tmp_path: Path) -> None:
    services, said = AppServicesHarness(), tmp_path / "said"
    trouble: list[QdeckError] = []
    claims = FinishClaims(tmp_path / "claims")
    command = (sys.executable, "-c", WRITE, str(said))
    ends = [
        FinishHook(settings(*command), {}, trouble.append, claims).start(services.events) for _ in range(2)
    ]
    services.events.publish(JobsFinished((jobs()[2], jobs()[3])))
    await until(lambda: said.exists() and said.read_text().count("\n") >= 2)
    # Both have been through the first when a third job has had its turn.
    services.events.publish(JobsFinished((jobs()[4],)))
    await until(lambda: said.read_text().count("\n") >= 3)
    told = [json.loads(line)["QDECK_JOB_ID"] for line in said.read_text().splitlines()]
    assert sorted(told) == sorted(job.id for job in jobs()[2:5]) and trouble == []
    for end in ends:
        end()


def test_finish_claims_expire_after_a_week_and_fail_on_a_full_disk(tmp_path: Path) -> None:
    claims = FinishClaims(tmp_path / "claims")
    assert claims.claim(jobs()[2]) and not claims.claim(jobs()[2])
    claims.clear()
    assert not claims.claim(jobs()[2])
    (path,) = (tmp_path / "claims").iterdir()
    os.utime(path, (0, 0))
    claims.clear()
    assert claims.claim(jobs()[2])
    (tmp_path / "file").write_text("")
    assert FinishClaims(tmp_path / "file" / "claims").claim(jobs()[2])


def test_settings_name_a_wrong_value(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    assert load_settings(path) == Settings()
    path.write_text("on_finish = \"notify-send 'a job' $(x)\"\n")
    assert load_settings(path).on_finish == ("notify-send", "a job", "$(x)")
    for text, wrong in (("on_finish = 3", "string"), ("on_finnish = ''", "on_finnish"), ("= 3", "read")):
        path.write_text(text)
        with pytest.raises(QdeckError) as caught:
            load_settings(path)
        assert caught.value.kind is ErrorKind.SETTINGS and wrong in caught.value.message
    path.write_text('on_finish_variables = ["WEBHOOK"]\n')
    assert load_settings(path).on_finish_variables == ("WEBHOOK",)
    path.write_text('on_finish_variables = "WEBHOOK"\n')
    with pytest.raises(QdeckError, match="list of names"):
        load_settings(path)
    path.write_text("readonly = true\n")
    assert load_settings(path).readonly and not Settings().readonly
    path.write_text("readonly = 1\n")
    with pytest.raises(QdeckError):
        load_settings(path)
    path.write_text('on_finish = "a \'b"')
    with pytest.raises(QdeckError):
        load_settings(path)
