"""The user's command for finished jobs: what it gets, and what it can never be made to do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.fixed_deck import FixedDeck
from tests.support.fixed_values import jobs
from tui.domain.errors import ErrorKind, QdeckError
from tui.monitor.events import JobsFinished
from tui.monitor.finish_hook import FinishHook
from tui.settings import Settings, load_settings

WRITE = "import json, os, sys; open(sys.argv[1], 'a').write(json.dumps(dict(os.environ)) + chr(10))"
HOSTILE = "$(touch pwned); `touch pwned` | \x1b]0;x\x07 \nQDECK_JOB_STATUS=done"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # another process writes the file
            await asyncio.sleep(0.02)


async def test_the_job_reaches_the_command_as_variables_alone(tmp_path: Path) -> None:
    deck, said = FixedDeck(), tmp_path / "said"
    trouble: list[QdeckError] = []
    hook = FinishHook((sys.executable, "-c", WRITE, str(said)), {"HOME": "/"}, trouble.append)
    end = hook.start(deck.subscribe)
    job = replace(jobs()[2], name=HOSTILE)
    deck.publish(JobsFinished((job, jobs()[3])))
    deck.publish(JobsFinished((jobs()[4],), away=True))
    await until(lambda: said.exists() and said.read_text().count("\n") == 2)
    first, second = (json.loads(line) for line in said.read_text().splitlines())
    assert (first["QDECK_JOB_ID"], first["QDECK_JOB_STATUS"]) == (job.id, "done")
    assert (first["QDECK_JOB_BACKEND"], first["HOME"]) == ("ibm_peekskill", "/")
    assert "\x1b" not in first["QDECK_JOB_NAME"] and "\n" not in first["QDECK_JOB_NAME"]
    assert second["QDECK_JOB_STATUS"] == "failed" and "cp" in second["QDECK_JOB_REASON"]
    assert not (tmp_path / "pwned").exists() and trouble == []
    end()


@pytest.mark.parametrize(
    ("command", "told"),
    [(("/nowhere/notify",), "cannot be run"), ((sys.executable, "-c", "exit(3)"), "status 3")],
)
async def test_a_command_that_fails_is_told(command: tuple[str, ...], told: str) -> None:
    deck = FixedDeck()
    trouble: list[QdeckError] = []
    end = FinishHook(command, {}, trouble.append).start(deck.subscribe)
    deck.publish(JobsFinished((jobs()[2],)))
    await until(lambda: bool(trouble))
    assert told in trouble[0].message
    end()


def test_settings_are_read_and_wrong_ones_are_named(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    assert load_settings(path) == Settings()
    path.write_text("on_finish = \"notify-send 'a job' $(x)\"\n")
    assert load_settings(path).on_finish == ("notify-send", "a job", "$(x)")
    for text, wrong in (("on_finish = 3", "string"), ("on_finnish = ''", "on_finnish"), ("= 3", "read")):
        path.write_text(text)
        with pytest.raises(QdeckError) as caught:
            load_settings(path)
        assert caught.value.kind is ErrorKind.SETTINGS and wrong in caught.value.message
    path.write_text("readonly = true\n")
    assert load_settings(path).readonly and not Settings().readonly
    path.write_text("readonly = 1\n")
    with pytest.raises(QdeckError):
        load_settings(path)
    path.write_text('on_finish = "a \'b"')
    with pytest.raises(QdeckError):
        load_settings(path)
