"""Circuits that are not known here: asked for, decoded, kept; and how those from here were transpiled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL
from tests.monitor.harness import MonitorHarness
from tests.store.samples import read_tables
from tests.support.circuits import bell_candidate
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import TranspileOptions
from tui.domain.jobs import SubmittedCircuit
from tui.domain.submissions import SimulationEstimate
from tui.ibm.codec.calibrations import calibration_time


async def test_qpy_circuit_is_decoded_once_and_kept(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = harness.host.add()
    await harness.services.polling.refresh()
    (text,) = await harness.services.jobs.circuits(job.id)
    assert text == "OPENQASM 3; // from QPY"
    known = harness.services.jobs.get(job.id)
    assert known is not None and known.circuit == text
    harness.host.packed = "another"
    assert await harness.services.jobs.circuits(job.id) == (text,)
    assert harness.host.count("submitted") == 1
    await harness.services.account.sign_out()
    assert await harness.services.jobs.circuits(job.id) == (text,)
    await harness.services.aclose()


async def test_job_without_a_circuit_raises_not_found(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = harness.host.add()
    harness.host.packed = ""
    with pytest.raises(QdeckError) as caught:
        await harness.services.jobs.circuits(job.id)
    assert caught.value.kind is ErrorKind.NOT_FOUND
    await harness.services.aclose()


async def test_circuits_of_all_pubs_are_returned(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = harness.host.add()
    harness.host.further = (
        SubmittedCircuit("OPENQASM 3; // written"),
        SubmittedCircuit(qpy="b+c"),
        SubmittedCircuit(qpy="broken"),
        SubmittedCircuit(),
    )
    first, *others = await harness.services.jobs.circuits(job.id)
    assert first == "OPENQASM 3; // from QPY"
    assert others == [
        "OPENQASM 3; // written",
        "OPENQASM 3; // from b",
        "OPENQASM 3; // from c",
        "// The circuit cannot be read.\n",
        "// No circuit that is known here.\n",
    ]
    known = harness.services.jobs.get(job.id)
    assert known is not None and (known.circuit, known.circuits) == (first, 6)
    await harness.services.jobs.circuits(job.id)
    assert harness.host.count("submitted") == 1
    await harness.services.aclose()
    again = await MonitorHarness(tmp_path, harness.host).enter()
    assert len(await again.services.jobs.circuits(job.id)) == 6
    await again.services.aclose()


async def test_evicted_circuit_is_fetched_again_and_kept(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(replace(BELL, transpilation=bell_candidate().transpilation))
    await harness.services.aclose()
    folder = harness.folders.data / "circuits"
    for file in folder.rglob("*.gz"):
        file.unlink()
    again = await MonitorHarness(tmp_path, harness.host).enter()
    assert await again.services.jobs.circuits(job.id) == ("OPENQASM 3; // from QPY",)
    known = again.services.jobs.get(job.id)
    assert known is not None and known.circuit == "OPENQASM 3; // from QPY"
    # The service tells it in another form: it was transpiled all the same.
    assert again.services.jobs.transpilation(job.id) == bell_candidate().transpilation
    await again.services.aclose()
    third = await MonitorHarness(tmp_path, harness.host).enter()
    assert await third.services.jobs.circuits(job.id) == ("OPENQASM 3; // from QPY",)
    assert harness.host.count("submitted") == 1
    assert third.services.jobs.transpilation(job.id) == bell_candidate().transpilation
    assert len(read_tables(harness.folders)["transpilations"]) == 1
    await third.services.aclose()


async def test_transpilation_of_a_submitted_circuit_survives_a_restart(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    options = TranspileOptions(optimization_level=3, seed=42)
    candidate = await harness.services.transpiler.transpile("OPENQASM 3;", "ibm_cusco", options)
    assert candidate.at == harness.clock.now()
    assert candidate.calibrated == calibration_time(await harness.services.backends.data("ibm_cusco"))
    transpilation = candidate.transpilation
    job = await harness.services.outbox.submit(replace(BELL, transpilation=transpilation))
    foreign = harness.host.add()
    await harness.services.polling.refresh()
    assert harness.services.jobs.transpilation(job.id) == transpilation
    await harness.services.aclose()
    again = await MonitorHarness(tmp_path, harness.host).enter()
    assert again.services.jobs.transpilation(job.id) == transpilation
    assert again.services.jobs.transpilation(foreign.id) is None
    await again.services.jobs.delete(job.id)
    assert again.services.jobs.transpilation(job.id) is None
    await again.services.aclose()


async def test_simulation_says_the_seconds_and_refuses_what_is_too_large(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    simulation = harness.services.transpiler.simulation
    assert await simulation(BELL) is None
    harness.host.simulated = SimulationEstimate(12.3)
    estimate = await simulation(BELL)
    assert estimate is not None and estimate.words == "The simulation takes about 12 s."
    harness.host.simulated = SimulationEstimate(75.0, "The job is too large to simulate.")
    with pytest.raises(QdeckError, match="too large") as caught:
        await simulation(BELL)
    assert caught.value.kind is ErrorKind.CIRCUIT
    await harness.services.aclose()


async def test_simulation_that_cannot_be_estimated_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.faults["simulation"] = [QdeckError(ErrorKind.SERVER, "The sandbox failed.")]
    estimate = await harness.services.transpiler.simulation(BELL)
    said = "The time of the simulation could not be estimated: "
    assert estimate is not None and estimate.words == f"{said}The sandbox failed."
    harness.host.simulation_blocks = asyncio.Event()
    monkeypatch.setattr("tui.monitor.actions.circuits.SIMULATION_SECONDS", 0.0)
    estimate = await harness.services.transpiler.simulation(BELL)
    assert estimate is not None and estimate.words == f"{said}the sandbox said nothing for 0 s."
    await harness.services.aclose()
