"""The editor: what is typed is checked, marked, kept, opened and saved, and goes on to transpile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from math import pi

import pytest
from textual.events import Paste

from tests.support.app import app_of, running, screen_text, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL
from tests.support.editor import open_editor
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import Analysis, CheckReport, Diagnostic
from tui.domain.statistics.distributions import Distribution
from tui.screens.dialogs.prompt import Prompt
from tui.screens.editor import checks
from tui.screens.editor.checks import CheckPane
from tui.screens.editor.circuit import CircuitPane
from tui.screens.editor.screen import EditorScreen
from tui.screens.transpile.screen import TranspileScreen
from tui.screens.workspace import PendingAction

WRONG = CheckReport((Diagnostic(5, 1, "'hh' is not defined in this scope [red]"), Diagnostic(6, 4, "second")))


async def test_editor_empty_names_the_next_keys() -> None:
    async with running() as pilot:
        area = await open_editor(pilot)
        assert area.has_focus
        assert shows(pilot, "ctrl+o", "F8", "F9")


async def test_editor_checks_after_a_pause_and_keeps_the_text_in_the_workspace() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await open_editor(pilot)
        await pilot.press(*"qubit[2] q;")
        assert app_of(pilot).workspace.qasm == "qubit[2] q;"
        await until(pilot, lambda: shows(pilot, "✔ checked by Qiskit: 2 qubits, 2 bits, depth 3"))
        checks = [asked for asked in services.asked if asked[0] == "check"]
        assert checks == [("check", "qubit[2] q;")], "one check for the whole burst of keys"


async def test_editor_inserts_pasted_text_unchanged() -> None:
    async with running() as pilot:
        area = await open_editor(pilot)
        app_of(pilot).screen.post_message(Paste("[red]x q[0];[/red]\nh q[1];"))
        await until(pilot, lambda: "h q[1]" in area.text)
        assert area.text == "[red]x q[0];[/red]\nh q[1];"
        assert shows(pilot, "[red]x q[0];[/red]")


async def test_editor_lists_and_marks_errors_at_their_place() -> None:
    services = AppServicesHarness()
    services.report = WRONG
    async with running(services) as pilot:
        area = await open_editor(pilot, BELL)
        await until(
            pilot, lambda: shows(pilot, "✘ line 5, column 1: 'hh' is not defined in this scope [red]")
        )
        await until(pilot, lambda: shows(pilot, "5✘", "6✘"))
        await pilot.press("ctrl+g")
        await until(pilot, lambda: area.cursor_location == (4, 0))
        await pilot.press("ctrl+g")
        await until(pilot, lambda: area.cursor_location == (5, 3))


async def test_editor_does_not_transpile_a_circuit_with_errors() -> None:
    services = AppServicesHarness()
    services.report = WRONG
    async with running(services) as pilot:
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "line 5, column 1"))
        await pilot.press("f8")
        assert isinstance(app_of(pilot).screen, EditorScreen)
        assert area.cursor_location == (4, 0)


async def test_editor_shows_at_once_what_is_wrong_at_the_cursor_and_qiskits_word_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = AppServicesHarness()
    answer = asyncio.Event()

    async def slowly(_: str) -> CheckReport:
        await answer.wait()
        return services.report

    async with running(services) as pilot:
        await until(pilot, lambda: bool(services.backends.all()))
        app_of(pilot).workspace.backend = services.backends.all()[0].name
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "✔ checked"))
        monkeypatch.setattr(services.compiler, "check", slowly)
        area.load_text(
            BELL.replace("h q[0];", "hh q[0];").replace("cx q[0], q[1]", "cx q[0]") + "qubit[999] r;"
        )
        await until(pilot, lambda: shows(pilot, "5✘", "6✘", "8!", "Did you mean `h`?", "Qiskit is checking…"))
        area.move_cursor((5, 0))
        await until(pilot, lambda: "✘ line 6" in screen_text(pilot).split("\n")[-6])
        await pilot.press("ctrl+g")
        await until(pilot, lambda: area.cursor_location == (7, 11) and shows(pilot, "! line 8, column 12"))
        await pilot.press("alt+h")
        await until(pilot, lambda: area.cursor_location == (5, 0))
        area.insert("// another\n", (0, 0))
        await until(pilot, lambda: shows(pilot, "6✘", "7✘", "9!"))
        answer.set()
        await until(pilot, lambda: shows(pilot, "✔ checked", "9!") and not shows(pilot, "✘"))
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, TranspileScreen))


async def test_editor_tells_of_a_long_text_what_it_finds_itself_before_qdk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = AppServicesHarness()
    asked: list[tuple[str, bool]] = []
    go_on = asyncio.Event()
    mine, further = (Diagnostic(5, 1, words) for words in ("found by our own", "found by QDK"))

    async def analyse(text: str, _device: object = None, *, own: bool = False) -> Analysis:
        asked.append((text, own))
        if own:
            return Analysis((mine,) if "hh" in text else ())
        await go_on.wait()
        return Analysis((mine, further) if "hh" in text else ())

    monkeypatch.setattr(checks, "LARGE", 10)
    monkeypatch.setattr(checks, "PAUSE", 60.0)  # Qiskit is not asked
    async with running(services) as pilot:
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "no errors found yet"))
        monkeypatch.setattr(services.analyzer, "analyse", analyse)
        area.load_text(wrong := BELL.replace("h q[0];", "hh q[0];"))
        await until(pilot, lambda: shows(pilot, mine.message) and not shows(pilot, further.message))
        area.load_text(right := BELL + "// more")
        pane = app_of(pilot).screen.query_one(CheckPane)
        await until(pilot, lambda: pane._paused)
        go_on.set()
        await until(pilot, lambda: shows(pilot, "no errors found yet"))
        assert asked == [(wrong, True), (wrong, False), (right, True), (right, False)]
        area.load_text(wrong)
        await until(pilot, lambda: shows(pilot, mine.message, further.message))


async def test_editor_leaves_what_it_says_as_it_is_while_keys_are_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = AppServicesHarness()
    never = asyncio.Event()

    async def check(_: str) -> CheckReport:
        await never.wait()
        return CheckReport(())

    async def analyse(_: str, __: object = None, *, own: bool = False) -> Analysis:
        await never.wait()
        return Analysis(())

    async with running(services) as pilot:
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "✔ checked"))
        monkeypatch.setattr(services.compiler, "check", check)
        area.load_text(BELL.replace("h q[0];", "hh q[0];"))
        await until(pilot, lambda: shows(pilot, "Did you mean `h`?", "Qiskit is checking…"))
        monkeypatch.setattr(services.analyzer, "analyse", analyse)
        pane = app_of(pilot).screen.query_one(CheckPane)
        area.insert(" ", (0, 0))
        await pilot.pause()
        assert pane.analysis is None and pane._settling and shows(pilot, "Qiskit is checking…")
        # The analysis does not come by the end of the pause.
        await until(pilot, lambda: shows(pilot, "Did you mean `h`?", "not checked yet"))
        never.set()


async def test_editor_drops_a_check_of_an_older_text() -> None:
    services = AppServicesHarness()
    services.report = WRONG
    async with running(services) as pilot:
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "line 5, column 1"))
        screen = app_of(pilot).screen
        assert isinstance(screen, EditorScreen)
        area.load_text(BELL + "// more")
        await until(pilot, lambda: shows(pilot, "not checked yet"))
        screen.checks.post_message(CheckPane.Answer(BELL, WRONG))
        await pilot.pause()
        assert screen.checks.diagnostics == ()
        services.report = AppServicesHarness().report
        await until(pilot, lambda: shows(pilot, "✔ checked"))


async def test_editor_without_qiskit_says_how_to_install_it() -> None:
    services = AppServicesHarness()
    services.trouble["check"] = QdeckError(
        ErrorKind.UNAVAILABLE, "Qiskit is not installed.", 'Install it with: pip install "qdeck[local]".'
    )
    async with running(services) as pilot:
        await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, 'pip install "qdeck[local]"'))


async def test_editor_draws_the_circuit_where_there_is_room() -> None:
    async with running(size=(120, 40)) as pilot:
        await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "q[1] ────⊕"))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: not shows(pilot, "⊕"))
        await pilot.press("alt+c")
        await until(pilot, lambda: shows(pilot, "q[1] ────⊕") and not shows(pilot, "include"))
        await pilot.press("escape")
        await until(pilot, lambda: shows(pilot, "include") and not shows(pilot, "⊕"))


async def test_circuit_marks_the_operations_of_the_cursors_line_and_leads_to_the_line_of_one() -> None:
    async with running(size=(120, 40)) as pilot:
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "⊕"))
        circuit = app_of(pilot).screen.query_one(CircuitPane)
        await pilot.press("escape")
        assert area.has_focus and not shows(pilot, "enter its line")
        area.move_cursor((6, 0))
        await until(pilot, lambda: set(circuit.view.marked) == {2, 3})
        await pilot.press("alt+c")
        await until(pilot, lambda: shows(pilot, "Circuit  enter its line  space fold a register"))
        await pilot.press("left", "enter")
        await until(pilot, lambda: area.has_focus and area.cursor_location == (5, 0))
        assert set(circuit.view.marked) == {1} and not shows(pilot, "enter its line")


async def test_circuit_says_at_once_from_which_line_on_it_is_old_and_goes_when_the_text_is_broken() -> None:
    services = AppServicesHarness()
    async with running(services, size=(120, 40)) as pilot:
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "⊕"))
        services.report = WRONG
        area.move_cursor((4, 0))
        await pilot.press("h")
        await pilot.pause()
        assert shows(pilot, "of the text before line 5 changed", "⊕")
        await until(pilot, lambda: shows(pilot, "there is none: the text has errors"))
        assert not shows(pilot, "⊕")


async def test_ideal_simulation_is_shown_by_a_key_and_follows_the_text() -> None:
    services = AppServicesHarness()
    async with running(services, size=(120, 40)) as pilot:
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "✔ checked"))
        await pilot.press("f10")
        await until(pilot, lambda: shows(pilot, "Ideal simulation  exact, 2 qubits", "00   50.0 % █"))
        assert area.has_focus
        services.ideal = Distribution({"01": 1.0}, (("c", 2),), 2, "state vector")
        area.move_cursor((4, 0))
        await pilot.press("x", "space")
        assert shows(pilot, "of the text before it was changed")
        await until(pilot, lambda: shows(pilot, "01  100.0 %") and not shows(pilot, "50.0 %"))
        await pilot.press("f10")
        await until(pilot, lambda: not shows(pilot, "Ideal simulation"))


async def test_ideal_simulation_in_a_narrow_terminal_has_sliders_for_the_parameters() -> None:
    services = AppServicesHarness()
    services.report = replace(services.report, parameters=("theta", "phi"))
    async with running(services, size=(80, 24)) as pilot:
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "✔ checked"))
        await pilot.press("f10")
        await until(
            pilot, lambda: shows(pilot, "Ideal simulation  exact", "theta   0.7854") and not area.has_focus
        )
        assert not shows(pilot, "include")
        await pilot.press("right", "down", "home")
        await until(pilot, lambda: services.asked[-1][2:] == ((("theta", 5 * pi / 16), ("phi", 0.0)),))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Prompt))
        await pilot.press(*"pi/3", "enter")
        await until(pilot, lambda: shows(pilot, "phi   1.0472"))
        await pilot.press("escape")
        await until(pilot, lambda: area.has_focus and shows(pilot, "include"))


async def test_editor_keeps_the_text_across_sections() -> None:
    async with running() as pilot:
        area = await open_editor(pilot)
        await pilot.press("x", "f2", "f3")
        await settled(pilot)
        assert area.text == "x"
        assert area.has_focus


async def test_editor_shows_another_circuit_of_the_workspace() -> None:
    async with running() as pilot:
        area = await open_editor(pilot, BELL)
        await pilot.press("f2")
        app_of(pilot).workspace.qasm = "x $0;"
        await pilot.press("f3")
        await until(pilot, lambda: area.text == "x $0;")


async def test_editor_f9_opens_the_submit_form() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await open_editor(pilot, BELL)
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, TranspileScreen))
        await until(pilot, lambda: "search" in services.names_asked())
        await until(pilot, lambda: getattr(app_of(pilot).focused, "id", "") == "shots")
        assert app_of(pilot).workspace.pending_action is PendingAction.NONE
        assert "submit" not in services.names_asked(), "the cost is shown before anything is submitted"


async def test_editor_with_nothing_to_run_says_what_to_do() -> None:
    async with running() as pilot:
        await open_editor(pilot)
        await pilot.press("f9")
        assert isinstance(app_of(pilot).screen, EditorScreen)
        await until(pilot, lambda: shows(pilot, "There is no circuit yet"))


async def test_editor_reports_a_circuit_without_measurement() -> None:
    services = AppServicesHarness()
    services.report = replace(services.report, measures=False)
    async with running(services) as pilot:
        await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "estimator only"))


async def test_editor_check_that_takes_long_is_stopped_by_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    services = AppServicesHarness()
    stopped = asyncio.Event()

    async def endless(_: str) -> CheckReport:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    async with running(services) as pilot:
        area = await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "✔ checked"))
        monkeypatch.setattr("tui.screens.editor.checks.LONG", 0.05)
        with monkeypatch.context() as patch:
            patch.setattr(services.compiler, "check", endless)
            area.load_text(BELL + "// a bomb")
            await until(pilot, lambda: shows(pilot, "still checking…  esc stops", "Stop"))
            await pilot.press("escape")
            await until(pilot, lambda: shows(pilot, "The check was stopped") and stopped.is_set())
            await settled(pilot)
        assert area.has_focus and "Stop" not in screen_text(pilot).split("\n")[-1]
        area.load_text(BELL)
        await until(pilot, lambda: shows(pilot, "✔ checked"))


async def test_editor_check_that_takes_long_after_a_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(AppServicesHarness()) as pilot:
        await open_editor(pilot, BELL)
        await until(pilot, lambda: shows(pilot, "✔ checked"))
        screen = app_of(pilot).screen
        assert isinstance(screen, EditorScreen) and isinstance(screen.checks.state, CheckReport)
        screen.checks._out_of_patience()
        assert screen.checks.takes_long
