"""Tags complete while they are typed: known ones at once, those of the service after a pause."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import jobs
from tui.common.errors import ErrorKind, QdeckError
from tui.screens.dialogs.prompt import Prompt
from tui.screens.jobs.tags import TagChanges, TagListSuggester, tag_changes, tag_changes_error
from tui.widgets.forms.inputs import completed, typable_tags

HOSTILE = ("[red]x[/]", "a,b", "\x1b[31mred", "x" * 5000, " space", "-minus", "‮abc", "ok")


class SlowClock:
    """Notes the pauses, which take as long as the test wants."""

    def __init__(self) -> None:
        self.rests = asyncio.Semaphore(0)
        self.pauses = 0

    async def sleep(self, seconds: float) -> None:
        self.pauses += 1
        await self.rests.acquire()


def suggester(
    known: tuple[str, ...], answers: dict[str, tuple[str, ...]] | None = None
) -> tuple[TagListSuggester, list[str]]:
    """A suggester and what it asks; no pause takes time."""
    asked: list[str] = []

    async def search(text: str) -> tuple[str, ...]:
        asked.append(text)
        if answers is None:
            raise QdeckError(ErrorKind.NETWORK, "The host was not reached.")
        return answers.get(text, ())

    class Clock:
        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(0)

    return TagListSuggester(known, search, Clock()), asked  # type: ignore[arg-type]  # it only sleeps


async def test_tag_suggester_completes_from_known_tags() -> None:
    completing, asked = suggester(("vqe-h2", "demo", "VQE"), {})
    assert await completing.get_suggestion("v") == "vqe-h2"
    assert await completing.get_suggestion("a, De") == "a, demo"
    assert await completing.get_suggestion("vqe-h2, v") == "vqe-h2, VQE"
    assert await completing.get_suggestion("a, -de") == "a, -demo"
    assert await completing.get_suggestion("a,") is None
    assert await completing.get_suggestion("") is None
    assert not asked


async def test_tag_suggester_asks_the_service_once() -> None:
    completing, asked = suggester((), {"run": ("rerun", "run-7", "run-8", "run,9")})
    assert await completing.get_suggestion("ru") is None
    assert await completing.get_suggestion("run") == "run-7"
    assert await completing.get_suggestion("run-8") is None
    assert await completing.get_suggestion("runs") is None
    assert await completing.get_suggestion("x, rer") == "x, rerun"
    assert asked == ["run"]


async def test_tag_suggester_stops_silently_after_an_error() -> None:
    completing, asked = suggester(("demo",), None)
    assert await completing.get_suggestion("abc") is None
    assert await completing.get_suggestion("xyz") is None
    assert await completing.get_suggestion("de") == "demo"
    assert asked == ["abc"]


async def test_tag_suggester_waits_for_a_pause_in_typing() -> None:
    asked: list[str] = []

    async def search(text: str) -> tuple[str, ...]:
        asked.append(text)
        return ("wxyz-1",)

    clock = SlowClock()
    completing = TagListSuggester((), search, clock)  # type: ignore[arg-type]  # it only sleeps
    first = asyncio.ensure_future(completing.get_suggestion("wxy"))
    second = asyncio.ensure_future(completing.get_suggestion("wxyz"))
    await asyncio.sleep(0)
    clock.rests.release()
    clock.rests.release()
    assert await first is None
    assert await second == "wxyz-1"
    assert asked == ["wxyz"]


def test_tag_suggester_leaves_out_tags_that_cannot_be_typed() -> None:
    assert typable_tags(HOSTILE) == ["[red]x[/]", "ok"]
    assert completed("[r", typable_tags(HOSTILE)) == "[red]x[/]"
    assert completed("ok", typable_tags(HOSTILE)) is None


def field(pilot: Pilot[None]) -> Input:
    """What is typed in."""
    return pilot.app.screen.query_one(Input)


async def opened(pilot: Pilot[None]) -> None:
    """Ask for tags."""
    await pilot.press("t")
    await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
    await settled(pilot)


def test_tag_suggestion_at_80x24(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()
    services.the_tags = ("[red]x[/]",)

    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await opened(pilot)
        await pilot.press(*", [red")
        await settled(pilot)

    assert snap_compare(make_app(services), run_before=work)


async def test_tag_suggestion_is_accepted_by_tab_or_right() -> None:
    services = AppServicesHarness()
    services.the_tags = ("run-7",)
    async with running(services) as pilot:
        await opened(pilot)
        await pilot.press(*"+gh")
        await settled(pilot)
        await pilot.press("tab")
        assert field(pilot).value == "+ghz"
        await pilot.press(*" -vqe run")
        await settled(pilot)
        assert services.asked[-1] == ("tags_like", "run")
        await pilot.press("right", "enter")
        await settled(pilot)
        await until(pilot, lambda: ("set_tags", jobs()[0].id, ("ghz", "run-7")) in services.asked)


async def test_tag_dialog_tab_without_a_suggestion_stays() -> None:
    async with running() as pilot:
        await opened(pilot)
        await pilot.press("x", "tab")
        await settled(pilot)
        assert field(pilot).value == "x"
        assert field(pilot).has_focus


async def test_bulk_tags_use_the_completion() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("J")
        await opened(pilot)
        await pilot.press(*"-de")
        await settled(pilot)
        await pilot.press("right")
        assert field(pilot).value == "-demo"


async def test_filter_completes_its_last_tag() -> None:
    services = AppServicesHarness()
    services.the_jobs = (*services.the_jobs, replace(jobs()[5], tags=("two words", "zeta")))
    async with running(services) as pilot:
        await pilot.press("slash")
        await settled(pilot)
        await pilot.press(*"status:queued -tag:vqe,de")
        await settled(pilot)
        await pilot.press("tab")
        await settled(pilot)
        assert field(pilot).value == "status:queued -tag:vqe,demo"
        await pilot.press(*" tag:tw")
        await settled(pilot)
        assert not field(pilot)._suggestion, "a tag with a space would have to be quoted"


async def test_tag_suggestion_makes_foreign_text_plain() -> None:
    services = AppServicesHarness()
    services.the_jobs = (replace(jobs()[2], tags=HOSTILE[:1] + HOSTILE[2:]), *jobs()[3:])
    async with running(services, size=(200, 50)) as pilot:
        await opened(pilot)
        assert "[red]x[/]" in screen_text(pilot)
        assert "␛[31mred" in screen_text(pilot)
        field(pilot).value = "\x1b[31mred"
        await pilot.press("home", "right", "right", "Z")
        await settled(pilot)
        assert "␛[Z31mred" in screen_text(pilot)
        for strip in pilot.app.screen._compositor.render_strips():
            assert all(character.isprintable() for character in strip.text)
        await pilot.press("ctrl+a", "end", "ctrl+u", "enter")
        await settled(pilot)
        assert "set_tags" not in services.names_asked(), "nothing was changed"


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("+a -b c", TagChanges(("a", "c"), ("b",))),
        ("a,b", TagChanges(("a", "b"))),
        ('+"two words" -"x y', TagChanges(("two words",), ("x y",))),
        ("-* new", TagChanges(("new",), (), True)),
        ("run-7 slurm:12", TagChanges(("run-7", "slurm:12"))),
        ("  ", TagChanges()),
        ("+ -", TagChanges()),
    ],
)
def test_tag_changes_of_a_line(text: str, changes: TagChanges) -> None:
    assert tag_changes(text) == changes


def test_tag_changes_keep_what_is_not_named() -> None:
    assert tag_changes("+new -old a").after(("a", "old", "b")) == ("a", "b", "new")
    assert tag_changes("-* z").after(("a", "b")) == ("z",)


def test_tag_changes_that_cannot_be_are_said() -> None:
    assert "to be added and to be taken away" in tag_changes_error("a -a")
    assert "Write a tag" in tag_changes_error("- +")
    assert "characters" in tag_changes_error("x" * 500)
    assert "too many" in tag_changes_error(" ".join(f"t{number}" for number in range(100)))


async def test_tags_of_one_job_change_by_command_and_on_its_page() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("colon", *"tags +ne -v", "tab", "enter")
        await until(pilot, lambda: ("set_tags", jobs()[0].id, ("ne",)) in services.asked)
        await pilot.press("enter")
        await settled(pilot)
        await opened(pilot)
        await pilot.press(*"more", "enter")
        await until(pilot, lambda: ("set_tags", jobs()[0].id, ("ne", "more")) in services.asked)


async def test_tags_that_are_so_already_change_nothing() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("colon", *"tag vqe", "enter")
        await settled(pilot)
        assert "like that already" in notices(pilot)
        assert "set_tags" not in services.names_asked()
