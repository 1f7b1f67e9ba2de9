"""What pictures of jobs show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.store.samples import sample_job
from tests.support.circuits import bell_candidate
from tui.common.errors import QdeckError
from tui.domain.export.pictures import (
    MOST_BARS,
    REST,
    CurvesPicture,
    HeatPicture,
    histogram_picture,
    map_picture,
    sweep_picture,
    timing_picture,
)
from tui.domain.jobs import JobStatus, StatusStep
from tui.domain.pubs.sweeps import ParameterValues, Sweep
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult

JOB = replace(sample_job(1, JobStatus.DONE), name="bell", service="sandbox platform")


def test_histogram_puts_rare_strings_together_for_all_jobs_alike() -> None:
    many = {format(number, "08b"): 1 for number in range(100)} | {"11111111": 5}
    counted = JobResult((PubResult((Counts("c", 8, 105, many),)),))
    other = JobResult((PubResult((Counts("c", 8, 7, {"11111111": 7}),)),))
    picture = histogram_picture([(JOB, counted), (JOB, other)])
    first, second = picture.counts
    assert len(first) == MOST_BARS + 1 and first[REST] == 105 - sum(first.values()) + first[REST]
    assert second == {"11111111": 7}
    assert "SANDBOX" in picture.title and picture.legend == ("bell", "bell")


def test_histogram_of_several_registers_or_pubs_says_which_one_it_shows() -> None:
    lo, hi = Counts("lo", 2, 8, {"01": 8}), Counts("hi", 1, 8, {"0": 8})
    several = histogram_picture([(JOB, JobResult((PubResult((lo, hi)), PubResult((lo,)))))])
    assert several.title.endswith(", PUB 1 of 2, register lo") and several.counts == ({"01": 8},)
    alone = histogram_picture([(JOB, JobResult((PubResult((lo,)),)))])
    assert "register" not in alone.title and "PUB" not in alone.title


def test_sweep_over_one_parameter_is_a_curve_for_each_observable() -> None:
    sweep = Sweep((2,), (ParameterValues("theta", (0.0, 1.0), 0),))
    values = tuple(ExpectationValue(v, 0.1, o, (i,)) for o in ("X", "Z") for i, v in enumerate((0.2, 0.4)))
    picture = sweep_picture(JOB, JobResult((PubResult(values=values, sweep=sweep),)))
    assert isinstance(picture, CurvesPicture)
    assert (picture.across, picture.places, picture.up) == ("theta", (0.0, 1.0), "value")
    assert [(curve.label, curve.values, curve.errors) for curve in picture.curves] == [
        ("X", (0.2, 0.4), (0.1, 0.1)),
        ("Z", (0.2, 0.4), (0.1, 0.1)),
    ]


def test_sweep_over_two_parameters_has_a_row_for_each_value_of_the_first() -> None:
    sweep = Sweep((2, 3), (ParameterValues("a", (0.0, 1.0), 0), ParameterValues("b", (5.0, 6.0, 7.0), 1)))
    counts = tuple(
        Counts("c", 1, 10, {"0": 10 - 3 * i - j, "1": 3 * i + j}, (i, j)) for i in range(2) for j in range(3)
    )
    picture = sweep_picture(JOB, JobResult((PubResult(counts, sweep=sweep),)))
    assert isinstance(picture, HeatPicture)
    assert (picture.across, picture.up, picture.title.endswith(": 0")) == ("b", "a", True)
    first, second = picture.values
    assert first == (1.0, 0.9, 0.8) and second == pytest.approx((0.7, 0.6, 0.5))


def test_map_names_the_qubits_that_the_circuit_began_on() -> None:
    made = bell_candidate().transpilation
    picture = map_picture(JOB, replace(made, layout=(2, 0)), ((0, 0), (1, 0), (2, 0)), [(1, 0), (0, 1)])
    assert picture.used == {2: "q0", 0: "q1"} and picture.couplers == ((0, 1),)


def test_timing_counts_from_the_creation_of_each_job() -> None:
    steps = [
        StatusStep(status, JOB.created + timedelta(seconds=at))
        for status, at in ((JobStatus.QUEUED, 0), (JobStatus.RUNNING, 4), (JobStatus.DONE, 6))
    ]
    picture = timing_picture([replace(JOB, timeline=tuple(steps))])
    ((waiting, running),) = picture.spans
    assert (waiting.label, waiting.start, waiting.end) == ("queued", 0.0, 4.0)
    assert (running.label, running.start, running.end) == ("running", 4.0, 6.0)


@pytest.mark.parametrize(
    ("draw", "why"),
    [
        (lambda: histogram_picture([(JOB, JobResult(()))]), "no counts"),
        (lambda: histogram_picture([(JOB, JobResult(()))] * 13), "too many"),
        (lambda: sweep_picture(JOB, JobResult((PubResult(),))), "swept no parameter"),
        (lambda: map_picture(JOB, None, (), ()), "not made here"),
        (lambda: timing_picture([JOB]), "not known yet"),
    ],
)
def test_picture_of_what_is_not_there_is_refused(draw: Callable[[], object], why: str) -> None:
    with pytest.raises(QdeckError, match=why):
        draw()
