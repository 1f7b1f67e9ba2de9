"""The result on the job page: counts in every form, values, bits, calibrations, time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.compiler.devices import device
from tests.support.app import SnapCompare, make_app, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import BELL_RESULT, ago, jobs
from tests.support.job_page import BELL, VALUES, open_page
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.devices.backends import BackendData
from tui.domain.jobs import JobStatus
from tui.domain.results import Counts, Estimate, ExecutionSpan, ExpectationValue, JobResult, PubResult
from tui.domain.statistics.distributions import Distribution
from tui.screens.dialogs.prompt import Prompt


def test_job_page_counts_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), run_before=lambda pilot: open_page(pilot, BELL))


def test_job_page_counts_at_120x40(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), terminal_size=(120, 40), run_before=lambda pilot: open_page(pilot, BELL))


def _mitigated(factors: tuple[int, ...] = ()) -> AppServicesHarness:
    """Services whose job of values has them by TREX, and by ZNE where there are noise factors."""
    services = AppServicesHarness()
    job_id = jobs()[VALUES].id
    before = [
        Estimate(f"{name}, noise x {factor}" if factors else name, value - 0.02 * factor, 0.0192)
        for factor in factors or (1,)
        for name, value in (("no mitigation", 0.78), ("TREX", 0.98))
    ]
    method = "TREX and ZNE, exponential fit" if factors else "TREX"
    steps = tuple(before if factors else before[:1])
    values = tuple(
        ExpectationValue(0.9881, 0.0107, label, (place,), None, steps, method)
        for place, label in enumerate(("ZZ", "XX", "YY"))
    )
    services.results[job_id] = JobResult((PubResult(values=values),))
    return services


def test_job_page_mitigated_values_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(_mitigated((1, 3, 5))), run_before=lambda pilot: open_page(pilot, VALUES))


def test_job_page_mitigated_values_at_120x40(snap_compare: SnapCompare) -> None:
    app = make_app(_mitigated((1, 3, 5)))
    assert snap_compare(app, terminal_size=(120, 40), run_before=lambda pilot: open_page(pilot, VALUES))


def test_job_page_mitigated_values_without_colours(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(_mitigated()), run_before=lambda pilot: open_page(pilot, VALUES))


async def test_job_page_shows_values_with_errors() -> None:
    async with running() as pilot:
        await open_page(pilot, VALUES)
        assert "ZZ" in screen_text(pilot)
        assert "+0.9531 ± 0.0047" in screen_text(pilot)
        assert "-0.0123 ± 0.0156" in screen_text(pilot)


async def test_job_page_shows_every_register_and_the_rest() -> None:
    services = AppServicesHarness()
    many = Counts("wide", 6, 630, {format(number, "06b"): 10 for number in range(63)})
    services.results[jobs()[BELL].id] = JobResult((PubResult(counts=(BELL_RESULT.pubs[0].counts[0], many)),))
    async with running(services, size=(100, 50)) as pilot:
        await open_page(pilot, BELL)
        text = screen_text(pilot)
        assert "c  2 bits, 1024 shots, 4 outcomes" in text
        assert "wide  6 bits, 630 shots, 63 outcomes" in text
        assert "47 others" in text and "74.6 %" in text


async def test_job_page_shows_the_result_when_the_job_ends() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await open_page(pilot, 1)
        assert "No result yet." in screen_text(pilot)
        job = jobs()[1]
        services.results[job.id] = BELL_RESULT
        services.change(replace(job, status=JobStatus.DONE, qpu_seconds=1.0))
        await until(pilot, lambda: "49.6 %" in screen_text(pilot))


async def test_job_page_says_when_the_result_is_missing() -> None:
    services = AppServicesHarness()
    services.trouble["result"] = QdeckError(ErrorKind.NOT_FOUND, "[b]Gone[/b].", "Run it again.")
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        assert "[b]Gone[/b]." in screen_text(pilot)
        assert "Run it again." in screen_text(pilot)


async def test_job_page_walks_through_the_views_of_counts() -> None:
    services = AppServicesHarness()
    pub = PubResult(
        counts=(
            Counts("c", 3, 100, {"001": 60, "110": 30, "100": 10}),
            Counts("d", 1, 100, {"0": 60, "1": 40}),
        )
    )
    body = {
        "c": {"samples": ["0x1"] * 60 + ["0x6"] * 30 + ["0x4"] * 10, "num_bits": 3},
        "d": {"samples": ["0x0"] * 60 + ["0x1"] * 40, "num_bits": 1},
    }
    raw = json.dumps({"results": [{"data": body}]}).encode()
    services.results[jobs()[BELL].id] = JobResult((pub,), raw=raw)
    services.ideal = Distribution({"0001": 0.5, "1110": 0.5}, (("c", 3), ("d", 1)), 4, "state vector")
    services.noisy = QdeckError(ErrorKind.CIRCUIT, "The circuit is too wide.")
    async with running(services, size=(100, 40)) as pilot:
        await open_page(pilot, BELL)
        await until(pilot, lambda: "The circuit is too wide." in screen_text(pilot))
        # By frequency, in order of the bits of each register.
        assert "001   60.0 % 60 ± 5" in screen_text(pilot)
        assert "Hellinger fidelity" in screen_text(pilot)
        for key, expected in (
            ("o", "by value"),
            ("o", "fewest ones first"),
            ("o", "nearest first"),
            ("b", "by number of ones"),
            ("b", "by distance"),
            ("l", "log scale"),
        ):
            await pilot.press(key)
            await settled(pilot)
            assert expected in screen_text(pilot), key
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
        await pilot.press(*"111", "enter")
        await until(pilot, lambda: "1 bits away" in screen_text(pilot))
        # From 111 it is one bit to 110, two to 001 and 100.
        rows = [row.split() for row in screen_text(pilot).splitlines() if "bits away" in row]
        assert [row[:5] for row in rows[:2]] == [
            ["1", "bits", "away", "30.0", "%"],
            ["2", "bits", "away", "70.0", "%"],
        ]
        await pilot.press("b", "l", "a")
        await until(pilot, lambda: "registers together" in screen_text(pilot))
        assert "d c  4 bits, 100 shots, 3 outcomes" in screen_text(pilot)
        assert "0001   60.0 %" in screen_text(pilot) and "1110   30.0 %" in screen_text(pilot)


async def test_job_page_shows_bits_beside_the_qubits_of_then() -> None:
    services = AppServicesHarness()
    services.device_data["ibm_peekskill"] = device("peekskill")
    services.past_data["ibm_peekskill"] = _earlier(device("peekskill"))
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        await pilot.press("2")
        await until(pilot, lambda: "382 µs" in screen_text(pilot))
        rows = [row.split() for row in screen_text(pilot).splitlines()]
        # Bit 0 was measured on qubit 14, whose readout was four times worse then; it stands out by that.
        first = next(row for row in rows if row[:1] == ["0"] or row[:2] == ["!", "0"])
        assert first[-4:] == ["14", "16.12", "382", "µs"]


def _earlier(data: BackendData) -> BackendData:
    """The device before its last calibration, when the readout of qubit 14 was four times worse."""
    properties = json.loads(data.properties)
    properties["last_update_date"] = "2024-01-01T00:00:00Z"
    for entry in properties["qubits"][14]:
        if entry["name"] == "readout_error":
            entry["value"] *= 4
    return BackendData(data.name, data.configuration, json.dumps(properties).encode())


async def _open_calibration(pilot: Pilot[None]) -> None:
    await open_page(pilot, BELL)
    await pilot.press("4")
    await until(pilot, lambda: "COUPLER" in screen_text(pilot))
    await settled(pilot)


def test_job_page_calibrations_at_120x40(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()
    services.device_data["ibm_peekskill"] = device("peekskill")
    services.past_data["ibm_peekskill"] = _earlier(device("peekskill"))
    assert snap_compare(make_app(services), terminal_size=(120, 40), run_before=_open_calibration)


async def _open_time(pilot: Pilot[None]) -> None:
    await open_page(pilot, BELL)
    await pilot.press("3")
    await settled(pilot)


def test_job_page_time_at_80x24(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()
    services.results[jobs()[BELL].id] = replace(
        BELL_RESULT,
        spans=tuple(
            ExecutionSpan(ago(minutes=4.8, seconds=-1 - n), ago(minutes=4.8, seconds=-1.6 - n), ((0, 512),))
            for n in (0, 2)
        ),
    )
    assert snap_compare(make_app(services), run_before=_open_time)
