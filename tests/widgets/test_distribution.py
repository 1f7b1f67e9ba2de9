"""A simulated distribution as bars: the most probable outcomes, the rest summed up, nothing lost."""

from __future__ import annotations

from tui.domain.statistics.distributions import Distribution
from tui.widgets.results.distribution import distribution_lines, made_by
from tui.widgets.text.styled_text import text_of


def shown(found: Distribution, height: int = 10) -> list[str]:
    return [text_of(line).rstrip() for line in distribution_lines(found, 40, height)]


def test_distribution_has_a_space_between_registers_the_first_rightmost() -> None:
    found = Distribution({"011": 0.75, "110": 0.25}, (("c", 2), ("d", 1)), 3, "state vector")
    assert [line[:15] for line in shown(found)] == [" 0 11   75.0 % ", " 1 10   25.0 % "]
    assert [line.count("█") for line in shown(found)] == [24, 8]


def test_distribution_with_more_outcomes_than_lines_sums_the_least_probable_up() -> None:
    shares = {format(number, "03b"): 0.125 for number in range(8)}
    lines = shown(Distribution(shares, (("c", 3),), 3, "state vector"), 4)
    assert len(lines) == 4 and lines[-1] == " 5 others 62.5 %"


def test_distribution_that_is_not_whole_says_so() -> None:
    lines = shown(Distribution({"0": 0.25}, (("c", 1),), 1, "state vector", rest=0.75))
    assert lines[-1] == " all others 75.0 %"


def test_made_by_names_shots_and_what_is_not_measured() -> None:
    exact = Distribution({"0": 1.0}, (("c", 1),), 1, "state vector", measured=False)
    assert made_by(exact) == "exact, 1 qubit, all read out: nothing is measured"
    sampled = Distribution({"0": 1.0}, (("c", 1),), 30, "stabilizers", shots=4096)
    assert made_by(sampled) == "4,096 shots by stabilizers, 30 qubits"
