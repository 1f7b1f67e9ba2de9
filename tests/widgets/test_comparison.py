"""The pages of a comparison: what is notable is marked by a word or a sign, and bars have two sides."""

from __future__ import annotations

import pytest

from tui.domain.comparisons.differences import CircuitDiff, Fact
from tui.domain.comparisons.reports import Outcomes, Place, Report, compare_counts
from tui.widgets.results.comparison import circuits_page, difference_bar, differences_page, results_page
from tui.widgets.text.styled_text import text_of, width_of

FIRST: dict[Place, Outcomes] = {(1, "c", ()): Outcomes({"01": 900, "10": 100}, 1000)}
SECOND: dict[Place, Outcomes] = {(1, "c", ()): Outcomes({"01": 500, "10": 500}, 1000)}
REPORT = Report(
    ("one", "two", "three"),
    (
        Fact("backend", ("a", "b", "a")),
        Fact("shots", ("1", "1", "")),
        Fact("created", ("x", "y", "z"), False),
    ),
    compare_counts([FIRST, SECOND, FIRST]),
    circuits=(CircuitDiff(1, 1, ("@@ line 1 · line 1 @@", "- x $1;", "+ x $2;")), CircuitDiff(2, 1)),
)


@pytest.mark.parametrize("width", [78, 118, 198])
def test_results_name_what_is_more_than_noise_and_fit(width: int) -> None:
    lines = [text_of(line) for line in results_page(REPORT, width)]
    assert max(map(len, lines)) <= width
    assert any("two" in line and "≠ more than shot noise" in line for line in lines)
    assert any("three" in line and "= within shot noise" in line for line in lines)
    row = next(line for line in lines if line.startswith(" 01"))
    assert "90.0 %" in row and "50.0 %" in row and "-19.5" in row


def test_bar_of_two_sides_goes_left_for_less_and_right_for_more() -> None:
    report = Report(("one", "two"), counts=compare_counts([FIRST, SECOND]))
    less, more = (
        next(text_of(line) for line in results_page(report, 100) if text_of(line).startswith(f" {bits}"))
        for bits in ("01", "10")
    )
    assert less.rstrip().endswith("█│") and "│█" in more and "█│" not in more
    assert all(width_of(line) <= 100 for line in results_page(report, 100))
    assert difference_bar(-0.1, 0.2, 9) == "  ██│    " and difference_bar(0.2, 0.2, 9) == "    │████"
    assert difference_bar(0.0, 0.0, 9) == "    │    "


def test_counts_that_one_has_alone_are_told() -> None:
    other: dict[Place, Outcomes] = {(1, "d", ()): Outcomes({"0": 10}, 10)}
    lines = [
        text_of(line)
        for line in results_page(Report(("one", "two"), counts=compare_counts([FIRST, other])), 78)
    ]
    assert " 1 set of counts that one has and no other." in lines


def test_differences_come_first_and_are_marked() -> None:
    lines = [text_of(line) for line in differences_page(REPORT, 78)]
    marked = next(place for place, line in enumerate(lines) if line.startswith(" ≠ backend"))
    same = next(place for place, line in enumerate(lines) if "shots" in line)
    assert marked < same and "created" in "".join(lines[marked:same])
    alike = Report(("one", "two"), (Fact("backend", ("a", "a")),))
    assert "differs but the times" in text_of(differences_page(alike, 78)[0])


def test_circuits_page_is_a_diff_with_signs() -> None:
    lines = [text_of(line) for line in circuits_page(REPORT, 78)]
    assert " - x $1;" in lines and " + x $2;" in lines and any("the same text" in line for line in lines)
