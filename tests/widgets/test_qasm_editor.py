"""The OpenQASM text area: colours follow edits, marks stay on their lines."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets.text_area import Selection

from tests.support.circuits import BELL
from tui.domain.circuits import Diagnostic
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.terminal.themes import THEMES, ThemeName


class EditorApp(App[None]):
    """Only the area."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = ThemeName.FULL

    def compose(self) -> ComposeResult:
        yield QasmEditor(self._text)


@asynccontextmanager
async def editor_with(text: str) -> AsyncIterator[tuple[Pilot[None], QasmEditor]]:
    app = EditorApp(text)
    async with app.run_test(size=(60, 20)) as pilot:
        area = app.query_one(QasmEditor)
        area.focus()
        await pilot.pause()
        yield pilot, area


def words_in(area: QasmEditor, line: int, name: str) -> list[str]:
    """The words of a line that have this style."""
    style = area.get_component_rich_style(f"qasm--{name}", partial=True)
    text = area.get_line(line)
    return [text.plain[span.start : span.end] for span in text.spans if span.style == style]


async def test_editor_colours_words_by_token_kind() -> None:
    async with editor_with(BELL) as (_, area):
        assert words_in(area, 1, "keyword") == ["include"]
        assert words_in(area, 4, "gate") == ["h"]
        assert words_in(area, 2, "number") == ["2"]
        assert area.version == 3


async def test_editor_reads_openqasm_2() -> None:
    async with editor_with('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\n') as (_, area):
        assert area.version == 2
        assert words_in(area, 2, "type") == ["qreg"]


async def test_editor_colours_follow_edits_undo_and_redo() -> None:
    async with editor_with("h q[0];\nx q[0];") as (pilot, area):
        await pilot.press("/", "*")
        assert words_in(area, 1, "comment") == ["x q[0];"], "a comment reaches over the lines after it"
        area.undo()
        assert words_in(area, 1, "gate") == ["x"]
        area.redo()
        assert words_in(area, 1, "comment") == ["x q[0];"]
        area.load_text("x q[0];")
        assert words_in(area, 0, "gate") == ["x"]


async def test_editor_takes_markup_as_text() -> None:
    async with editor_with("") as (pilot, area):
        await pilot.press(*"[red]q[/red]")
        assert area.text == "[red]q[/red]"
        assert "[red]q[/red]" in area.render_line(0).text


async def test_editor_marks_lines_with_diagnostics_in_the_margin() -> None:
    async with editor_with(BELL) as (_, area):
        area.mark((Diagnostic(5, 1, "wrong"), Diagnostic(99, 4, "outside"), Diagnostic(0, 0, "nowhere")))
        assert [y for y in range(8) if "✘" in area.render_line(y).text] == [4]
        assert words_in(area, 4, "error") == ["h"]
        area.mark(())
        assert not any("✘" in area.render_line(y).text for y in range(8))


@pytest.mark.parametrize(
    ("diagnostic", "place"),
    [(Diagnostic(6, 4, ""), (5, 3)), (Diagnostic(6, 999, ""), (5, 14)), (Diagnostic(999, 1, ""), (7, 0))],
)
async def test_jump_to_diagnostic_outside_the_text_goes_to_the_nearest_place(
    diagnostic: Diagnostic, place: tuple[int, int]
) -> None:
    async with editor_with(BELL) as (_, area):
        area.jump_to(diagnostic)
        assert area.cursor_location == place


async def test_tab_leaves_read_only_editor_and_indents_editable_one() -> None:
    assert QasmEditor(read_only=True).tab_behavior == "focus"
    async with editor_with("") as (pilot, area):
        await pilot.press("tab")
        assert area.text == "  "


async def test_editor_screen_matches_the_text_after_random_keys() -> None:
    chance = random.Random(7)
    keys = ["a", "/", "*", "[", "space", "enter", "backspace", "delete", "up", "down", "ctrl+k", "ctrl+z"]
    async with editor_with(BELL * 4) as (pilot, area):
        for step in range(120):
            await pilot.press(chance.choice(keys))
            if step % 8 == 7:
                area.mark((Diagnostic(chance.randint(1, 20), 1, ""),) if chance.random() < 0.6 else ())
                await pilot.pause()
                width = area.scrollable_content_region.width
                shown = [strip.text[:width] for strip in pilot.app.screen._compositor.render_strips()]
                meant = [area.render_line(y).text.ljust(width)[:width] for y in range(area.size.height)]
                assert shown[: len(meant)] == meant, f"after {step + 1} keys"


async def test_ctrl_home_and_end_go_to_the_ends_of_the_text_and_select_with_shift() -> None:
    async with editor_with("qubit q;\nh q;") as (pilot, area):
        await pilot.press("ctrl+end")
        assert area.cursor_location == (1, 4)
        await pilot.press("ctrl+shift+home")
        assert area.selected_text == "qubit q;\nh q;"
        await pilot.press("ctrl+home")
        assert (area.cursor_location, area.selected_text) == ((0, 0), "")


async def test_end_of_a_long_text_is_coloured_right_though_a_comment_began_far_above() -> None:
    text = "\n".join(["/*", *(f"rz({n}) q[0];" for n in range(5_000)), "*/", "h q[0];"])
    async with editor_with(text) as (pilot, area):
        await pilot.press("ctrl+end")
        for _ in range(2_000):
            if words_in(area, 4_999, "comment") == ["rz(4998) q[0];"]:
                break
            await pilot.pause(0.01)
        assert words_in(area, 4_999, "comment") == ["rz(4998) q[0];"]
        assert words_in(area, 5_002, "gate") == ["h"]


