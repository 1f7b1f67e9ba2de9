"""The views of the candidate under review: keys, what is worked out and kept, gates marked across views."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual.pilot import Pilot

from tests.support.app import app_of, running, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL_ISA, bell_candidate
from tests.support.devices import recorded_data
from tests.support.review import transpiled
from tui.common.errors import ErrorKind, QdeckError
from tui.screens.transpile.screen import TranspileScreen
from tui.screens.transpile.submit import SubmitPane
from tui.screens.transpile.views import CandidateViews
from tui.widgets.circuit.diagram_view import DiagramView
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.circuit.timeline import Timeline
from tui.widgets.maps.chip_map import ChipMap


async def reviewed(pilot: Pilot[None]) -> TranspileScreen:
    """The review with the focus on its table, so that keys are not typed into a field."""
    screen = await transpiled(pilot)
    screen.query_one("#candidates").focus()
    return screen


async def test_keys_show_the_views_and_the_form_makes_room() -> None:
    async with running() as pilot:
        screen = await reviewed(pilot)
        for key, words in (
            ("1", "[1 Map]"),
            ("4", "cx $14, $13;"),
            ("5", "1→13 "),
            ("3", "▓▓"),
            ("2", "before"),
        ):
            await pilot.press(key)
            await until(pilot, lambda words=words: shows(pilot, words))  # type: ignore[misc]
            assert not screen.query_one(SubmitPane).display
        await pilot.press("2")
        await until(pilot, lambda: shows(pilot, "Primitive"))


async def test_f9_brings_the_form_back_before_it_submits() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await reviewed(pilot)
        await pilot.press("4")
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "Primitive"))
        assert screen.query_one(SubmitPane).display and "submit" not in services.names_asked()


async def test_timeline_is_asked_for_when_it_is_looked_at_and_kept() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await reviewed(pilot)
        assert "timeline" not in services.names_asked()
        for key in ("3", "2", "3", "5", "3"):
            await pilot.press(key)
            await settled(pilot)
        assert services.names_asked().count("timeline") == 1
        assert [one for one in services.asked if one[0] == "diagram"] == [("diagram", BELL_ISA, (14, 13))]


async def test_views_never_wait_for_the_compiler() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await reviewed(pilot)
        services.gate = asyncio.Event()
        await pilot.press("3")
        await pilot.press("4")
        assert shows(pilot, "cx $14, $13;")
        services.gate.set()


async def test_timeline_that_cannot_be_made_says_why() -> None:
    services = AppServicesHarness()
    services.timeline = QdeckError(ErrorKind.CIRCUIT, "The device does not tell how long h takes.")
    async with running(services) as pilot:
        await reviewed(pilot)
        await pilot.press("3")
        await until(pilot, lambda: shows(pilot, "does not tell how long h takes"))


async def test_gate_marked_in_the_timeline_is_marked_in_the_program() -> None:
    async with running(size=(200, 60)) as pilot:
        screen = await reviewed(pilot)
        await pilot.press("4")
        await pilot.press("3")
        await until(pilot, lambda: shows(pilot, "arrows mark a gate"))
        await pilot.press("right")
        await until(pilot, lambda: shows(pilot, "cx 0→14, 1→13 at 0.10 µs for 500 ns · line 7"))
        program = screen.query_one("#view-program", QasmEditor)
        await until(pilot, lambda: program.selected_text == "cx $14, $13;")


async def test_gate_marked_before_the_timeline_was_looked_at_is_marked_there() -> None:
    async with running() as pilot:
        await reviewed(pilot)
        await pilot.press("5")
        await until(pilot, lambda: shows(pilot, "1→13 "))
        await pilot.press("right", "3")
        await until(pilot, lambda: shows(pilot, "sx 0→14 at 0.00 µs", "line 5"))


async def test_gate_marked_in_the_program_is_marked_in_the_timeline() -> None:
    async with running(size=(200, 60)) as pilot:
        screen = await reviewed(pilot)
        await pilot.press("3")
        await until(pilot, lambda: shows(pilot, "arrows mark a gate"))
        await pilot.press("4")
        for _ in range(7):
            await pilot.press("down")
        await until(pilot, lambda: screen.query_one(Timeline).marked is not None)
        marked = screen.query_one(Timeline).marked
        assert marked is not None and (marked.name, marked.line) == ("measure", 8)


async def test_gate_chosen_in_one_view_is_marked_in_all_others() -> None:
    """Timeline, program, drawing, map, original: each chooses, the others show it."""
    services = AppServicesHarness()
    services.device_data = {"ibm_peekskill": recorded_data("ibm_peekskill")}
    async with running(services, size=(200, 60)) as pilot:
        screen = await reviewed(pilot)
        program, original = (screen.query_one(name, QasmEditor) for name in ("#view-program", "#original"))
        timeline, drawing = screen.query_one(Timeline), screen.query_one(DiagramView)
        chip = screen.query_one(ChipMap)
        await until(pilot, lambda: shows(pilot, "1→13 ", "arrows mark a gate", "0→14"))

        def marks() -> tuple[str, int, int, int | None, frozenset[int]]:
            """Line of program, timeline and drawing, first qubit on the map, lines of the original."""
            in_time = timeline.marked
            lines = in_time.line if in_time else 0, drawing.chosen_line
            return program.selected_text, *lines, chip.qubit, frozenset(row + 1 for row in original._pointed)

        cx = ("cx $14, $13;", 7, 7, 14, frozenset({6, 7}))
        await pilot.press("3", "right")
        await until(pilot, lambda: marks() == cx)
        assert chip._marked == {13}
        await pilot.press("5", "down", "right")
        await until(pilot, lambda: marks()[1:4] == (8, 8, 14))
        await pilot.press("left")
        await until(pilot, lambda: marks() == cx)
        await pilot.press("4", "down", "down")
        await until(pilot, lambda: marks()[1:] == (9, 9, 13, frozenset({6, 7})))
        await pilot.press("1", "home")
        await pilot.click(ChipMap, offset=_place_of(chip, 14))
        await until(pilot, lambda: marks()[:4] == ("rz(pi/2) $14;", 4, 4, 14))
        original.focus()
        original.move_cursor((5, 0))
        await until(pilot, lambda: marks()[:4] == cx[:4])


def _place_of(chip: ChipMap, qubit: int) -> tuple[int, int]:
    """Cell of a qubit within the map's widget."""
    left, line, _ = chip.drawing.region(qubit)
    gutter = chip.gutter
    return left - chip.scroll_offset.x + gutter.left, line - chip.scroll_offset.y + gutter.top


