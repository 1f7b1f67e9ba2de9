"""The table of candidates: ranks, ties, flags with a word, order by any column, columns by width."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult

from tests.support.circuits import bell_candidate
from tui.domain.circuits import Candidate, Maker, TranspileOptions
from tui.domain.cloud_transpiler import Ai, CloudOptions
from tui.domain.search import Unavailable
from tui.widgets.tables.candidate_table import MAX_CANDIDATES, CandidateTable
from tui.widgets.text.styled_text import TextStyle, text_of


def candidate(
    success: float | None, seed: int = 0, *, level: int = 3, flags: tuple[str, ...] = (), pairs: int = 1
) -> Candidate:
    """A candidate of this level and seed."""
    made = bell_candidate()
    after = replace(made.after, two_qubit_gates=pairs)
    options = TranspileOptions(level, seed)
    return replace(made, estimated_success=success, flags=flags, options=options, after=after)


GOOD = candidate(0.712, 4)
TIE = candidate(0.709, 7)
POOR = candidate(0.48, 0, level=1, pairs=9)
BROKEN = candidate(0.9, 2, flags=("coupler 8-11 is dead", "qubit 3 is reported faulty"))


class _App(App[None]):
    def compose(self) -> ComposeResult:
        yield CandidateTable()


def rows(table: CandidateTable) -> list[str]:
    """The rows of the table as text."""
    width = table.line_width
    return [text_of(table.row_line(key, width, TextStyle.PLAIN)) for key in table.keys]


def seeds(table: CandidateTable) -> list[str]:
    """The seeds, in the order of the rows."""
    place = next(place for place, column in enumerate(table.columns) if column.id == "seed")
    return [table._cells(key)[place].text for key in table.keys]


async def filled(table: CandidateTable) -> None:
    for one in (POOR, BROKEN, GOOD, TIE):
        table.add(one)


@pytest.mark.parametrize(("width", "note"), [(120, "as good (within 2 %)"), (80, "as good")])
async def test_table_ranks_names_ties_and_flags(width: int, note: str) -> None:
    app = _App()
    async with app.run_test(size=(width, 12)):
        table = app.query_one(CandidateTable)
        await filled(table)
        lines = rows(table)
        assert [cells[0].text for cells in map(table._cells, table.keys)] == ["1", "2", "3", "4"]
        assert seeds(table) == ["4", "7", "0", "2"], "what is broken is last, whatever its success"
        assert note in lines[1] and "as good" not in lines[0] + lines[2]
        assert ("✘ coupler 8-11 is dead +1" if width == 120 else "✘ dead 8-11 +1") in lines[3]


async def test_flags_are_red_and_said() -> None:
    app = _App()
    async with app.run_test(size=(120, 12)):
        table = app.query_one(CandidateTable)
        table.add(BROKEN)
        cells = table._cells(table.keys[0])
        assert cells[-1].style is TextStyle.BAD and "dead" in cells[-1].text
        assert [cell.style for cell in cells if cell.text == "90.0 %"] == [TextStyle.BAD]


async def test_backend_and_seed_are_apart_at_80_columns() -> None:
    app = _App()
    async with app.run_test(size=(80, 12)):
        table = app.query_one(CandidateTable)
        table.add(replace(GOOD, backend="ibm_kingston_2", options=TranspileOptions(3, 99999)))
        assert "99999 ibm_kingston" in rows(table)[0]
        assert "SEED BACKEND" in text_of(table._line_at(0))


async def test_table_sorts_by_any_column_and_the_other_way_round() -> None:
    app = _App()
    async with app.run_test(size=(120, 12)) as pilot:
        table = app.query_one(CandidateTable)
        await filled(table)
        table.focus()
        table.sort_by("seed")
        assert seeds(table) == ["0", "2", "4", "7"]
        await pilot.press("S")
        assert seeds(table) == ["7", "4", "2", "0"]
        assert "SEED▲" in text_of(table._line_at(0))
        table.sort_by("pairs")
        assert seeds(table)[-1] == "0"
        for column in table.columns:
            table.sort_by(column.id)
        await pilot.press("s")
        assert seeds(table) == ["4", "7", "0", "2"], "after the last column the first one"


async def test_enter_picks_and_the_picked_one_is_ticked() -> None:
    app = _App()
    async with app.run_test(size=(120, 12)) as pilot:
        table = app.query_one(CandidateTable)
        await filled(table)
        table.focus()
        await pilot.press("g", "enter")
        assert table.gutter_text(table.keys[0], True) == "▸✔"


async def test_picked_one_of_equal_candidates_is_first() -> None:
    app = _App()
    async with app.run_test(size=(120, 12)):
        table = app.query_one(CandidateTable)
        for seed in (1, 2, 3):
            table.add(candidate(0.9, seed), pick=False)
        table.add(candidate(0.9, 2))
        assert seeds(table) == ["2", "1", "3"] and table.cursor_index == 0


async def test_at_most_and_below_one_percent_are_said() -> None:
    app = _App()
    async with app.run_test(size=(120, 12)):
        table = app.query_one(CandidateTable)
        table.add(replace(candidate(0.004), at_most=True))
        assert "≤0.4 %" in rows(table)[0] and "! below 1 %" in rows(table)[0]


async def test_makers_are_named_and_those_that_made_none_say_why_below() -> None:
    app = _App()
    async with app.run_test(size=(120, 12)) as pilot:
        table = app.query_one(CandidateTable)
        for seed, maker in enumerate((Maker.PYTKET, Maker.FRACTIONAL)):
            one = candidate(0.7 - seed / 10, seed)
            table.add(replace(one, options=replace(one.options, maker=maker)))
        table.unavailable = (Unavailable(Maker.CLOUD, "Classic only."),)
        shown = zip(rows(table), ("pytket", "fract.", "cloud"), strict=True)
        assert all(f" {word} " in row for row, word in shown)
        assert "Classic only." in rows(table)[2]
        await pilot.pause()
        assert table.size.height == 4
        await pilot.press("end", "enter")
        assert table.gutter_text(table.keys[2], False).strip() == ""
        table.clear()
        assert not table.unavailable and not table.keys


async def test_best_stay_when_there_are_too_many() -> None:
    app = _App()
    async with app.run_test(size=(120, 12)):
        table = app.query_one(CandidateTable)
        table.add(candidate(0.01, 5000))
        for seed in range(MAX_CANDIDATES + 5):
            table.add(candidate(0.5 + seed / 1000, seed), pick=False)
        assert len(table.candidates) == MAX_CANDIDATES
        assert table.candidates[0].options.seed == MAX_CANDIDATES + 4
        assert table.candidates[-1].options.seed == 5000, "the picked one is never dropped"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (CloudOptions(), "cloud"),
        (CloudOptions(Ai.ON), "cloud AI"),
        (CloudOptions(coupling_map=((0, 1),)), "cloud+"),
    ],
)
async def test_cloud_candidates_say_what_was_asked(asked: CloudOptions, words: str) -> None:
    app = _App()
    async with app.run_test(size=(120, 12)):
        table = app.query_one(CandidateTable)
        table.add(replace(bell_candidate(where="cloud"), options=TranspileOptions(2, None, True, asked)))
        assert f" {words} " in rows(table)[0]
        table.add(replace(GOOD, remapped=True))
        assert "local ⟳" in "".join(rows(table)) and "re-mapped" in "".join(rows(table))
