"""Diagnostics keep to their lines while the text is edited; they are found by a place, and seen from afar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.app import screen_text, until
from tests.widgets.test_qasm_editor import editor_with
from tui.domain.circuits import Diagnostic
from tui.widgets.circuit.diagnostic_marks import DiagnosticMarks

FOUND = (
    Diagnostic(2, 3, "first", 1),
    Diagnostic(4, 1, "second", 2),
    Diagnostic(4, 9, "third", 1, warning=True),
    Diagnostic(9, 2, "fourth", 1),
)


def marks(found: tuple[Diagnostic, ...] = FOUND) -> DiagnosticMarks:
    made = DiagnosticMarks()
    made.put(found)
    return made


def lines(of: DiagnosticMarks) -> list[int]:
    return [one.line for one in of.all]


def test_other_diagnostics_are_told_from_the_same() -> None:
    made = marks()
    assert not made.put(reversed(FOUND))
    assert made.put(FOUND[:1]) and made.put(()) and not made


@pytest.mark.parametrize(
    ("edit", "moved"),
    [
        ((0, 1, 3), [4, 6, 6, 11]),  # two lines put in above all
        ((3, 1, 2), [2, 4, 4, 10]),  # a line broken in two
        ((1, 3, 1), [2, 2, 2, 7]),  # lines 2 to 4 made one
        ((4, 2, 1), [2, 4, 4, 8]),
        ((3, 1, 1), [2, 4, 4, 9]),  # within a line
        ((20, 1, 5), [2, 4, 4, 9]),
    ],
)
def test_diagnostics_move_with_their_lines(edit: tuple[int, int, int], moved: list[int]) -> None:
    made = marks()
    made.edited(*edit)
    assert lines(made) == moved and made.stale


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9), st.integers(1, 9)), max_size=8))
def test_diagnostics_below_an_edit_stay_on_their_line(edits: list[tuple[int, int, int]]) -> None:
    text = [str(number) for number in range(60)]
    made = marks(tuple(Diagnostic(number + 1, 1, text[number]) for number in range(45, 60)))
    for first, removed, added in edits:
        text[first : first + removed] = ["new"] * added
        made.edited(first, removed, added)
    for one in made.all:
        assert text[one.line - 1] in {one.message, "new"}


@pytest.mark.parametrize(
    ("place", "index"),
    [((0, 0), 0), ((1, 0), 0), ((2, 5), 1), ((3, 0), 1), ((3, 4), 1), ((3, 8), 2), ((5, 0), 3), ((30, 0), 0)],
)
def test_diagnostic_at_a_place_is_that_of_the_line_or_the_next(place: tuple[int, int], index: int) -> None:
    assert marks().at(place) == index
    assert marks(()).at(place) is None


def test_steps_go_round_the_text_in_both_directions() -> None:
    made = marks()
    found, place = [], (0, 0)
    for _ in range(5):
        step = made.step(place, 1)
        assert step is not None
        found.append(step.message)
        place = step.line - 1, step.column - 1
    assert found == ["first", "second", "third", "fourth", "first"]
    before = made.step((3, 8), -1)
    last = made.step((0, 0), -1)
    assert (before, last) == (FOUND[1], FOUND[3]) and marks(()).step((0, 0), 1) is None


def test_rows_tell_where_there_are_warnings_alone() -> None:
    made = marks((FOUND[0], FOUND[2], Diagnostic(0, 0, "without a place")))
    assert list(made.rows) == [(1, False), (3, True)]
    assert made.first_error.message == "without a place"


async def test_overview_beside_the_scrollbar_shows_what_is_out_of_sight() -> None:
    async with editor_with("\n".join(f"x q[{number}];" for number in range(100))) as (pilot, area):
        assert area.scrollbar_size_vertical == 1
        area.mark((Diagnostic(50, 1, "far", 1), Diagnostic(98, 1, "farther", 1, warning=True)))
        await until(pilot, lambda: screen_text(pilot).split("\n")[9][58:59] == "✘")
        assert screen_text(pilot).split("\n")[19][58:59] == "!"
        area.move_cursor((0, 0))
        await pilot.press("enter")
        assert [one.line for one in area.marks.all] == [51, 99]
        area.mark(())
        await until(pilot, lambda: "✘" not in screen_text(pilot) and area.scrollbar_size_vertical == 1)
