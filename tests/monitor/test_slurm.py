"""An account that a batch system gave: its session is used, and left to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import ACCOUNT, BELL
from tests.monitor.harness import MonitorHarness
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.sessions import SessionMode
from tui.domain.submissions import MAX_TAGS, slurm_tag, with_tag
from tui.screens.base import drop_lost_session
from tui.screens.workspace import Workspace
from tui.widgets.text.format import open_sessions


async def test_session_of_slurm_is_used_by_the_app_and_ended_by_nobody_here(tmp_path: Path) -> None:
    opening = await MonitorHarness(tmp_path / "plugin").enter()
    given = await opening.services.sessions.open("ibm_fez", SessionMode.DEDICATED)
    account = replace(ACCOUNT, backend="ibm_fez", session_id=given.id)
    harness = await MonitorHarness(tmp_path, opening.host).enter(account)
    services, workspace = harness.services, Workspace()
    mine = await services.sessions.open("ibm_fez", SessionMode.BATCH)

    assert drop_lost_session(services, workspace) == ""
    assert (workspace.backend, workspace.session_id) == ("ibm_fez", given.id)
    workspace.use_session(mine.id)
    drop_lost_session(services, workspace)
    assert workspace.session_id == mine.id, "the user chose another one since"

    for end in (services.sessions.drain, services.sessions.close):
        with pytest.raises(QdeckError, match="belongs to the job of Slurm") as caught:
            await end(given.id)
        assert caught.value.kind is ErrorKind.CONFLICT
    await services.polling.refresh()
    assert [one.id for one in open_sessions(services)] == [mine.id], "leaving qdeck asks for ours alone"
    await services.sessions.close(mine.id)
    await services.aclose()
    await opening.services.polling.refresh()
    assert next(one for one in opening.services.sessions.all() if one.id == given.id).takes_jobs
    await opening.services.aclose()


def test_tag_of_slurm_is_that_of_a_number_alone() -> None:
    assert slurm_tag({"SLURM_JOB_ID": "4711"}) == "slurm:4711"
    assert [slurm_tag({"SLURM_JOB_ID": one}) for one in ("", "x", "1 2", "9" * 30, "٣")] == [""] * 5
    assert slurm_tag({}) == ""


def test_tag_is_added_once_and_only_where_there_is_room() -> None:
    tagged = with_tag(BELL, "slurm:1")
    assert tagged.tags == (*BELL.tags, "slurm:1") and with_tag(tagged, "slurm:1") is tagged
    assert with_tag(BELL, "") is BELL
    full = replace(BELL, tags=tuple(f"t{number}" for number in range(MAX_TAGS - 1)))
    with pytest.raises(QdeckError, match="too many"):
        with_tag(full, "slurm:1")
