"""What the user wants of the job table: order, columns, groups, filters; and what is done to marked jobs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import BELL_RESULT, jobs
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import JobStatus
from tui.jobquery.job_list import JobList
from tui.monitor.state.events import JobsChanged
from tui.screens.dialogs.columns import ChooseColumns
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.export import ExportDialog
from tui.screens.dialogs.pick import Pick
from tui.screens.dialogs.prompt import Prompt
from tui.screens.jobs.detail import JobScreen
from tui.screens.jobs.screen import JobsScreen
from tui.widgets.tables.job_table import JobTable

HEAD_LINE = 3


def table_of(pilot: Pilot[None]) -> JobTable:
    """The table."""
    return pilot.app.screen_stack[0].query_one(JobTable)


def names(pilot: Pilot[None]) -> list[str]:
    """Names of the jobs as they stand, heads of groups in brackets."""
    by_id = {job.id: job.name for job in jobs()}
    return [by_id.get(key, f"[{key[7:]}]") for key in table_of(pilot).keys]


async def dialog(pilot: Pilot[None], kind: type) -> None:
    """Wait for a dialog."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await settled(pilot)


def test_job_table_marked_filtered_grouped_at_80x24(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("slash", *"-status:cancelled", "enter", "b", "b")
        await settled(pilot)
        await pilot.press("down", "space", "v")
        await settled(pilot)

    assert snap_compare(make_app(), run_before=work)


def test_job_table_marks_without_colours(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("space", "space")
        await settled(pilot)

    assert snap_compare(make_app(), run_before=work)


def test_job_table_wrong_filter_at_80x24(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("slash", *"tag:vqe age<2")
        await settled(pilot)

    assert snap_compare(make_app(), run_before=work)


def test_columns_dialog_at_80x24(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("o")
        await dialog(pilot, ChooseColumns)
        await pilot.press("down", "space", "J", "plus")
        await settled(pilot)

    assert snap_compare(make_app(), run_before=work)


async def test_job_table_sorts_by_key_and_by_head() -> None:
    async with running() as pilot:
        await pilot.press("s")
        await dialog(pilot, Pick)
        await pilot.press("up", "up", "up", "up", "up", "enter")
        await settled(pilot)
        assert names(pilot) == ["bell", "ghz-12", "odd", "qft-18", "vqe-step-7", "zz", ""]
        assert "NAME▲" in screen_text(pilot)
        await pilot.press("S")
        await settled(pilot)
        assert names(pilot) == ["zz", "vqe-step-7", "qft-18", "odd", "ghz-12", "bell", ""]
        column = screen_text(pilot).splitlines()[HEAD_LINE].index("STATUS")
        await pilot.click(offset=(column, HEAD_LINE))
        await settled(pilot)
        assert names(pilot) == ["vqe-step-7", "ghz-12", "odd", "qft-18", "bell", "zz", ""]
        await pilot.click(offset=(column, HEAD_LINE))
        await settled(pilot)
        assert names(pilot)[0] == ""
        assert "STATUS▼" in screen_text(pilot)


async def test_job_table_keeps_cursor_and_marks_on_their_jobs() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("down", "space")
        cursor, marked = table_of(pilot).cursor_key, table_of(pilot).marked
        assert marked == (jobs()[1].id,)
        await pilot.press("S")
        await settled(pilot)
        services.change(replace(jobs()[0], id="new", name="new"))
        await settled(pilot)
        assert table_of(pilot).cursor_key == cursor
        assert table_of(pilot).marked == marked
        line = next(line for line in screen_text(pilot).splitlines() if "ghz-12" in line)
        assert line.startswith(" ●")
        services.the_jobs = tuple(job for job in services.the_jobs if job.id not in marked)
        services.events.publish(JobsChanged((), marked))
        await settled(pilot)
        assert table_of(pilot).marked == ()


async def test_job_table_click_marks_selects_and_opens() -> None:
    async with running() as pilot:
        await pilot.click(offset=(0, HEAD_LINE + 2))
        assert table_of(pilot).marked == (jobs()[1].id,)
        assert table_of(pilot).cursor_key == jobs()[0].id
        await pilot.click(offset=(20, HEAD_LINE + 3))
        await settled(pilot)
        assert table_of(pilot).cursor_key == jobs()[2].id
        assert isinstance(pilot.app.screen, JobsScreen)
        await pilot.click(offset=(20, HEAD_LINE + 2), times=2)
        await settled(pilot)
        assert isinstance(pilot.app.screen, JobScreen)


async def test_job_table_marks_ranges() -> None:
    async with running() as pilot:
        ids = [job.id for job in jobs()]
        await pilot.press("space", "down", "down", "v")
        assert set(table_of(pilot).marked) == set(ids[:4])
        await pilot.press("escape")
        assert table_of(pilot).marked == ()
        await pilot.press("home", "J", "J")
        assert table_of(pilot).marked == tuple(ids[:3])
        await pilot.press("a")
        assert len(table_of(pilot).marked) == len(ids)
        await pilot.press("a")
        assert table_of(pilot).marked == ()


async def test_bulk_cancel_asks_once_with_keep_focused() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("a", "c")
        await dialog(pilot, Confirm)
        assert "Cancel 3 jobs?" in screen_text(pilot)
        assert "4 marked jobs more: over already" in screen_text(pilot)
        assert isinstance(pilot.app.focused, Button) and pilot.app.focused.id == "keep"
        await pilot.press("enter")
        await settled(pilot)
        assert "cancel" not in services.names_asked()
        await pilot.press("c")
        await dialog(pilot, Confirm)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: services.names_asked().count("cancel") == 3)
        await settled(pilot)
        assert "Asked the service to cancel 3 jobs." in notices(pilot)
        assert len(table_of(pilot).marked) == 4, "what was cancelled is not meant by the next key"


async def test_bulk_cancel_mentions_hidden_marks_and_goes_on_after_a_refusal() -> None:
    services = AppServicesHarness()
    services.trouble["cancel"] = QdeckError(ErrorKind.CONFLICT, "It is over.")
    async with running(services) as pilot:
        await pilot.press("a", "slash", *"vqe", "enter")
        await settled(pilot)
        assert "7 marked (6 not shown)" in screen_text(pilot)
        await pilot.press("c")
        await dialog(pilot, Confirm)
        assert "6 of the marked are not shown by the filter" in " ".join(
            screen_text(pilot).replace("│", "").split()
        )
        await pilot.press("tab", "enter")
        await until(pilot, lambda: services.names_asked().count("cancel") == 3)
        await settled(pilot)
        assert "3 jobs failed: It is over." in notices(pilot)


async def test_bulk_action_ends_when_the_connection_is_lost() -> None:
    services = AppServicesHarness()
    services.trouble["cancel"] = QdeckError(ErrorKind.NETWORK, "The host was not reached.")
    async with running(services) as pilot:
        await pilot.press("a", "c")
        await dialog(pilot, Confirm)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "1 job failed, 2 not tried" in notices(pilot))
        assert services.names_asked().count("cancel") == 1


async def test_bulk_tags_are_added_and_removed() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("space", "space", "t")
        await dialog(pilot, Prompt)
        assert "Tags of 2 jobs" in screen_text(pilot)
        await pilot.press("minus", "enter")
        await settled(pilot)
        assert "Write a tag to add" in screen_text(pilot)
        await pilot.press("backspace", *"+new -demo", "enter")
        await until(pilot, lambda: services.names_asked().count("set_tags") == 2)
        assert ("set_tags", jobs()[0].id, ("vqe", "new")) in services.asked
        assert ("set_tags", jobs()[1].id, ("ghz", "new")) in services.asked


async def test_bulk_rerun_asks_once_and_submits_each() -> None:
    services = AppServicesHarness()
    services.the_jobs = jobs()[:3]
    services.the_params = '{"pubs": []}'
    async with running(services) as pilot:
        await pilot.press("a", "R")
        await dialog(pilot, Confirm)
        assert "Run 3 jobs again?" in screen_text(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "Ran again: 3 jobs" in notices(pilot))
        assert services.names_asked().count("submit") == 3


async def test_bulk_export_writes_to_a_folder(tmp_path: Path) -> None:
    services = AppServicesHarness()
    done = [replace(jobs()[2], id=f"j{number}", name=number * "long name ") for number in (1, 9, 12)]
    services.the_jobs = tuple(done)
    services.results = {job.id: BELL_RESULT for job in done[:2]}
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "long-name--j1.json").write_text("mine")
    async with running(services) as pilot:
        await pilot.press("a", "x")
        await dialog(pilot, ExportDialog)
        assert "qdeck-2026-03-14" in screen_text(pilot)
        await pilot.press("ctrl+u", *str(tmp_path / "out"), "enter")
        await settled(pilot)
        await until(pilot, lambda: "1 file of that name" in screen_text(pilot))
        assert (tmp_path / "out" / "long-name--j1.json").read_text() == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: "1 job failed" in notices(pilot))
    written = sorted((tmp_path / "out").iterdir())
    assert [json.loads(path.read_bytes())["sandbox"] for path in written] == [True, True]
    assert {json.loads(path.read_bytes())["job_id"] for path in written} == {"j1", "j9"}