async def test_wide_and_high_screens_show_several_views_at_once() -> None:
    async with running(size=(200, 60)) as pilot:
        screen = await reviewed(pilot)
        views = screen.query_one(CandidateViews)
        assert [pane.id for pane in views.query_one("#view-panes").children if pane.display] == [
            "view-map",
            "view-changes",
            "view-timeline",
            "view-program",
            "view-drawing",
        ]
        assert screen.query_one(SubmitPane).display
        await pilot.press("5")
        await until(pilot, lambda: shows(pilot, "1→13 "))
        assert screen.query_one(SubmitPane).display


async def test_losses_and_warnings_are_shown_with_the_candidate() -> None:
    services = AppServicesHarness()
    warnings = tuple(f"Warning number {number}." for number in range(9))
    services.candidate = replace(bell_candidate(), warnings=warnings)
    async with running(services) as pilot:
        await reviewed(pilot)
        assert shows(pilot, "fidelity lost to synthesis 1 %", "Warning number 0.", "and more")
        assert shows(pilot, "a rank, not a promise")
        assert app_of(pilot).workspace.candidate is not None


async def test_changes_list_every_warning() -> None:
    services = AppServicesHarness()
    warnings = tuple(f"Warning number {number}." for number in range(9))
    services.candidate = replace(bell_candidate(), warnings=warnings)
    async with running(services, size=(80, 40)) as pilot:
        await reviewed(pilot)
        await pilot.press("2")
        await until(pilot, lambda: shows(pilot, "Warning number 8."))
