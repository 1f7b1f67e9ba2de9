"""The circuits on the job page: drawn, fetched, of every PUB, and how they were transpiled."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pygments.lexer import RegexLexer
from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import bell_candidate
from tests.support.devices import recorded_data
from tests.support.fixed_values import NOW, jobs
from tests.support.job_page import BELL, VALUES, open_page
from tui.domain.circuits import TranspileOptions
from tui.openqasm.lexers import State, TokenSpan, lex_line
from tui.widgets.circuit.diagram_view import DiagramView
from tui.widgets.circuit.program_pane import ProgramPane
from tui.widgets.maps.chip_map import ChipMap


async def _open_circuit(pilot: Pilot[None]) -> None:
    await open_page(pilot, BELL)
    await pilot.press("5")
    await settled(pilot)


def test_job_page_circuit_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), run_before=_open_circuit)


async def _mark_a_gate(pilot: Pilot[None]) -> None:
    await _open_circuit(pilot)
    await pilot.press("down", "right", "right", "right")
    await settled(pilot)


def test_job_page_linked_circuits_at_120x40(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()
    services.transpiled_here(jobs()[BELL].id, bell_candidate().transpilation)
    assert snap_compare(make_app(services), terminal_size=(120, 40), run_before=_mark_a_gate)


def test_job_page_linked_circuits_and_map_at_200x60(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()
    services.transpiled_here(jobs()[BELL].id, bell_candidate().transpilation)
    services.device_data = services.past_data = {"ibm_peekskill": recorded_data("ibm_peekskill")}
    assert snap_compare(make_app(services), terminal_size=(200, 60), run_before=_mark_a_gate)


def test_job_page_linked_circuits_without_colours(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    services = AppServicesHarness()
    services.transpiled_here(jobs()[BELL].id, bell_candidate().transpilation)
    assert snap_compare(make_app(services), terminal_size=(120, 40), run_before=_mark_a_gate)


async def test_gate_chosen_on_the_job_page_is_marked_in_both_circuits_and_on_the_map() -> None:
    """Diagrams, texts and map: each chooses, the others show it; Enter goes from gate to line and back."""
    services = AppServicesHarness()
    services.transpiled_here(jobs()[BELL].id, bell_candidate().transpilation)
    services.device_data = services.past_data = {"ibm_peekskill": recorded_data("ibm_peekskill")}
    async with running(services, size=(200, 60)) as pilot:
        await open_page(pilot, BELL)
        await pilot.press("5")
        await until(pilot, lambda: "M→c1" in screen_text(pilot) and "◉" not in screen_text(pilot))
        screen = pilot.app.screen
        programs = [screen.query_one(f"#{side}-program", ProgramPane) for side in ("submitted", "original")]
        diagrams = [screen.query_one(f"#{side}-diagram", DiagramView) for side in ("submitted", "original")]
        chip = screen.query_one(ChipMap)
        await until(pilot, lambda: chip.display and chip.qubit is not None)

        def marks() -> tuple[int, int, int, frozenset[int], int | None]:
            """Line of gate and of text, first gate and lines of the original, first qubit on the map."""
            drawn, text, first = diagrams[0].chosen_line, programs[0].chosen_line, diagrams[1].chosen_line
            return drawn, text, first, programs[1].pointed, chip.qubit

        cx = (7, 7, 6, frozenset({6, 7}), 13)
        await pilot.press("down", "right", "right", "right")
        await until(pilot, lambda: marks() == cx)
        assert "line 7 on qubits 13, 14" in screen_text(pilot)
        assert "lines 6, 7 on the same qubits" in screen_text(pilot)
        await pilot.press("enter", "down")
        await until(pilot, lambda: programs[0].has_focus and marks()[:2] == (8, 8) and chip.qubit == 14)
        await pilot.press("up", "enter")
        await until(pilot, lambda: diagrams[0].has_focus and marks()[:4] == cx[:4])
        chip.focus()
        await pilot.press("left")
        await until(pilot, lambda: chip.qubit not in (13, 14))
        chip.move_to(14)
        await until(pilot, lambda: marks() == (4, 4, 5, frozenset({5, 6, 7}), 14))
        await pilot.press("6")
        await until(pilot, lambda: diagrams[1].has_focus)
        await pilot.press("right")
        await until(pilot, lambda: marks()[:3] == (7, 7, 6) and chip.qubit == 14)


async def test_gate_chosen_on_a_narrow_page_is_marked_when_the_other_views_are_looked_at() -> None:
    services = AppServicesHarness()
    services.transpiled_here(jobs()[BELL].id, bell_candidate().transpilation)
    services.device_data = services.past_data = {"ibm_peekskill": recorded_data("ibm_peekskill")}
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        await pilot.press("5")
        await until(pilot, lambda: "M→c1" in screen_text(pilot))
        await pilot.press("down", "right", "right", "right", "6")
        await until(pilot, lambda: "▸6 cx q[0], q[1];" in screen_text(pilot))
        await pilot.press("4", "m")
        chip = pilot.app.screen.query_one(ChipMap)
        await until(pilot, lambda: chip.display and chip.qubit == 13)


def test_job_page_circuit_without_colours(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(), run_before=_open_circuit)


@pytest.mark.parametrize("ends", ["\n", " "])
async def test_job_page_lexes_only_visible_lines_of_a_long_circuit(
    ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lexed: list[str] = []

    def seen(lexer: RegexLexer, text: str, state: State) -> tuple[list[TokenSpan], State]:
        lexed.append(text)
        return lex_line(lexer, text, state)

    monkeypatch.setattr("tui.openqasm.highlighter.lex_line", seen)
    services = AppServicesHarness()
    circuit = "OPENQASM 3.0;" + ends + ends.join(f"rz({n}) $5;" for n in range(10_000))
    services.the_jobs = tuple(replace(job, circuit=circuit) for job in services.the_jobs)
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        for keys, expected in (
            ("5", "rz(3) $5;"),
            ("enter G", "rz(9999) $5;"),
            ("pageup pageup", "rz(9985) $5;"),
        ):
            lexed.clear()
            await pilot.press(*keys.split())
            await settled(pilot)
            assert expected in screen_text(pilot)
            assert len(lexed) < 150


async def test_job_page_fetches_and_draws_a_circuit_from_elsewhere() -> None:
    services = AppServicesHarness()
    services.the_circuits[jobs()[VALUES].id] = ("OPENQASM 3.0; // from a script",)
    async with running(services) as pilot:
        await open_page(pilot, VALUES)
        await pilot.press("5")
        await settled(pilot)
        shown = screen_text(pilot)
        assert "─H─" in shown and "from a script" in shown


async def test_job_page_says_why_a_circuit_is_missing() -> None:
    async with running() as pilot:
        await open_page(pilot, VALUES)
        await pilot.press("5")
        await settled(pilot)
        assert "hold no circuit" in screen_text(pilot)


async def test_job_page_pages_through_the_circuits_of_several_pubs() -> None:
    services = AppServicesHarness()
    job = jobs()[BELL]
    services.the_circuits[job.id] = tuple(f"OPENQASM 3.0; // circuit {number}" for number in range(3))
    services.change(replace(job, source="", circuits=20))
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        await pilot.press("n", "5")
        await settled(pilot)
        assert "PUB 1 of 20" in screen_text(pilot) and "// circuit 0" in screen_text(pilot)
        assert "3 can be shown" in screen_text(pilot)
        await pilot.press("n")
        await settled(pilot)
        assert "PUB 2 of 20" in screen_text(pilot) and "// circuit 1" in screen_text(pilot)
        await pilot.press("p", "p")
        await settled(pilot)
        assert "PUB 3 of 20" in screen_text(pilot) and "// circuit 2" in screen_text(pilot)
        assert services.names_asked().count("submitted") == 1


async def test_job_page_says_how_the_circuit_was_transpiled_here() -> None:
    services = AppServicesHarness()
    bell = jobs()[BELL]
    told = replace(bell_candidate(), options=TranspileOptions(2, 42), final_layout=(13, 14), at=NOW)
    services.transpiled_here(bell.id, told.transpilation)
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        (fact,) = (row for row in screen_text(pilot).splitlines() if "transpiled" in row)
        for words in ("level 2, here, seed 42", "2q 1 → 1", "depth 3 → 5", "success 97.2 %"):
            assert words in fact
        await pilot.press("7")
        await settled(pilot)
        await pilot.press("end")
        await settled(pilot)
        shown = screen_text(pilot)
        assert "0→14  1→13" in shown and "0→13  1→14" in shown
        assert "size" in shown and "4 → 6" in shown


async def test_job_page_of_a_job_from_elsewhere_has_no_transpilation() -> None:
    async with running() as pilot:
        await open_page(pilot, BELL)
        await pilot.press("7")
        await settled(pilot)
        assert "transpiled" not in screen_text(pilot)


async def test_job_page_says_when_the_source_was_evicted() -> None:
    services = AppServicesHarness()
    bell = jobs()[BELL]
    services.change(replace(bell, source=""))
    services.transpiled_here(bell.id, bell_candidate().transpilation)
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        await pilot.press("6")
        await settled(pilot)
        assert "was let go" in screen_text(pilot)


async def test_edit_fetches_a_circuit_unknown_here() -> None:
    services = AppServicesHarness()
    bell = jobs()[BELL]
    services.change(replace(bell, source="", circuit=""))
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        services.the_circuits[bell.id] = ("OPENQASM 3; // from there",)
        await pilot.press("e")
        await until(pilot, lambda: pilot.app.current_mode == "editor")
        assert "from there" in screen_text(pilot)
