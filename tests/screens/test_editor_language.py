"""The editor and the language: a text formatted and converted."""

from __future__ import annotations

from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import app_of, running, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.editor import open_editor
from tui.domain.circuits import CheckReport, Diagnostic
from tui.widgets.text.styled_text import text_of
from tui.widgets.text.text_widgets import TextPane

CROWDED = "// A pair\nOPENQASM 3.0;\nqubit[2]q;\n\n\ngate g a{U(0,0,pi)a;}\ng  q[0];\n"
FORMATTED = "// A pair\nOPENQASM 3.0;\nqubit[2] q;\n\ngate g a { U(0, 0, pi) a; }\ng q[0];\n"


async def test_format_keeps_the_cursor_and_is_one_step_for_undo() -> None:
    async with running() as pilot:
        area = await open_editor(pilot, CROWDED)
        area.move_cursor((6, 3))
        await pilot.press("alt+l")
        await until(pilot, lambda: area.text == FORMATTED)
        assert area.cursor_location == (5, 2), "before the same q"
        await pilot.press("alt+l")
        await until(pilot, lambda: shows(pilot, "formatted already"))
        await pilot.press("ctrl+z")
        assert area.text == CROWDED


async def test_message_at_the_cursor_is_corrected_by_a_key_as_one_step_for_undo() -> None:
    wrong = 'include "stdgates.inc";\nqubit[2] q;\nhh q[0];\nbit q;\n'
    services = AppServicesHarness()
    services.report = CheckReport((Diagnostic(3, 1, "There is no gate hh."),))
    async with running(services) as pilot:
        area = await open_editor(pilot, wrong)
        area.move_cursor((2, 3))
        await until(pilot, lambda: shows(pilot, "Did you mean `h`?", "alt+q corrects it"))
        await pilot.press("alt+q")
        assert area.text == wrong.replace("hh", "h") and area.cursor_location == (2, 2), "before the same q"
        await pilot.press("ctrl+z")
        assert area.text == wrong
        await pilot.press("alt+q")
        await until(pilot, lambda: shows(pilot, "once more, in a moment"))
        area.move_cursor((3, 0))
        await until(pilot, lambda: shows(pilot, "✘ line 4, column 5: The name q is taken"))
        assert not shows(pilot, "alt+q corrects it")
        await pilot.press("alt+q")
        await until(pilot, lambda: area.text == wrong and shows(pilot, "it is yours to make"))


async def test_correction_of_another_line_is_told() -> None:
    services = AppServicesHarness()
    services.report = CheckReport((Diagnostic(3, 1, "There is no gate h."),))
    async with running(services) as pilot:
        area = await open_editor(pilot, "OPENQASM 3.0;\nqubit[2] q;\nh q[0];\n")
        area.move_cursor((2, 3))
        await until(pilot, lambda: shows(pilot, 'include "stdgates.inc"; is missing', "alt+q corrects it"))
        await pilot.press("alt+q")
        await until(pilot, lambda: shows(pilot, "Line 1 is corrected."))
        assert area.document[1] == 'include "stdgates.inc";' and area.cursor_location == (3, 3)


async def test_convert_opens_the_other_version_as_a_text_of_its_own() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        area = await open_editor(pilot, FORMATTED)
        await pilot.press("alt+v")
        workspace = app_of(pilot).workspace
        await until(pilot, lambda: len(workspace.buffers) == 2)
        assert ("convert", FORMATTED, 2) in services.asked
        assert workspace.name == "untitled-qasm2"
        assert workspace.qasm == "// A pair\nOPENQASM 2.0;\nqreg q[2];\n"
        assert workspace.dirty and area.text == FORMATTED
        await until(pilot, lambda: shows(pilot, "in OpenQASM 2"))


GATES = """OPENQASM 3.0;
include "stdgates.inc";
gate pair(theta) x, y { rx(theta) x; cx x, y; }
qubit[2] q;
cx q[0], q[1];
pair(pi) q[0], q[1];
cx $3, $7;
// cx is a gate
"""


def page(pilot: Pilot[None]) -> str:
    return "\n".join(text_of(pieces) for pane in pilot.app.screen.query(TextPane) for pieces in pane.lines)


