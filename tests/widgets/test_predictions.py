"""Tables of predictions: nothing is wider than the page, and what stands out is marked."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from tests.widgets.test_sweep_plots import cosine, flips, swept
from tui.domain.results import ExpectationValue, JobResult, PubResult
from tui.domain.statistics.distances import Comparison
from tui.domain.statistics.predictions import Foretold, ForetoldValues
from tui.domain.statistics.trust import MeasuredFidelity, PastPrediction
from tui.widgets.results.histogram import result_page
from tui.widgets.results.predictions import past_lines, trust_lines
from tui.widgets.text.styled_text import StyledLine, TextStyle, text_of, width_of

NEAR = Comparison(0.01, 0.05, 0.999, 0.995)
FAR = Comparison(0.12, 0.05, 0.93, 0.995)
WIDTHS = (57, 78, 118, 198)


def _text(lines: list[StyledLine]) -> str:
    return "\n".join(map(text_of, lines))


@pytest.mark.parametrize("width", WIDTHS)
def test_values_of_a_sweep_stand_beside_both_predictions(width: int) -> None:
    pub = cosine(swept(("a_parameter_with_a_long_name", "0:pi:5")), ("ZZ", "X" * 30))
    exact = tuple(value.value for value in pub.values)
    ideal = ForetoldValues(tuple(value + 0.2 for value in exact), (), (), 2, "state vector")
    noisy = ForetoldValues(exact, exact, tuple(0.01 for _ in exact), 2, "density matrix", True)
    lines = result_page(
        JobResult((pub,)), width, foretold={0: Foretold(ideal_values=ideal, noisy_values=noisy)}
    )
    start = next(at for at, one in enumerate(lines) if text_of(one).startswith("predicted against got"))
    assert all(width_of(one) <= width for one in lines[start:])
    told = _text(lines[start:])
    # 0.2 / 0.05 standard errors each.
    told = told.replace("\n          ", " ")
    assert told.count("-4.0") == 10 and "◇ ideal  off by 0.2000 (rms), 10 of 10 by 3 standard errors" in told
    assert any(span.style is TextStyle.WARNING for one in lines[start:] for span in one)
    assert "± 0.0100 at most" in told


@pytest.mark.parametrize("width", WIDTHS)
def test_counts_of_a_sweep_have_their_distances_place_by_place(width: int) -> None:
    pub = flips(swept(("theta", "0:pi:6")))
    foretold = Foretold(
        ideal_places=(NEAR, FAR, FAR, NEAR, None, NEAR), noisy_note="The circuit is too wide."
    )
    told = _text(result_page(JobResult((pub,)), width, foretold={0: foretold}))
    assert "2 of 5 differ by more than shot noise" in told
    assert "0.9300 (0.9950)" in told and told.count("≠") >= 2
    assert "The circuit is too wide." in told.replace("\n          ", " ")
    assert ("0.1200 (0.0500)" in told) is (width >= 100)


def test_values_of_several_pubs_have_one_table() -> None:
    pubs = tuple(PubResult(values=(ExpectationValue(value, 0.1, "Z"),)) for value in (0.9, -0.4))
    foretold = {0: Foretold(ideal_values=ForetoldValues((1.0,), method="state vector", qubits=1))}
    told = _text(result_page(JobResult(pubs), 78, foretold=foretold))
    assert told.count("predicted against got") == 1 and "PUB 1  Z" in told
    assert "+1.0000   -1.0" in told


def test_result_without_predictions_says_nothing_of_them() -> None:
    pub = cosine(swept(("theta", "0:pi:3")))
    assert "predicted" not in _text(result_page(JobResult((pub,)), 78))
    # What is not finite has no place and no z-score.
    broken = PubResult(values=(ExpectationValue(math.nan, 0.1, "Z"), ExpectationValue(0.5, None, "X")))
    foretold = Foretold(ideal_values=ForetoldValues((1.0, 0.5), method="state vector", qubits=1))
    assert "+nan" in _text(result_page(JobResult((broken,)), 78, foretold={0: foretold}))


def test_past_jobs_are_summed_up_and_listed() -> None:
    at = datetime(2026, 3, 14, tzinfo=UTC)
    past = [
        PastPrediction("j1", "bell", at, 0.95, MeasuredFidelity(0.97, 0.999, 0.96)),
        PastPrediction("j2", "", at, None, MeasuredFidelity(0.80, 0.999)),
    ]
    told = " ".join(_text(trust_lines(past, 78)).split())
    assert told == (
        "here last 2 jobs (medians): ESP 95.0 % got 97.0 %; ▴ noisy 96.0 % got 97.0 %; "
        "▴ off by 1.0, at most 1.0 points"
    )
    rows = [text_of(one).split() for one in past_lines("ibm_fez", past, 78)]
    assert rows[-2][-6:] == ["95.0", "%", "96.0", "%", "97.0", "%"]
    assert rows[-1][0] == "j2" and rows[-1][-4:] == ["–", "–", "80.0", "%"]
    assert all(width_of(one) <= 78 for one in past_lines("ibm_" + "x" * 90, past, 78))
    assert trust_lines([], 78) == past_lines("ibm_fez", [], 78) == []