@pytest.mark.parametrize(
    ("keys", "text", "selected"),
    [
        (("ctrl+underscore",), "  // a\n  b\n\nc", ""),
        (("ctrl+underscore", "ctrl+underscore"), "  a\n  b\n\nc", ""),
        (("shift+down", "shift+down", "shift+down", "ctrl+underscore"), "  // a\n  // b\n\nc", None),
        (("alt+up",), "  a\n  b\n\nc", ""),
        (("alt+down", "alt+down", "alt+down", "alt+down"), "  b\n\nc\n  a", ""),
        (("shift+down", "shift+end", "alt+down"), "\n  a\n  b\nc", "  a\n  b"),
        (("shift+down", "alt+d"), "  a\n  a\n  b\n\nc", "  a\n"),
        (("shift+down", "tab"), "    a\n  b\n\nc", None),
        (("shift+down", "shift+down", "shift+tab"), "a\nb\n\nc", None),
        (("tab",), "    a\n  b\n\nc", ""),
    ],
)
async def test_line_commands_change_whole_lines_in_one_step(
    keys: tuple[str, ...], text: str, selected: str | None
) -> None:
    async with editor_with("  a\n  b\n\nc") as (pilot, area):
        await pilot.press(*keys)
        assert area.text == text
        if selected is not None:
            assert area.selected_text == selected
        for _ in keys:
            area.undo()
        assert area.text == "  a\n  b\n\nc"


async def test_read_only_text_takes_no_line_commands() -> None:
    async with editor_with("a\nb") as (pilot, area):
        area.read_only = True
        await pilot.press("ctrl+underscore", "alt+down", "alt+d", "tab")
        assert area.text == "a\nb"


async def test_rewritten_text_is_one_step_and_leaves_the_lines_that_stay() -> None:
    chance = random.Random(7)
    changes: list[str] = []
    async with editor_with("") as (_, area):
        area.on_change = lambda change: changes.append(change.text)
        for _ in range(60):
            before, after = (
                "\n".join(chance.choices(["x", "y", "", "zz"], k=chance.randint(1, 6))) for _ in range(2)
            )
            area.load_text(before)
            changes.clear()
            changed = area.rewrite(after, lambda offset: offset)
            assert area.text == after
            assert len(changes) == changed == (before != after)
            area.undo()
            assert area.text == before
        area.load_text("a\nb\nc\nd")
        changes.clear()
        area.rewrite("a\nb\nC\nd", lambda offset: offset)
        assert changes == ["C"]


async def test_editor_draws_a_sign_for_each_character_that_moves_the_cursor() -> None:
    async with editor_with("a\x1b]0;title\x07b\rc\u202ed\n\tx") as (_, area):
        assert area.get_line(0).plain == "a␛]0;title␇b␍c�d"
        assert area.get_line(1).plain == "\tx"
        shown = "".join(area.render_line(row).text for row in range(3))
        assert shown.isprintable() and "␛]0;title␇b␍c�d" in shown


def drawn(area: QasmEditor) -> list[list[Segment]]:
    """All rows as they are on the screen."""
    return [list(strip) for strip in area.screen._compositor.render_strips()]


def act_at_random(area: QasmEditor, chance: random.Random) -> None:
    """Edit, move, select, undo, mark."""
    rows = area.document.line_count
    row = chance.randrange(rows)
    place = row, chance.randint(0, len(area.document[row]))
    last = min(rows - 1, row + chance.choice([0, 0, 1, 30]))
    end = last, chance.randint(place[1] if last == row else 0, len(area.document[last]))
    new = chance.choice(
        ["x", "/*", "*/", "{", "}", "(", ")", "\n", "", "// a", "\n" * 15, "w" * 30, "x q[0];\n"]
    )
    match chance.randrange(8):
        case 0 | 1 | 2:
            area.replace(new, place, end)
        case 3:
            area.move_cursor(place)
        case 4:
            area.selection = Selection(place, end)
        case 5:
            area.undo()
        case 6:
            area.insert(new)
        case _:
            area.mark([Diagnostic(row + 1, 1, "wrong", warning=chance.random() < 0.5)])


@pytest.mark.parametrize("seed", range(3))
async def test_rows_that_are_drawn_are_those_of_the_whole_drawn_anew(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choice(["x q[0];\n", "// c\n", "gate g a { x a; }\n"]) for _ in range(60))
    async with editor_with(text) as (pilot, area):
        for _ in range(70):
            act_at_random(area, chance)
            await pilot.pause()
            found = drawn(area)
            area._rows.clear()
            area.refresh(layout=True)
            await pilot.pause()
            assert found == drawn(area)


async def test_key_draws_its_row_alone_and_arranges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with editor_with("x q[0];\n" * 40) as (pilot, area):
        await pilot.press("end")
        rows: list[int] = []
        arranged: list[bool] = []
        render, arrange = area._render_line, area.screen._refresh_layout

        def noted(y: int) -> Strip:
            rows.append(y)
            return render(y)

        def counted(size: Size | None = None, scroll: bool = False) -> None:
            arranged.append(scroll)
            arrange(size, scroll)

        monkeypatch.setattr(area, "_render_line", noted)
        monkeypatch.setattr(area.screen, "_refresh_layout", counted)
        await pilot.press("a", "b", "c")
        assert area.document[0] == "x q[0];abc"
        assert set(rows) == {0} and not arranged
        await pilot.press("down")
        assert set(rows) == {0, 1}
        # Beyond the width the text scrolls, and there is a scrollbar.
        area.insert("w" * 70)
        await pilot.pause()
        assert arranged and area.show_horizontal_scrollbar
