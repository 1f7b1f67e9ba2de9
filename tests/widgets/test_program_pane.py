"""Programs that are looked at: coloured rows, whole texts, lines chosen and pointed at."""

from __future__ import annotations

from textual.app import App, ComposeResult

from tests.support.circuits import BELL
from tui.openqasm.lexers import LONGEST_LINE, TokenKind
from tui.widgets.circuit.program_pane import ProgramPane, QasmRows
from tui.widgets.terminal.themes import VARIABLES
from tui.widgets.text.styled_text import QASM_STYLES, TextStyle, text_of


def test_qasm_rows_holds_the_whole_text() -> None:
    lines = QasmRows(BELL)
    assert "\n".join(text_of(pieces) for pieces in map(lines.__getitem__, range(len(lines)))) == BELL
    assert lines.widest == max(map(len, BELL.split("\n")))


def test_qasm_rows_styles_words_by_token_kind() -> None:
    pieces = QasmRows("OPENQASM 3.0;\nqubit[2] q; // two")[1]
    assert [(span.text, span.style) for span in pieces if span.style is not TextStyle.PLAIN] == [
        ("qubit", TextStyle.QASM_TYPE),
        ("2", TextStyle.QASM_NUMBER),
        ("// two", TextStyle.QASM_COMMENT),
    ]
    plain = {TokenKind.NAME, TokenKind.OPERATOR}
    assert {f"qasm--{kind}" for kind in TokenKind if kind not in plain} == QASM_STYLES


def test_qasm_rows_splits_a_one_line_program_by_statements() -> None:
    text = "OPENQASM 3.0; qubit[5] q; " + "".join(f"rz({n}) q[{n % 5}]; " for n in range(10_000))
    lines = QasmRows(text)
    assert len(text) > LONGEST_LINE and len(lines) > 10_000
    assert text_of(lines[9_000]) == "rz(8998) q[3];" and lines[9_000][0].style is TextStyle.QASM_GATE


def test_qasm_rows_shows_control_characters() -> None:
    assert text_of(QasmRows("h q;\x1b[31m")[0]) == "h q;␛[31m"


def test_qasm_rows_of_a_long_line_have_its_number() -> None:
    rows = QasmRows("OPENQASM 3.0;\n" + "x $0; " * 10_000 + "\nh $1;")
    assert rows.lines == 3 and rows.line_of(0) == 1 and rows.row_of(2) == 1
    assert rows.line_of(500) == 2 and not rows.begins(500) and rows.begins(1)
    assert text_of(rows[rows.row_of(3)]) == "h $1;" and rows.row_of(99) == rows.row_of(3) == len(rows) - 1


class ProgramApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, int]] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(VARIABLES)

    def compose(self) -> ComposeResult:
        yield ProgramPane()

    def on_program_pane_marked(self, message: ProgramPane.Marked) -> None:
        self.heard.append(("marked", message.line))

    def on_program_pane_picked(self, message: ProgramPane.Picked) -> None:
        self.heard.append(("picked", message.line))


async def test_lines_are_chosen_by_keys_and_clicks_and_numbered() -> None:
    app = ProgramApp()
    async with app.run_test() as pilot:
        pane = app.query_one(ProgramPane)
        pane.show(BELL)
        pane.focus()
        await pilot.press("down", "down", "enter", "up")
        await pilot.click(ProgramPane, offset=(5, 4))
        assert app.heard == [("marked", 2), ("marked", 3), ("picked", 3), ("marked", 2), ("marked", 5)]
        assert pane.chosen_line == 5 and pane.render_line(4).text.startswith(" 5 h q[0];")


async def test_lines_pointed_at_come_into_sight_and_say_nothing() -> None:
    app = ProgramApp()
    async with app.run_test() as pilot:
        pane = app.query_one(ProgramPane)
        pane.show("OPENQASM 3.0;\n" + "x $0;\n" * 500)
        pane.point_at((400, 420, 9_999))
        await pilot.pause()
        top = pane.scroll_offset.y
        assert top < 400 <= top + pane.size.height and pane.pointed == {400, 420} and not app.heard
        assert pane.render_line(399 - top).text.startswith("▸400 x $0;")
        pane.point_at(())
        await pilot.pause()
        assert pane.render_line(399 - top).text.startswith(" 400 x $0;")
