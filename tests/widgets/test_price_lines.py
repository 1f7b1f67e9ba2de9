"""The price as lines: each way, its past error, what is left, and nothing that is not current."""

from __future__ import annotations

import pytest

from tui.domain.accounts import Usage
from tui.domain.pricing import Correction, DryRun, Price
from tui.widgets.forms.price_lines import PriceView, price_lines

OWN = Correction(2.7, 2.5, 2.9, 12, 0.08)
USAGE = Usage(48.0, 600.0)


def shown(**view: object) -> list[str]:
    lines = price_lines(PriceView(**view), 36)  # type: ignore[arg-type]
    return ["".join(span.text for span in one) for one in lines]


def test_price_shows_three_ways_with_past_error_and_what_is_left() -> None:
    price = Price(2.8, OWN, DryRun("m", 2.6, (14_368,), 2.222e-10))
    assert shown(price=price, usage=USAGE, offers_dry_run=True) == [
        "dry run  2.6 s  circuit 3.2 µs",
        "formula  2.8 s  median error 8%",
        "yours    2.7 ±0.2 s  12 jobs",
        "left     9m 12s of 10m QPU left",
    ]


def test_price_without_own_jobs_is_the_formula_alone() -> None:
    assert shown(price=Price(2.8)) == ["formula  2.8 s"]
    assert shown(price=Price(None)) == ["formula  –"]


@pytest.mark.parametrize(
    ("seconds", "half", "words"),
    [(2.7, 0.2, "2.7 ±0.2 s"), (31.0, 4.0, "31 ±4 s"), (600.0, 90.0, "10m ±1m 30s")],
)
def test_own_estimate_has_its_spread(seconds: float, half: float, words: str) -> None:
    own = Correction(seconds, seconds - half, seconds + half, 1, None)
    assert shown(price=Price(seconds, own))[1] == f"yours    {words}  1 job"


def test_pending_price_shows_no_figure_of_an_earlier_one() -> None:
    assert shown(pending=True, usage=USAGE, offers_dry_run=True) == [
        "dry run  ^r asks the service",
        "formula  working it out…",
        "left     9m 12s of 10m QPU left",
    ]


def test_pending_price_is_as_high_as_the_last_one() -> None:
    assert len(shown(pending=True, expects_own=True)) == len(shown(price=Price(2.8, OWN)))


@pytest.mark.parametrize(
    ("view", "line"),
    [
        ({"offers_dry_run": True}, "dry run  ^r asks the service"),
        ({"offers_dry_run": True, "dry_running": True}, "dry run  asking…  esc stops"),
        ({"offers_dry_run": True, "refusal": "Not here."}, "dry run  not on this plan"),
        ({"price": Price(2.8, None, DryRun("m", None))}, "dry run  not told"),
        ({"price": Price(2.8, None, DryRun("m", 3.0, (9, 5)))}, "dry run  3.0 s  5 to 9 dt each"),
    ],
)
def test_dry_run_says_how_far_it_is(view: dict[str, object], line: str) -> None:
    assert shown(**view)[0] == line


def test_refused_job_says_why_in_place_of_a_price() -> None:
    (first, second, *_) = shown(
        trouble="The job has 12,000,000 executions; the service's limit is 10,000,000."
    )
    assert first == "✘ The job has 12,000,000 executions;"
    assert second == "the service's limit is 10,000,000."


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ({"usage": Usage(598.0, 600.0)}, "More than the instance has left"),
        ({"usage": Usage(600.0, 600.0, limit_reached=True)}, "More than the instance has left"),
        ({"limit": 2}, "More than the QPU limit"),
        ({"timed": False}, "tells no gate lengths"),
    ],
)
def test_price_warns(view: dict[str, object], words: str) -> None:
    assert words in " ".join(shown(price=Price(2.8), **view))
    assert words not in " ".join(shown(price=Price(2.8)))
    assert words not in " ".join(shown(pending=True, **view))


def test_lines_fit_the_form_at_80_columns() -> None:
    price = Price(599.0, Correction(3599.0, 3000.0, 4100.0, 200, 0.33), DryRun("m", 599.0, (9_999, 5), 4e-9))
    lines = shown(price=price, usage=Usage(1.0, 36_000.0), limit=1, offers_dry_run=True)
    assert max(map(len, lines)) <= 36
