"""The job page in more sizes, of a circuit whose bits are told apart, and their order in every view."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.compiler.devices import device
from tests.support.app import SnapCompare, make_app, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import jobs
from tests.support.job_page import BELL, open_page
from tui.domain.export.forms import ExportChoice, ExportForm
from tui.domain.results import Counts, JobResult, PubResult
from tui.domain.statistics.distributions import Distribution

CIRCUIT = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] lo;
bit[1] hi;
x $6;
rx(0.6) $11;
lo[0] = measure $6;
lo[1] = measure $11;
hi[0] = measure $4;
"""
LO = Counts("lo", 2, 500, {"01": 451, "11": 46, "00": 2, "10": 1})
HI = Counts("hi", 1, 500, {"0": 498, "1": 2})


def _services() -> AppServicesHarness:
    """Services whose job measured 1 on bit 0 of the first register, mostly 0 on all others."""
    services = AppServicesHarness()
    job = replace(jobs()[BELL], name="asymmetric", circuit=CIRCUIT, source="", shots=500)
    services.change(job)
    services.results[job.id] = JobResult((PubResult((LO, HI)),))
    services.the_circuits[job.id] = (CIRCUIT,)
    services.device_data["ibm_peekskill"] = services.past_data["ibm_peekskill"] = device("peekskill")
    registers = (("lo", 2), ("hi", 1))
    services.ideal = Distribution({"001": 0.913, "011": 0.087}, registers, 3, "state vector")
    noisy = {"001": 0.9, "011": 0.09, "000": 0.01}
    services.noisy = Distribution(noisy, registers, 3, "density matrix", 4096)
    return services


async def _open_bits(pilot: Pilot[None]) -> None:
    await open_page(pilot, BELL)
    await pilot.press("2")
    await until(pilot, lambda: "µs" in screen_text(pilot))
    await settled(pilot)


def test_job_page_counts_at_200x60(snap_compare: SnapCompare) -> None:
    app = make_app(_services())
    assert snap_compare(app, terminal_size=(200, 60), run_before=lambda pilot: open_page(pilot, BELL))


def test_job_page_counts_without_colours(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(_services()), run_before=lambda pilot: open_page(pilot, BELL))


def test_job_page_bits_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(_services()), run_before=_open_bits)


def test_job_page_bits_at_120x40_without_colours(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(_services()), terminal_size=(120, 40), run_before=_open_bits)


async def test_bits_have_one_order_in_every_view_and_export() -> None:
    """Bit 0 is the rightmost of its register, the first register the rightmost of a joint string."""
    services = _services()
    async with running(services, size=(120, 40)) as pilot:
        await open_page(pilot, BELL)
        await until(pilot, lambda: "by density matrix" in screen_text(pilot))
        shown = screen_text(pilot)
        assert "91.3 % ▴ 90.0 % ▔" in shown and "100.0 % ▴ 100.0 % ▔" in shown and "…" not in shown
        assert "01   90.2 %" in shown and "11    9.2 %" in shown and "0   99.6 %" in shown
        await pilot.press("2")
        await until(pilot, lambda: "µs" in screen_text(pilot))
        rows = [row.split() for row in screen_text(pilot).splitlines()]
        bits = [row for row in rows if row[:1] in (["0"], ["1"]) and "%" in row]
        assert [row[1] for row in bits] == ["99.4", "9.4", "0.4"]
        assert [("6" in row, "11" in row, "4" in row) for row in bits] == [
            (True, False, False),
            (False, True, False),
            (False, False, True),
        ]
        job = services.the_jobs[BELL]
        table = b"".join(await services.exports.content([job.id], ExportChoice(ExportForm.CSV))).decode()
        assert [row.split(",")[4:6] for row in table.splitlines()[1:3]] == [["01", "451"], ["11", "46"]]