async def test_job_table_keeps_the_rows_of_a_wrong_filter_and_says_where() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"tag:vqe")
        await settled(pilot)
        assert names(pilot) == ["vqe-step-7"]
        pilot.app.screen.query_one(Input).value = "tag:vqe age<2"
        await settled(pilot)
        lines = screen_text(pilot).splitlines()
        assert lines[HEAD_LINE + 1].index("^") == lines[HEAD_LINE].index("age<2")
        assert "age is a time" in lines[HEAD_LINE + 2]
        assert names(pilot) == ["vqe-step-7"]
        await pilot.press("end", "d", "enter")
        await settled(pilot)
        assert "1 of 7 jobs" in screen_text(pilot)
        assert table_of(pilot).has_focus


async def test_job_table_folds_groups_and_marks_whole_ones() -> None:
    async with running() as pilot:
        await pilot.press("b")
        await settled(pilot)
        assert names(pilot) == ["[s-1]", "vqe-step-7", "[]", "ghz-12", "bell", "qft-18", "zz", "", "odd"]
        await pilot.press("home", "enter")
        await settled(pilot)
        assert names(pilot)[:2] == ["[s-1]", "[]"]
        assert "▹ s-1  1 job" in screen_text(pilot)
        await pilot.press("space")
        assert table_of(pilot).marked == (jobs()[0].id,)
        await pilot.press("b", "b")
        await settled(pilot)
        assert "by tag" not in screen_text(pilot)


