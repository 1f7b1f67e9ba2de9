"""Results as text: right counts, right shares, nothing hidden."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.results import (
    Counts,
    Estimate,
    ExpectationValue,
    JobResult,
    PubResult,
    QuasiDistribution,
    Role,
)
from tui.widgets.results.bars import bar
from tui.widgets.results.counts import counts_lines
from tui.widgets.results.histogram import preview_line, result_page
from tui.widgets.results.result_tables import axis_lines
from tui.widgets.text.styled_text import text_of, width_of


def _page(result: JobResult, width: int = 76) -> str:
    return "\n".join(text_of(pieces) for pieces in result_page(result, width))


@given(st.floats(0, 1), st.integers(1, 60))
def test_bar_fits_its_width_and_is_empty_only_for_zero(share: float, width: int) -> None:
    assert len(bar(share, width)) <= width
    assert bool(bar(share, width)) == (share > 0)


def test_bar_is_empty_for_nan_and_negative_shares() -> None:
    assert bar(math.nan, 10) == bar(-0.5, 10) == ""


@given(
    st.dictionaries(st.integers(0, 1023), st.integers(1, 5000), min_size=1, max_size=60), st.integers(30, 120)
)
def test_histogram_groups_the_rest_beyond_the_top(numbers: dict[int, int], width: int) -> None:
    counts = {format(number, "010b"): times for number, times in numbers.items()}
    shots = sum(counts.values())
    lines = counts_lines(Counts("c", 10, shots, counts), width)
    assert all(width_of(pieces) <= width for pieces in lines[1:])
    shown = sum(int(text_of(pieces).split("%")[1].split()[0]) for pieces in lines[1:])
    assert shown == shots


def test_histogram_sorts_by_count_then_by_bits() -> None:
    text = _page(JobResult((PubResult(counts=(Counts("c", 2, 10, {"11": 3, "00": 3, "01": 4}),)),)))
    assert text.index(" 01 ") < text.index(" 00 ") < text.index(" 11 ")


def test_quasi_distribution_shows_negative_shares() -> None:
    text = _page(JobResult((PubResult(quasi=QuasiDistribution(1, 100, {"0": 1.02, "1": -0.02})),)))
    assert "102.0 %" in text and "-2.0 %" in text


def test_result_page_has_every_pub_parameter_set_and_note() -> None:
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


def test_result_page_of_empty_result_says_so() -> None:
    assert "holds no data" in _page(JobResult(()))


def test_preview_line_is_short_and_counts_the_rest() -> None:
    counts = Counts("c", 6, 640, {format(number, "06b"): 10 for number in range(64)})
    pieces = preview_line(JobResult((PubResult(counts=(counts,)), PubResult())), 78)
    assert width_of(pieces) <= 90
    assert "+61" in text_of(pieces) and "+1 PUBs" in text_of(pieces)


def test_histogram_writes_wide_bit_strings_in_hexadecimal() -> None:
    counts = Counts("meas", 127, 3, {"0" * 127: 2, "1" + "0" * 125 + "1": 1})
    lines = result_page(JobResult((PubResult(counts=(counts,)),)), 78)
    text = [text_of(pieces) for pieces in lines]
    assert "127 bits in hexadecimal, 3 shots" in text[0]
    assert f" 0x{'0' * 32} " in text[1] and f" 0x4{'0' * 30}1 " in text[2]
    assert all(width_of(pieces) <= 78 for pieces in lines)
    assert "1" + "0" * 125 + "1" in _page(JobResult((PubResult(counts=(counts,)),)), 200)


def test_histogram_share_that_rounds_to_zero_is_below_a_tenth() -> None:
    assert "<0.1 %" in _page(JobResult((PubResult(counts=(Counts("c", 1, 4096, {"0": 4095, "1": 1}),)),)))


def test_histogram_without_shots_says_nothing_was_counted() -> None:
    text = _page(JobResult((PubResult(counts=(Counts("c", 3, 0, {}),)),)))
    assert "0 shots" in text and "nothing was counted" in text
    empty = tuple(Counts("c", 3, 0, {}, (place,)) for place in range(9))
    assert "nothing was counted" in _page(JobResult((PubResult(counts=empty),)))


@given(st.integers(40, 160), st.integers(1, 12), st.integers(5, 40))
def test_sweep_table_has_a_row_for_each_parameter_set(width: int, bits: int, many: int) -> None:
    outcomes = [format(number % 2**bits, f"0{bits}b") for number in range(20)]
    sets = tuple(
        Counts(
            "c", bits, 40, {one: 40 // len(set(outcomes)) or 1 for one in outcomes}, (place // 3, place % 3)
        )
        for place in range(many)
    )
    lines = result_page(JobResult((PubResult(counts=sets),)), width)
    assert len(lines) == many + 2
    assert f"{many} parameter sets, 40 shots each" in text_of(lines[0])
    assert len({width_of(pieces) for pieces in lines[1:]}) == 1
    assert width_of(lines[1]) <= width


def test_sweep_table_shares_by_parameter_set() -> None:
    sets = tuple(Counts("c", 1, 100, {"0": 50 + place, "1": 50 - place}, (place,)) for place in range(6))
    rows = _page(JobResult((PubResult(counts=sets),))).split("\n")
    assert rows[1].split() == ["0", "1"]
    assert rows[7].split() == ["[5]", "55.0", "%", "45.0", "%"]
    bars = _page(JobResult((PubResult(counts=sets[:4]),)))
    assert "c[3]" in bars and "█" in bars


def test_expectation_values_are_laid_out_in_columns_from_thirteen() -> None:
    values = tuple(
        ExpectationValue(place / 300, 0.01, index=(place // 20, place % 20)) for place in range(300)
    )
    lines = result_page(JobResult((PubResult(values=values),)), 78)
    text = "\n".join(text_of(pieces) for pieces in lines)
    assert "300 from +0.0000 to +0.9967" in text
    assert len(lines) == 151 and all(width_of(pieces) <= 78 for pieces in lines)
    assert text.index("[0][1] ") < text.index("[0][2] ") < text.index("[14][19] ")


def test_expectation_values_abbreviate_long_observables() -> None:
    values = tuple(
        ExpectationValue(0.5, 0.1, "I" * (125 - place) + "Z" + "I" * (place + 1)) for place in range(2)
    )
    text = _page(JobResult((PubResult(values=values),)))
    assert " Z1  +0.5" in text and " Z2  +0.5" in text


def test_result_page_lists_pubs_of_one_value_together() -> None:
    pubs = tuple(PubResult(values=(ExpectationValue(place / 10, 0.1, "ZZ"),)) for place in range(10))
    rows = _page(JobResult(pubs)).split("\n")
    assert len(rows) == 11
    assert rows[10] == " PUB 10  ZZ  +0.9000 ± 0.1000"


def test_estimator_without_values_is_previewed_in_a_sentence() -> None:
    counts = Counts("ZZ", 2, 10, {"00": 5, "11": 5})
    result = JobResult((PubResult((counts,)),), note="Counts by basis.", role=Role.ESTIMATOR)
    text = "".join(span.text for span in preview_line(result, 80))
    assert text == "The values are worked out when the job is opened: enter opens it."


def test_long_note_is_folded_to_the_width() -> None:
    lines = result_page(JobResult((), note="some words " * 30), 78)
    assert len(lines) > 3
    assert all(sum(len(span.text) for span in one) <= 78 for one in lines)


def mitigated(place: int, method: str, *steps: str) -> ExpectationValue:
    """A value of 1 of which each step was a tenth lower than the one after it."""
    before = tuple(Estimate(name, 1 - 0.1 * (len(steps) - at), 0.02) for at, name in enumerate(steps))
    return ExpectationValue(1.0, 0.03, "ZZ", (place,), 0.04, before, method)


def test_raw_value_stands_beside_the_mitigated_one() -> None:
    value = mitigated(0, "TREX and ZNE, linear fit", "no mitigation, noise x 1", "TREX, noise x 1")
    text = _page(JobResult((PubResult(values=(value,)),)))
    # Below the title where it does not fit beside it.
    assert "value by TREX and ZNE ± standard error\n  raw: without mitigation\n" in text
    wide = _page(JobResult((PubResult(values=(value,)),)), 120)
    assert "value by TREX and ZNE ± standard error; raw: without mitigation\n" in wide
    assert "ZZ[0]  +1.0000 ± 0.0300  raw +0.8000 ± 0.0200" in text
    assert "no mitigation, noise x 1" in text and "TREX and ZNE, linear fit" in text


def test_wide_sweep_shows_the_raw_value_of_each_place() -> None:
    values = tuple(mitigated(place, "TREX", "no mitigation") for place in range(200))
    lines = _page(JobResult((PubResult(values=values),)), 80).splitlines()
    shown = [line for line in lines if "raw +0.9000 ± 0.0200" in line]
    assert len(shown) == 200 and max(map(len, lines)) <= 80
    wide = _page(JobResult((PubResult(values=values),)), 200).splitlines()
    assert sum(line.count("raw +0.9000") for line in wide) == 200 and max(map(len, wide)) <= 200


@pytest.mark.parametrize(
    "value",
    [
        mitigated(0, "no mitigation", "no mitigation"),
        mitigated(0, "TREX and PEC"),
        mitigated(0, "TREX and PEA, linear fit", "TREX and PEA, noise x 1"),
        mitigated(0, ""),
    ],
)
def test_value_without_a_raw_one_has_none_beside_it(value: ExpectationValue) -> None:
    text = _page(JobResult((PubResult(values=(value,)),)))
    assert "raw" not in text
    assert value.method.partition(",")[0] in text


def test_values_are_drawn_on_one_axis_with_their_errors() -> None:
    values = (
        ExpectationValue(-1.0, 0.5, "XX"),
        ExpectationValue(1.0, 0.0, "ZZ"),
        ExpectationValue(0.0, None, "YY"),
    )
    head, first, second, third, axis = (text_of(pieces) for pieces in axis_lines(values, 38))
    assert "on one axis" in head
    columns = [row.index("●") for row in (first, second, third)]
    assert columns[0] < columns[2] < columns[1]
    assert first.index("├") < columns[0] < first.index("┤")
    assert "├" not in second and "├" not in third
    assert columns[2] == axis.index("0") and "┊" in second
    assert axis.split()[1:] == ["0", "+1"] and "-1.5" in axis
    assert all(len(row) <= 38 for row in (first, second, third, axis))


def test_axis_is_left_out_for_one_value_and_for_what_is_not_finite() -> None:
    assert axis_lines((ExpectationValue(1.0, 0.1),), 60) == []
    assert axis_lines((ExpectationValue(math.nan), ExpectationValue(math.inf)), 60) == []
    page = _page(JobResult((PubResult(values=(ExpectationValue(0.5, 0.1), ExpectationValue(math.nan))),)))
    assert page.count("●") == 1
