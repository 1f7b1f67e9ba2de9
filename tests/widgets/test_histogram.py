"""Results as text: right counts, right shares, nothing hidden."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult, QuasiDistribution
from tui.widgets.histogram import bar, counts_lines, result_page, strip_line
from tui.widgets.ink import text_of, width_of


def _page(result: JobResult, width: int = 76) -> str:
    return "\n".join(text_of(pieces) for pieces in result_page(result, width))


@given(st.floats(0, 1), st.integers(1, 60))
def test_bar_grows_with_its_share_and_never_leaves_its_place(share: float, width: int) -> None:
    assert len(bar(share, width)) <= width
    assert bool(bar(share, width)) == (share > 0)


def test_bar_of_no_number_is_empty() -> None:
    assert bar(math.nan, 10) == bar(-0.5, 10) == ""


@given(
    st.dictionaries(st.integers(0, 1023), st.integers(1, 5000), min_size=1, max_size=60), st.integers(30, 120)
)
def test_all_counts_are_shown_or_summed_up(numbers: dict[int, int], width: int) -> None:
    counts = {format(number, "010b"): times for number, times in numbers.items()}
    shots = sum(counts.values())
    lines = counts_lines(Counts("c", 10, shots, counts), width)
    assert all(width_of(pieces) <= width for pieces in lines[1:])
    shown = sum(int(text_of(pieces).split("%")[1].split()[0]) for pieces in lines[1:])
    assert shown == shots


def test_most_frequent_first_ties_by_bits() -> None:
    text = _page(JobResult((PubResult(counts=(Counts("c", 2, 10, {"11": 3, "00": 3, "01": 4}),)),)))
    assert text.index(" 01 ") < text.index(" 00 ") < text.index(" 11 ")


def test_quasi_probabilities_may_be_negative() -> None:
    text = _page(JobResult((PubResult(quasi=QuasiDistribution(1, 100, {"0": 1.02, "1": -0.02})),)))
    assert "102.0 %" in text and "-2.0 %" in text


def test_pubs_parameter_sets_and_notes_are_all_there() -> None:
    result = JobResult(
        (
            PubResult(counts=(Counts("a", 1, 5, {"0": 5}, (0,)), Counts("a", 1, 5, {"1": 5}, (1,)))),
            PubResult(
                values=(ExpectationValue(0.5, None, "[red]ZZ"), ExpectationValue(-1, 0.25, "", (2, 1)))
            ),
        ),
        note="decoded in part",
    )
    text = _page(result)
    for expected in ("decoded in part", "PUB 1 of 2", "a[0]", "a[1]", "PUB 2 of 2", "[red]ZZ", "[2][1]"):
        assert expected in text
    assert "+0.5000 ± –" in text and "-1.0000 ± 0.2500" in text


def test_empty_result_says_so() -> None:
    assert "holds no data" in _page(JobResult(()))


def test_strip_is_one_short_line() -> None:
    counts = Counts("c", 6, 640, {format(number, "06b"): 10 for number in range(64)})
    pieces = strip_line(JobResult((PubResult(counts=(counts,)), PubResult())), 78)
    assert width_of(pieces) <= 90
    assert "+61" in text_of(pieces) and "+1 PUBs" in text_of(pieces)
