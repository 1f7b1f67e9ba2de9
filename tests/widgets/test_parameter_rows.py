"""The rows for free parameters alone: what they give, what they say of the size, and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input

from tui.domain.pubs.sweep_text import ParameterError
from tui.widgets.forms.parameter_rows import FILE, MOST_ROWS, ParameterRows
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.terminal.themes import THEMES, ThemeName
from tui.widgets.text.styled_text import text_of
from tui.widgets.text.text_widgets import TextBlock


class RowsApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.read = 0
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = ThemeName.FULL

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"cursor": "#3a3a3a", "cursor-text": "#ffffff", "rule": "#444444"}

    def compose(self) -> ComposeResult:
        yield ParameterRows()

    def on_parameter_rows_changed(self) -> None:
        self.read += 1

    @property
    def rows(self) -> ParameterRows:
        return self.query_one(ParameterRows)

    @property
    def size_text(self) -> str:
        block = self.query_one("#sweep-size", TextBlock)
        return " ".join(text_of(row).strip() for row in block.build_lines(80))


async def test_rows_take_no_room_without_parameters() -> None:
    app = RowsApp()
    async with app.run_test() as pilot:
        assert not app.rows.display and app.rows.sweep() is None
        app.rows.show_parameters(("phi", "theta"))
        await pilot.pause()
        assert app.rows.display and len(app.rows.query("#parameter-fields Input")) == 2
        app.rows.show_parameters(())
        await pilot.pause()
        assert not app.rows.display and app.rows.sweep() is None


async def test_size_follows_what_is_typed() -> None:
    app = RowsApp()
    async with app.run_test() as pilot:
        app.rows.show_parameters(("phi", "theta"))
        app.rows.show_size(1000)
        await pilot.pause()
        assert app.size_text.startswith("phi has no value yet")
        app.rows.type_values({"phi": "0:1:3", "theta": "0, pi"})
        await pilot.pause()
        assert app.size_text == "3 × 2 = 6 sets, 6,000 of 10,000,000 executions"
        app.rows.query_one("#combine", SearchableSelect).value = True
        await pilot.pause()
        assert "phi has 3 values, theta has 2" in app.size_text
        app.rows.type_values({"phi": "0:1:2", "theta": "0, pi"})
        await pilot.pause()
        assert app.size_text.startswith("2 sets, 2,000 of")
        app.rows.type_values({"phi": "0:1:20000", "theta": "1"})
        await pilot.pause()
        assert "20,000,000 executions; the service's limit is 10,000,000" in app.size_text


async def test_error_is_at_the_field_of_its_parameter() -> None:
    app = RowsApp()
    async with app.run_test() as pilot:
        app.rows.show_parameters(("phi", "theta"))
        app.rows.type_values({"phi": "1", "theta": "2p"})
        await pilot.pause()
        with pytest.raises(ParameterError) as wrong:
            app.rows.sweep()
        field = app.query_one(f"#{app.rows.field_of(wrong.value.parameter)}", Input)
        assert field.value == "2p"
        assert app.rows.field_of("") == FILE


async def test_values_of_the_same_name_stay_with_another_circuit() -> None:
    app = RowsApp()
    async with app.run_test() as pilot:
        app.rows.show_parameters(("phi", "theta"))
        app.rows.type_values({"phi": "1", "theta": "2"})
        app.rows.show_parameters(("alpha", "theta"))
        await pilot.pause()
        assert app.rows.typed() == {"theta": "2"}


async def test_file_gives_values_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    app = RowsApp()
    rows = tmp_path / "rows.csv"
    rows.write_text("theta,other\n0,1\npi,2\n2pi,3\n")
    async with app.run_test() as pilot:
        app.rows.show_parameters(("phi", "theta"))
        app.rows.type_values({"phi": "0, 1"})
        app.query_one(f"#{FILE}", Input).value = str(rows)
        await pilot.pause()
        with pytest.raises(ParameterError, match="is being read"):
            app.rows.sweep()
        await app.workers.wait_for_complete()
        sweep = app.rows.sweep()
        assert sweep is not None and sweep.shape == (3, 2) and app.read == 1
        for file, said in (
            (tmp_path / "nowhere.csv", "Cannot read"),
            (tmp_path, "Cannot read"),
        ):
            app.query_one(f"#{FILE}", Input).value = str(file)
            await pilot.pause()
            await app.workers.wait_for_complete()
            assert said in app.size_text
        rows.write_text("other\n1\n")
        app.query_one(f"#{FILE}", Input).value = str(rows)
        await pilot.pause()
        await app.workers.wait_for_complete()
        assert "names no parameter of this circuit" in " ".join(app.size_text.split())
        app.query_one(f"#{FILE}", Input).value = ""
        await pilot.pause()
        await app.workers.wait_for_complete()
        assert "theta has no value yet" in app.size_text


async def test_more_parameters_than_rows_get_their_values_from_a_file(tmp_path: Path) -> None:
    names = tuple(f"p{number:03}" for number in range(200))
    rows = tmp_path / "rows.csv"
    rows.write_text(",".join(names) + "\n" + ",".join(["pi"] * 200) + "\n")
    app = RowsApp()
    async with app.run_test() as pilot:
        app.rows.show_parameters(names)
        await pilot.pause()
        assert len(app.rows.query("#parameter-fields Input")) == MOST_ROWS
        assert app.rows.field_of("p199") == FILE
        app.query_one(f"#{FILE}", Input).value = str(rows)
        await pilot.pause()
        await app.workers.wait_for_complete()
        sweep = app.rows.sweep()
        assert sweep is not None and len(sweep.columns) == 200