async def test_help_begins_with_the_card_of_the_gate_at_the_cursor() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        area = await open_editor(pilot, GATES)
        for place, backend, words in (
            (
                (4, 1),
                "",
                ("Gate cx a, b", "Flips b where a is 1", "11  0  0  1  0", "h b; cz a, b; h b;", "F4"),
            ),
            ((5, 0), "", ("Gate pair(theta) x, y", "Declared on line 3 of this program")),
            ((6, 2), "ibm_cusco", ("ibm_cusco, $3, $7: 1 two-qubit gate", "error 0.43 %", "rz(pi/2) b;")),
        ):
            app_of(pilot).workspace.backend = backend
            area.move_cursor(place)
            await pilot.press("f1")
            await until(pilot, lambda words=words: all(word in page(pilot) for word in words))  # type: ignore[misc]
            assert page(pilot).startswith("Gate") and "Transpile and review." in page(pilot), "keys follow"
            await pilot.press("escape")
        asked = [asked for asked in services.asked if asked[0] == "describe_gate"]
        program = str(asked[1][1])
        assert program.endswith("pair(1) q[0], q[1];\n") and "gate pair(theta) x, y {" in program
        assert asked[2][2:] == ("ibm_cusco", (3, 7))
        area.move_cursor((7, 4))
        await pilot.press("f1")
        await until(pilot, lambda: "Transpile and review." in page(pilot))
        assert "Gate" not in page(pilot), "a comment names no gate"


async def test_palette_and_mouse_tell_of_gates() -> None:
    async with running() as pilot:
        area = await open_editor(pilot, GATES)
        offered = {command.title: command for command in app_of(pilot).get_system_commands(pilot.app.screen)}
        assert offered["Gate pair"].help == "Declared on line 3."
        assert offered["Gate cu3"].help == "u3 on b where a is 1."
        offered["Gate swap"].callback()
        await until(pilot, lambda: "Exchanges two qubits." in page(pilot))
        await pilot.press("escape")
        await pilot.hover(area, offset=(area.gutter_width + 1, 4))
        assert str(area.tooltip) == "cx a, b\nFlips b where a is 1: makes entanglement."
        await pilot.hover(area, offset=(area.gutter_width + 4, 7))
        assert area.tooltip is None


async def test_pause_in_typing_says_what_is_offered_and_due() -> None:
    async with running() as pilot:
        area = await open_editor(pilot, GATES)
        area.move_cursor(area.document.end)
        await until(pilot, lambda: area.vocabulary is not None)
        await pilot.press(*"pa")
        await until(pilot, lambda: shows(pilot, "tab pair(theta) x, y  A gate of this program."))
        await pilot.press("tab", *"(pi/2) q[0], ")
        await until(pilot, lambda: shows(pilot, "pair(theta) x, y") and not shows(pilot, "tab pair"))
        assert area.text.endswith("\npair(pi/2) q[0], ")
        height = area.size.height
        await pilot.press(*"q[1];")
        await until(pilot, lambda: shows(pilot, "checked by Qiskit"))
        assert area.size.height >= height, "the verdict is back in its place"


async def test_completion_can_be_turned_off_by_a_setting() -> None:
    async with running() as pilot:
        app = app_of(pilot)
        assert app.workspace.completes
        app.workspace.completes = False
        area = await open_editor(pilot, GATES)
        area.move_cursor(area.document.end)
        await pilot.press(*"pa")
        await until(
            pilot,
            lambda: (
                shows(
                    pilot,
                    "not checked yet",
                )
                or shows(pilot, "checked by")
            ),
        )
        assert area.vocabulary is None and area.suggestion == ""


async def test_alt_and_a_letter_as_terminals_send_it_types_nothing() -> None:
    async with running() as pilot:
        area = await open_editor(pilot, "x q;")
        pilot.app.post_message(Key("alt+d", "d"))
        await until(pilot, lambda: area.text == "x q;\nx q;")
        await pilot.press("ctrl+f")
        await until(pilot, lambda: not area.has_focus)
        pilot.app.post_message(Key("alt+z", "z"))
        await pilot.pause()
        assert all("z" not in field.value for field in pilot.app.screen.query(Input))
