"""The rules of the submit form: what is taken, and how a refusal reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.circuits import bell_candidate
from tui.domain.accounts import Usage
from tui.domain.jobs import DEFAULT_PRECISION, DEFAULT_SHOTS
from tui.domain.pricing import Price
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.widgets.forms.submit_validation import (
    costs,
    formula,
    parse_observables,
    parse_precision,
    parse_seconds,
    parse_shots,
    parse_tags,
)


@pytest.mark.parametrize(("typed", "shots"), [("1", 1), (" 100000 ", 100_000), ("", DEFAULT_SHOTS)])
def test_parse_shots_takes_whole_number_or_default(typed: str, shots: int) -> None:
    assert parse_shots(typed) == shots


@pytest.mark.parametrize("typed", ["0", "-5", "100001", "1e3", "ten", "²", "9" * 5000])
def test_parse_shots_refuses_other_values_with_the_range(typed: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 100000"):
        parse_shots(typed)


def test_parse_precision_takes_number_between_0_and_1() -> None:
    assert parse_precision("0.03") == 0.03
    assert parse_precision("") == DEFAULT_PRECISION
    for typed in ("0", "1", "nan", "inf", "-0.1", "x"):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            parse_precision(typed)


def test_parse_tags_refuses_too_many_and_too_long_tags() -> None:
    assert parse_tags(" demo, [red], ,demo") == ("demo", "[red]")
    assert parse_tags("") == ()
    with pytest.raises(ValueError, match="at most 8, these are 9"):
        parse_tags(",".join("abcdefghi"))
    with pytest.raises(ValueError, match="at most 86 characters"):
        parse_tags("x" * 87)


def test_parse_observables_lays_labels_out_over_the_device() -> None:
    labels, laid_out = parse_observables("zz, ix", bell_candidate())
    assert labels == ("ZZ", "IX")
    assert [len(observable) for observable in laid_out] == [27, 27]
    assert laid_out[0].count("Z") == 2
    assert laid_out[1].replace("I", "") == "X"


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "for example ZZ"), ("ZZZ", "3 letters but the circuit has 2"), ("ZQ", "not a Pauli")],
)
def test_parse_observables_refuses_labels_that_do_not_fit(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_observables(typed, bell_candidate())


@pytest.mark.parametrize(("rep_delay_us", "words"), [(None, "(250 µs"), (200.0, "(200 µs")])
def test_formula_names_the_rep_delay_of_the_device(rep_delay_us: float | None, words: str) -> None:
    candidate = bell_candidate(rep_delay_us=rep_delay_us)
    assert formula(candidate) == f"Formula: 2 s + {words} + circuit) × executions"


OPEN = Usage(consumed_seconds=590, limit_seconds=600, plan="open")


def test_costs_of_run_within_the_open_plan_are_empty() -> None:
    batch = Session("s", "platform", "ibm_fez", SessionMode.BATCH, SessionState.OPEN)
    assert not costs(Price(3.0), OPEN, None)
    assert not costs(Price(3.0), OPEN, batch)
    assert not costs(Price(30.0), OPEN, None, 10)
    assert not costs(Price(3.0), None, None)
    assert not costs(Price(None), OPEN, None)


@pytest.mark.parametrize(
    ("seconds", "usage", "mode", "words"),
    [
        (30.0, OPEN, None, "takes about 30 s of QPU time; the instance has 10 s left"),
        (3.0, replace(OPEN, limit_reached=True), None, "the limit of the instance is reached"),
        (3.0, replace(OPEN, plan="flex"), None, "The plan of the instance is flex: QPU time is paid for."),
        (None, replace(OPEN, plan="[b]Premium\x1b"), None, "is [b]Premium␛: QPU time is paid for."),
        (3.0, OPEN, SessionMode.DEDICATED, "runs in a dedicated session"),
    ],
)
def test_costs_name_the_reason_for_a_confirmation(
    seconds: float | None, usage: Usage, mode: SessionMode | None, words: str
) -> None:
    session = Session("s", "platform", "ibm_fez", mode, SessionState.OPEN) if mode is not None else None
    (reason,) = costs(Price(seconds), usage, session)
    assert words in reason


def test_parse_seconds_takes_whole_seconds_up_to_three_hours() -> None:
    assert [parse_seconds(text) for text in ("", " 1 ", "10800")] == [None, 1, 10_800]
    for typed in ("0", "10801", "1.5", "1m", "9" * 5000):
        with pytest.raises(ValueError, match="QPU limit"):
            parse_seconds(typed)