async def test_job_table_group_head_follows_the_status_of_its_jobs() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("b")
        await settled(pilot)
        assert "▶ running 1" in screen_text(pilot)
        services.change(replace(jobs()[0], status=JobStatus.DONE))
        await settled(pilot)
        assert "▶ running 1" not in screen_text(pilot) and "✔ done 1" in screen_text(pilot)


async def test_job_table_view_is_restored_after_a_start() -> None:
    async with running() as pilot:
        await pilot.press("o")
        await dialog(pilot, ChooseColumns)
        await pilot.press("space", "down", "J", "plus", "plus", "enter")
        await settled(pilot)
        await pilot.press("S", "b", "slash", *"status:done", "enter", "f")
        await dialog(pilot, Pick)
        await pilot.press("enter")
        await dialog(pilot, Prompt)
        await pilot.press(*"good ones", "enter")
        await settled(pilot)
    async with running() as pilot:
        assert "status:done" in screen_text(pilot).splitlines()[HEAD_LINE]
        head = screen_text(pilot).splitlines()[HEAD_LINE + 1]
        assert "STATUS" not in head and head.index("BACKEND") < head.index("NAME") and "AGE▼" in head
        assert "by session" in screen_text(pilot)
        await pilot.press("f")
        await dialog(pilot, Pick)
        assert "good ones" in screen_text(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert [name for name in names(pilot) if name != "[]"] == ["zz", "bell"]
        await pilot.press("f")
        await dialog(pilot, Pick)
        await pilot.press("d")
        await settled(pilot)
        assert "Save the filter in use" in screen_text(pilot)


async def test_job_table_reports_and_sets_aside_a_damaged_view_file(tmp_path: Path) -> None:
    folder = tmp_path / "qdeck" / "state"
    folder.mkdir(parents=True)
    (folder / "job_table.json").write_text('{"columns": 7')
    async with running() as pilot:
        assert "job_table.json could not be read" in " ".join(notices(pilot).split())
        assert "STATUS" in screen_text(pilot)
        await pilot.press("S")
        await settled(pilot)
    assert (folder / "job_table.json.damaged").read_text() == '{"columns": 7'
    assert json.loads((folder / "job_table.json").read_bytes())["order"]["descending"] is True


async def test_job_table_reports_an_unwritable_view_file(tmp_path: Path) -> None:
    (tmp_path / "qdeck").mkdir()
    (tmp_path / "qdeck" / "state").write_text("a file")
    async with running() as pilot:
        await pilot.press("S")
        await until(pilot, lambda: "This holds until you leave" in notices(pilot))
        assert names(pilot)[0] == ""


async def test_job_table_sorts_many_jobs_in_a_thread_and_shows_the_last_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(JobList, "sorts_quickly", property(lambda self: not self.filter))
    async with running() as pilot:
        await pilot.press("slash", *"status:done")
        await settled(pilot)
        assert names(pilot) == ["bell", "zz"]
        await pilot.press("escape")
        await settled(pilot)
        assert len(names(pilot)) == 7


async def test_job_table_scrollbar_covers_no_cell() -> None:
    services = AppServicesHarness()
    services.the_jobs = tuple(replace(jobs()[1], id=f"j{number}", tags=("end" * 30,)) for number in range(50))
    async with running(services) as pilot:
        line = next(line for line in screen_text(pilot).splitlines() if line.startswith("▸"))
        assert line[:-1].rstrip().endswith("…")


async def test_job_table_footer_is_one_line() -> None:
    async with running() as pilot:
        lines = screen_text(pilot).splitlines()
        assert lines[-1].rstrip() == (
            " enter Open  / Filter  space Mark  c Cancel  t Tags  x Export  s Sort  ? Help"
        )


async def test_job_table_rows_follow_the_theme() -> None:
    async with running() as pilot:
        table = table_of(pilot)
        before = [segment.style for segment in table.render_line(2)]
        pilot.app.theme = "textual-light"
        await settled(pilot)
        assert [segment.style for segment in table.render_line(2)] != before
        pilot.app.theme = "qdeck"
        await settled(pilot)
        assert [segment.style for segment in table.render_line(2)] == before
