"""The job table: live, found by words, kept under the cursor."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from rich.console import RenderableType
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Button, Input

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import NOW, jobs
from tui.app import QDeckApp
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import JobStatus
from tui.domain.results import JobResult
from tui.monitor.state.events import Freshness, FreshnessChanged, JobsChanged
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.prompt import Prompt
from tui.screens.jobs.detail import JobScreen
from tui.screens.jobs.screen import JobsScreen
from tui.widgets.tables.job_table import JobTable
from tui.widgets.tables.row_table import RowTable


async def _ready(pilot: Pilot[None]) -> None:
    await settled(pilot)


def test_jobs_table_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), terminal_size=(80, 24), run_before=_ready)


def test_jobs_table_at_120x40(snap_compare: SnapCompare) -> None:
    async def on_bell(pilot: Pilot[None]) -> None:
        await pilot.press("down", "down")
        await settled(pilot)

    assert snap_compare(make_app(), terminal_size=(120, 40), run_before=on_bell)


def test_jobs_offline_at_80x24(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()
    error = QdeckError(ErrorKind.NETWORK, "The host was not reached.")
    services.connection.freshness = Freshness(NOW, NOW, error)
    assert snap_compare(make_app(services), run_before=_ready)


async def test_jobs_new_job_leaves_the_cursor_on_its_job() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        table = pilot.app.screen.query_one(RowTable)
        await pilot.press("down", "down")
        before = table.cursor_key
        services.change(replace(jobs()[0], id="new", name="newest"))
        await settled(pilot)
        assert table.cursor_key == before
        assert table.keys[0] == "new"
        assert "newest" in screen_text(pilot)


async def test_jobs_removed_job_leaves_the_cursor_in_place() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        table = pilot.app.screen.query_one(RowTable)
        await pilot.press("down")
        gone, after = table.keys[1], table.keys[2]
        services.the_jobs = tuple(job for job in services.the_jobs if job.id != gone)
        services.events.publish(JobsChanged((), (gone,)))
        await settled(pilot)
        assert table.cursor_key == after


async def test_jobs_scrolled_table_stands_still_when_jobs_come() -> None:
    services = AppServicesHarness()
    services.the_jobs = tuple(
        replace(jobs()[1], id=f"j{number:03}", name=f"n{number:03}") for number in range(200)
    )
    async with running(services) as pilot:
        table = pilot.app.screen.query_one(RowTable)
        await pilot.press("pagedown", "pagedown", "pagedown")
        await settled(pilot)
        line = next(line for line in screen_text(pilot).splitlines() if line.startswith("▸"))
        place = screen_text(pilot).splitlines().index(line)
        services.change(replace(jobs()[1], id="new", name="new"))
        await settled(pilot)
        assert screen_text(pilot).splitlines()[place] == line
        assert table.keys[0] == "new"


async def test_jobs_show_a_changed_status() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        assert "◔ queued" in screen_text(pilot)
        services.change(replace(jobs()[1], status=JobStatus.CANCELLED))
        await settled(pilot)
        assert "◔ queued" not in screen_text(pilot)


async def test_jobs_filter_searches_any_field_and_escape_drops_it() -> None:
    async with running() as pilot:
        table = pilot.app.screen.query_one(RowTable)
        await pilot.press("slash", *"GHZ pee", "enter")
        await settled(pilot)
        assert [services_job.name for services_job in jobs() if services_job.id in table.keys] == ["ghz-12"]
        assert table.has_focus
        await pilot.press("escape")
        await settled(pilot)
        assert len(table.keys) == len(jobs())


async def test_jobs_filter_without_a_match_says_so() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"[red]nothing", "enter")
        await settled(pilot)
        assert "No job fits “[red]nothing”" in screen_text(pilot)


async def test_preview_shows_the_result_of_the_job_under_the_cursor() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("down", "down")
        await until(pilot, lambda: "49.6 %" in screen_text(pilot))
        assert "47.9 %" in screen_text(pilot)
        await pilot.press("up", "down")
        await settled(pilot)
        assert services.names_asked().count("result") == 1


async def test_jobs_burst_of_changes_is_one_repaint(monkeypatch: pytest.MonkeyPatch) -> None:
    services = AppServicesHarness()
    services.the_jobs = tuple(
        replace(jobs()[1], id=f"j{number:03}", name=f"n{number:03}") for number in range(500)
    )
    async with running(services) as pilot:
        painted: list[object] = []
        real = pilot.app._display

        def display(screen: Screen[object], renderable: RenderableType | None) -> None:
            if renderable is not None:
                painted.append(renderable)
            real(screen, renderable)

        monkeypatch.setattr(pilot.app, "_display", display)
        services.change(*(replace(job, status=JobStatus.FAILED, reason="No.") for job in services.the_jobs))
        await until(pilot, lambda: screen_text(pilot).count("failed") >= 10)
        await settled(pilot)
        assert len(painted) == 1
        # Nor does a change of what nobody sees paint anything.
        painted.clear()
        services.change(*(replace(job, instance="another") for job in services.the_jobs))
        await settled(pilot)
        assert painted == []


async def test_preview_leaves_a_large_result_until_the_job_is_opened() -> None:
    services = AppServicesHarness()
    bell = jobs()[2].id
    services.large_results = {bell}
    async with running(services) as pilot:
        await pilot.press("down", "down")
        await until(pilot, lambda: "large result: enter fetches it" in screen_text(pilot))
        services.change(replace(jobs()[0], shots=7))
        await settled(pilot)
        assert services.asked.count(("result", bell)) == 1
        await pilot.press("enter")
        await settled(pilot)
        assert "49.6 %" in screen_text(pilot)
        # The services keeps it now.
        services.large_results = set()
        await pilot.press("escape")
        await until(pilot, lambda: "49.6 %" in screen_text(pilot))


async def test_preview_asks_again_for_a_result_that_failed() -> None:
    services = AppServicesHarness()
    bell = jobs()[2].id
    services.trouble["result"] = QdeckError(ErrorKind.NETWORK, "The host was not reached.")
    async with running(services) as pilot:
        await pilot.press("down", "down")
        await until(pilot, lambda: "The host was not reached." in screen_text(pilot))
        services.change(replace(jobs()[0], shots=7))
        await settled(pilot)
        assert services.asked.count(("result", bell)) == 1
        services.trouble.clear()
        services.events.publish(FreshnessChanged(Freshness(NOW)))
        await until(pilot, lambda: "49.6 %" in screen_text(pilot))


async def test_preview_asks_once_for_a_result_on_its_way() -> None:
    services = AppServicesHarness()
    answer = asyncio.Event()
    real = services.jobs.result

    async def slow(job_id: str, *, by_itself: bool = False, short: bool = False) -> JobResult:
        result = await real(job_id, by_itself=by_itself)
        await answer.wait()
        return result

    services.jobs.result = slow  # type: ignore[method-assign]  # a service that takes its time
    async with running(services) as pilot:
        await pilot.press("down", "down")
        await until(pilot, lambda: "result" in services.names_asked())
        for shots in range(5):
            services.change(replace(jobs()[0], shots=shots))
            await pilot.pause()
        answer.set()
        await until(pilot, lambda: "49.6 %" in screen_text(pilot))
        assert services.names_asked().count("result") == 1


async def test_preview_shows_why_a_job_failed() -> None:
    async with running() as pilot:
        await pilot.press("down", "down", "down")
        await settled(pilot)
        assert "The instruction cp on qubits (0, 1)" in screen_text(pilot)


async def test_jobs_cancel_asks_with_the_harmless_button_focused() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        assert isinstance(pilot.app.focused, Button) and pilot.app.focused.id == "keep"
        await pilot.press("enter")
        await settled(pilot)
        assert "cancel" not in services.names_asked()
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: ("cancel", jobs()[0].id) in services.asked)


async def test_jobs_refused_cancel_is_reported_as_plain_text() -> None:
    services = AppServicesHarness()
    services.trouble["cancel"] = QdeckError(
        ErrorKind.CONFLICT, "The job [red]is[/] over.", "Look at its result with enter."
    )
    async with running(services) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "The job [red]is[/] over." in screen_text(pilot))
        assert "Look at its result with enter." in screen_text(pilot)


async def test_jobs_cancel_that_came_too_late_is_no_failure() -> None:
    services = AppServicesHarness()
    services.trouble["cancel"] = QdeckError(ErrorKind.CONFLICT, "Job cannot be cancelled.")
    async with running(services) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        # It ends while the question is open, and nobody has heard of it.
        first = services.the_jobs[0]
        services.the_jobs = (replace(first, status=JobStatus.DONE), *services.the_jobs[1:])
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "is already done: the cancel came too late" in screen_text(pilot))
        assert "cannot be cancelled" not in screen_text(pilot)


async def test_jobs_finished_job_is_not_cancelled() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("down", "down", "c")
        await until(pilot, lambda: "nothing to cancel" in screen_text(pilot))
        assert "cancel" not in services.names_asked()


async def test_jobs_tags_are_checked_in_place_and_set() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
        field = pilot.app.screen.query_one(Input)
        assert field.value == ""
        assert "Now: vqe." in screen_text(pilot)
        field.value = "a,b,c,d,e,f,g,h,i"
        await pilot.press("enter")
        await settled(pilot)
        assert "at most 8" in screen_text(pilot)
        field.value = " -* one , two,one "
        await pilot.press("enter")
        await until(pilot, lambda: ("set_tags", jobs()[0].id, ("one", "two")) in services.asked)
        await settled(pilot)
        assert "one two" in screen_text(pilot)


async def test_jobs_enter_opens_the_job_and_escape_returns() -> None:
    async with running() as pilot:
        await pilot.press("down", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, JobScreen)
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen.query_one(RowTable).cursor_key == jobs()[1].id


async def test_jobs_empty_table_names_the_next_key() -> None:
    services = AppServicesHarness()
    services.the_jobs = ()
    async with running(services) as pilot:
        assert "No jobs yet." in screen_text(pilot)
        assert "F3 opens the editor" in screen_text(pilot)
        services.change(*jobs())
        await settled(pilot)
        assert "ghz-12" in screen_text(pilot)
        assert pilot.app.screen.query_one(RowTable).has_focus


async def test_jobs_hostile_text_is_shown_as_text() -> None:
    services = AppServicesHarness()
    hostile = replace(
        jobs()[0],
        name="[red]x[/]\x1b[31m\u202e",
        tags=("[/]", "\x07bell"),
        reason="\x1b]52;c;AAAA\x07",
        backend="[@click=app.quit]b[/]",
    )
    services.the_jobs = (hostile,)
    async with running(services, size=(120, 40)) as pilot:
        text = screen_text(pilot)
        assert "[red]x[/]␛[31m�" in text
        assert "[/] ␇bell" in text
        assert "\x1b" not in text and "\u202e" not in text
        await pilot.press("enter")
        await settled(pilot)
        assert "[@click=app.quit]b[/]" in screen_text(pilot)


async def test_jobs_copy_goes_to_the_terminal() -> None:
    async with running() as pilot:
        await pilot.press("y")
        await settled(pilot)
        assert pilot.app.clipboard == jobs()[0].id


async def test_status_bar_follows_the_freshness() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        assert "● live" in screen_text(pilot)
        services.connection.freshness = Freshness(NOW, NOW)
        services.events.publish(FreshnessChanged(services.connection.freshness))
        await settled(pilot)
        assert "offline since 15:09" in screen_text(pilot)
        assert "ghz-12" in screen_text(pilot)


async def test_jobs_draw_only_visible_rows() -> None:
    services = AppServicesHarness()
    base = jobs()[2]
    services.the_jobs = tuple(
        replace(base, id=f"j{number}", status=JobStatus.FAILED) for number in range(20_000)
    )
    drawn: list[str] = []
    async with running(services) as pilot:
        table = pilot.app.screen.query_one(RowTable)
        cells_of = table._cells_of

        def counted(key: str) -> object:
            drawn.append(key)
            return cells_of(key)

        table._cells_of = counted  # type: ignore[assignment]  # counts, then asks the real one
        await pilot.press("end")
        await settled(pilot)
        assert table.cursor_key == "j19999"
        assert len(set(drawn)) < 100


async def test_cursor_goes_to_the_job_that_was_asked_for_and_no_page_stays_over_the_table() -> None:
    async with running() as pilot:
        app = pilot.app
        assert isinstance(app, QDeckApp)
        wanted = app.screen.query_one(JobTable).keys[-1]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, JobScreen))
        await pilot.press("f3")
        await until(pilot, lambda: app.current_mode == "editor")
        app.show_row(wanted)
        await until(
            pilot, lambda: isinstance(app.screen, JobsScreen) and app.screen.table.cursor_key == wanted
        )


async def test_job_that_the_filter_hides_is_told() -> None:
    async with running() as pilot:
        app = pilot.app
        assert isinstance(app, QDeckApp)
        table = app.screen.query_one(JobTable)
        wanted = next(key for key in table.keys if key != table.cursor_key)
        await pilot.press("slash", *"status:failed", "enter")
        await until(pilot, lambda: len(table.keys) == 1)
        hidden = wanted if wanted not in table.keys else "no-such-job"
        app.show_row(hidden)
        await until(pilot, lambda: "The job is not shown" in notices(pilot))
