"""Pictures of sweeps: every place is drawn, nothing is wider than the page, values stand at their height."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.domain.pubs.sweep_text import sweep_of
from tui.domain.pubs.sweeps import Sweep
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult
from tui.widgets.results.histogram import MOST_ROWS, result_page
from tui.widgets.results.sweep_plots import MOST_OUTCOMES, angle, place_label, sweep_pictures
from tui.widgets.text.styled_text import text_of, width_of


def swept(*texts: tuple[str, str], zipped: bool = False) -> Sweep:
    sweep = sweep_of(texts, [name for name, _ in texts], zipped=zipped)
    assert sweep is not None
    return sweep


def cosine(sweep: Sweep, observables: tuple[str, ...] = ("ZZ",), std: float | None = 0.05) -> PubResult:
    values = [
        ExpectationValue(math.cos(sweep.at(place)[0][1]), std, observable, (number, *place))
        for number, observable in enumerate(observables)
        for place in sweep.places()
    ]
    return PubResult(values=tuple(values), sweep=sweep)


def flips(sweep: Sweep, bits: int = 1) -> PubResult:
    counts = []
    for place in sweep.places():
        ones = round(1000 * math.sin(sweep.at(place)[0][1] / 2) ** 2)
        counts.append(Counts("c", bits, 1000, {"0" * bits: 1000 - ones, "1" * bits: ones}, place))
    return PubResult(counts=tuple(counts), sweep=sweep)


def picture(pub: PubResult, width: int = 76) -> str:
    return "\n".join(text_of(pieces) for pieces in sweep_pictures(pub, width))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (math.pi, "π"),
        (-math.pi, "-π"),
        (math.pi / 2, "π/2"),
        (-math.pi / 4, "-π/4"),
        (3 * math.pi / 4, "3π/4"),
        (math.tau, "2π"),
        (0.5, "0.5"),
        (1.23456, "1.235"),
        (1e-5, "1e-05"),
        (1e9, "1e+09"),
    ],
)
def test_angle_is_short(value: float, text: str) -> None:
    assert angle(value) == text


def test_curve_has_a_dot_for_each_place_at_its_height_and_bars_of_the_error() -> None:
    text = picture(cosine(swept(("theta", "0:2pi:20"))))
    head, *rows = text.split("\n")
    assert head == "ZZ  value ± standard error over theta"
    assert text.count("●") == 20 and "│" in text
    assert rows[0].startswith("   +1.050 ┤") and rows[0].rstrip().endswith("●")
    assert "●" in rows[-4] and "●" not in rows[-4][:30], "the lowest in the middle"
    assert rows[-2].split() == ["0", "3.307", "2π"]
    assert "┈" in rows[5], "the line at 0"


def test_curve_without_errors_has_dots_alone() -> None:
    text = picture(cosine(swept(("theta", "0:2pi:20")), std=None))
    assert text.count("●") == 20 and "│" not in text


def test_curve_of_one_value_everywhere_is_drawn() -> None:
    sweep = swept(("theta", "0:1:5"))
    pub = PubResult(
        values=tuple(ExpectationValue(0.5, 0.0, "Z", place) for place in sweep.places()), sweep=sweep
    )
    assert picture(pub).count("●") == 5


def test_values_that_are_no_numbers_are_left_out() -> None:
    sweep = swept(("theta", "0:1:3"))
    values = (
        ExpectationValue(math.nan, None, "Z", (0,)),
        *(ExpectationValue(0.5, 0.1, "Z", (n,)) for n in (1, 2)),
    )
    assert picture(PubResult(values=values, sweep=sweep)).count("●") == 2


def test_each_observable_has_a_curve_up_to_four() -> None:
    names = ("0.5*XX + 0.5*ZZ", "ZI", "IZ", "YY", "XY")
    text = picture(cosine(swept(("theta", "0:pi:5"), ("phi", "pi/2")), names))
    assert [name for name in names if f"{name}  value ± standard error over theta, at phi = π/2" in text] == [
        *names[:4]
    ]
    assert "and 1 more observables: the table below has them" in text


def test_counts_over_one_parameter_are_a_heat_map() -> None:
    text = picture(flips(swept(("theta", "0:2pi:9")), bits=2))
    head, zeros, ones, ends, legend, *_ = text.split("\n")
    assert head == "c  share of the shots over theta"
    assert zeros.startswith(" 00 │████") and zeros.endswith("████")
    assert ones.startswith(" 11 │    ")
    assert ones[5 + 4 * 4 : 5 + 5 * 4] == "████"
    assert ends.split() == ["0", "2π"]
    assert "░ from 20 %" in legend


def test_more_places_than_cells_share_them() -> None:
    text = picture(flips(swept(("theta", "0:2pi:500"))), 60)
    assert "9 places a cell" in text


def test_outcomes_beyond_the_most_frequent_are_one_row() -> None:
    sweep = swept(("theta", "0:1:2"))
    counts = {format(number, "05b"): 30 - number for number in range(20)}
    shots = sum(counts.values())
    pub = PubResult(counts=tuple(Counts("c", 5, shots, counts, (n,)) for n in (0, 1)), sweep=sweep)
    lines = picture(pub).split("\n")
    assert len([row for row in lines if "│" in row]) == MOST_OUTCOMES + 1
    assert any(row.startswith(" others │") for row in lines)


def test_sweep_over_two_parameters_is_a_map() -> None:
    sweep = swept(("theta", "0:pi:3"), ("phi", "0:pi:5"))
    text = picture(cosine(sweep))
    assert "ZZ  value over theta and phi, downwards and across" in text
    rows = [row for row in text.split("\n") if "│" in row]
    assert [row.split("│")[0].strip() for row in rows] == ["0", "π/2", "π"]
    assert set(rows[0].split("│")[1]) == {"█"} and set(rows[2].split("│")[1]) == {" "}
    assert "c = 1  share of the shots over theta and phi" in picture(flips(sweep))


def test_parameters_that_change_together_are_named() -> None:
    sweep = swept(("theta", "0:pi:3"), ("phi", "3,1,2"), zipped=True)
    assert "over theta (with phi)" in picture(cosine(sweep))
    assert place_label(cosine(sweep), (0, 1)) == "theta=π/2, phi=1"


@pytest.mark.parametrize("texts", [(("a", "1"),), (("a", "0:1:2"), ("b", "0:1:2"), ("c", "0:1:2"))])
def test_other_shapes_have_no_picture(texts: tuple[tuple[str, str], ...]) -> None:
    assert picture(cosine(swept(*texts))) == ""


def test_page_has_picture_and_table_with_the_values_of_parameters() -> None:
    sweep = swept(("theta", "0:2pi:5"))
    page = "\n".join(text_of(row) for row in result_page(JobResult((cosine(sweep),)), 76))
    assert page.index("over theta") < page.index("ZZ theta=3π/2  ")
    page = "\n".join(text_of(row) for row in result_page(JobResult((flips(sweep),)), 76))
    assert page.index("over theta") < page.index(" theta=3π/2 ")


def test_table_of_a_long_sweep_is_cut_and_says_so() -> None:
    for pub in (cosine(swept(("a", "0:1:1500")), std=None), flips(swept(("a", "0:1:1500")))):
        lines = result_page(JobResult((pub,)), 76)
        assert len(lines) < MOST_ROWS + 40
        assert any("and 500 more places" in text_of(row) for row in lines)


@settings(max_examples=60)
@given(
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40),
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=3),
    st.integers(72, 160),
    st.booleans(),
)
def test_picture_fits_its_width(first: list[float], second: list[float], width: int, zipped: bool) -> None:
    texts = [("theta", ",".join(map(repr, first))), ("phi", ",".join(map(repr, second)))]
    if zipped:
        texts.pop()
    sweep = swept(*texts, zipped=zipped)
    for pub in (cosine(sweep, ("ZZ", "XX")), flips(sweep, 3)):
        for row in sweep_pictures(pub, width)[1:]:
            if "over" not in text_of(row):
                assert width_of(row) <= width, text_of(row)
