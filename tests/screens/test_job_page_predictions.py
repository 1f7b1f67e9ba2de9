"""The job page's predictions of sweeps: values and counts beside what was foretold of each place."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, settled
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import jobs
from tests.support.job_page import BELL, VALUES, open_page
from tui.domain.pubs.inputs import Pub, encode_inputs
from tui.domain.pubs.sweep_text import sweep_of
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult


def _swept(*, counts: bool = False) -> AppServicesHarness:
    """Services whose job of values, or of counts, is a sweep of nine places that was simulated."""
    services = AppServicesHarness()
    sweep = sweep_of([("theta", "0:2pi:9")], ["theta"])
    assert sweep is not None
    place = BELL if counts else VALUES
    pub = Pub("circuit", ("theta",), sweep, ("ZZ",), observable_labels=("ZZ", "XX"))
    job = replace(jobs()[place], circuit="OPENQASM 3; circuit", circuits=1, inputs=encode_inputs([pub]))
    services.the_jobs = tuple(job if one.id == job.id else one for one in services.the_jobs)
    services.ideal_values = lambda observable, values: (
        math.cos(values[0][1]) * (1 if "Z" in observable else 0.5)
    )
    if counts:
        shares = [round(1024 * math.cos(angle / 2) ** 2) for angle in sweep.columns[0].values]
        found = [
            Counts("c", 2, 1024, {"00": 512 + share // 8, "11": 512 - share // 8}, (index,))
            for index, share in enumerate(shares)
        ]
        services.results[job.id] = JobResult((PubResult(counts=tuple(found)),))
        return services
    values = tuple(
        ExpectationValue(
            0.95 * math.cos(angle) * size + 0.02 * (-1) ** index,
            0.0156,
            label,
            (row, index),
            None,
            (),
            "TREX",
        )
        for row, (label, size) in enumerate((("ZZ", 1.0), ("XX", 0.5)))
        for index, angle in enumerate(sweep.columns[0].values)
    )
    services.results[job.id] = JobResult((PubResult(values=values),))
    return services


def test_job_page_swept_values_beside_predictions_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(_swept()), run_before=lambda pilot: open_page(pilot, VALUES))


def test_job_page_swept_values_beside_predictions_at_200x60(snap_compare: SnapCompare) -> None:
    app = make_app(_swept())
    assert snap_compare(app, terminal_size=(200, 60), run_before=lambda pilot: open_page(pilot, VALUES))


async def _open_end(pilot: Pilot[None]) -> None:
    await open_page(pilot, BELL)
    await pilot.press("G")
    await settled(pilot)


def test_job_page_swept_counts_beside_predictions_at_120x40(snap_compare: SnapCompare) -> None:
    app = make_app(_swept(counts=True))
    assert snap_compare(app, terminal_size=(120, 40), run_before=_open_end)


def test_job_page_swept_counts_beside_predictions_without_colours(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(_swept(counts=True)), run_before=_open_end)
