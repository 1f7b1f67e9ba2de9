"""The rules of the submit form: what is taken, and how a refusal reads."""

from __future__ import annotations

import pytest

from tests.support.circuits import bell_candidate
from tui.domain.submissions import DEFAULT_PRECISION, DEFAULT_SHOTS
from tui.widgets.submit_rules import (
    estimated_seconds,
    estimator_shots,
    parse_observables,
    parse_precision,
    parse_shots,
    parse_tags,
)


@pytest.mark.parametrize(("typed", "shots"), [("1", 1), (" 100000 ", 100_000), ("", DEFAULT_SHOTS)])
def test_shots_are_a_whole_number_or_the_default(typed: str, shots: int) -> None:
    assert parse_shots(typed) == shots


@pytest.mark.parametrize("typed", ["0", "-5", "100001", "1e3", "ten", "²", "9" * 5000])
def test_other_shots_are_refused_with_the_range(typed: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 100000"):
        parse_shots(typed)


def test_precision() -> None:
    assert parse_precision("0.03") == 0.03
    assert parse_precision("") == DEFAULT_PRECISION
    for typed in ("0", "1", "nan", "inf", "-0.1", "x"):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            parse_precision(typed)


def test_tags_are_counted_and_measured() -> None:
    assert parse_tags(" demo, [red], ,demo") == ("demo", "[red]")
    assert parse_tags("") == ()
    with pytest.raises(ValueError, match="at most 8, these are 9"):
        parse_tags(",".join("abcdefghi"))
    with pytest.raises(ValueError, match="at most 86 characters"):
        parse_tags("x" * 87)


def test_observables_are_laid_out_to_the_device() -> None:
    labels, laid_out = parse_observables("zz, ix", bell_candidate())
    assert labels == ("ZZ", "IX")
    assert [len(observable) for observable in laid_out] == [27, 27]
    assert laid_out[0].count("Z") == 2
    assert laid_out[1].replace("I", "") == "X"


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "for example ZZ"), ("ZZZ", "3 letters but the circuit has 2"), ("ZQ", "not a Pauli")],
)
def test_observables_that_do_not_fit_are_refused(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_observables(typed, bell_candidate())


def test_the_estimate_follows_the_formula() -> None:
    assert estimated_seconds(bell_candidate(duration_us=10.0), 10_000) == pytest.approx(2 + 10_000 * 260e-6)
    assert estimated_seconds(bell_candidate(duration_us=None), 10_000) == pytest.approx(2 + 10_000 * 250e-6)
    assert estimator_shots(DEFAULT_PRECISION) == 4096
