"""The search on real workers: budgets, seeds, news as it goes, a cancel, workers that die, idle ones."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.compiler.devices import device
from tests.compiler.small_devices import Edge, small_device
from tests.support.processes import running, until
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.candidate_search import CandidateSearch
from tui.compiler.client import Compiler
from tui.compiler.pool import TRIES, LocalPool
from tui.domain.circuits import OTHER_MAKERS, Candidate, Maker
from tui.domain.jobs import Primitive
from tui.domain.primitives import Decoupling, PrimitiveOptions
from tui.domain.search import SearchOptions, SearchProgress
from tui.domain.submissions import Submission

pytestmark = pytest.mark.asyncio(loop_scope="module")
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
OWN_RZZ = "gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; } "
FOURIER = (
    HEAD
    + "qubit[6] q; bit[6] c; "
    + "".join(
        f"h q[{a}]; " + "".join(f"cp(pi/{2 ** (a - b)}) q[{b}], q[{a}]; " for b in range(a)) for a in range(6)
    )
    + "c = measure q;"
)
HEAVY = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[120];' + "".join(
    f"cu1(pi/{a - b + 1}) q[{a}], q[{b}];" for a in range(120) for b in range(a)
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def compiler() -> AsyncIterator[Compiler]:
    made = Compiler(search_workers=2)
    yield made
    await made.aclose()


async def test_search_of_a_number_of_seeds_is_repeatable_and_tells_as_it_goes(compiler: Compiler) -> None:
    told: list[SearchProgress | Candidate] = []
    options = SearchOptions(seeds=12)
    first = await compiler.search(FOURIER, device("cusco"), options, told.append)
    again = await compiler.search(FOURIER, device("cusco"), options)
    assert first.progress.tried == 15 and first.progress.seeds == 12
    assert [one.qasm for one in first.candidates] == [one.qasm for one in again.candidates]
    levels = {one.options.optimization_level for one in first.candidates}
    assert levels == {0, 1, 2, 3}
    worths = [one.estimated_success for one in first.candidates]
    assert worths == sorted(worths, key=lambda one: -(one or 0.0))
    assert {one.qasm for one in told if isinstance(one, Candidate)} == {one.qasm for one in first.candidates}
    assert told[-1] == first.progress
    assert {one.backend for one in first.candidates} == {"ibm_cusco"}
    assert first.candidates[0].remapped and first.candidates[0].rep_delay_us == 250.0
    assert len(compiler.pids) == 2


async def test_search_of_one_level_has_that_alone(compiler: Compiler) -> None:
    found = await compiler.search(FOURIER, device("peekskill"), SearchOptions(level=1, seeds=3))
    assert found.progress.tried == 3
    assert {one.options.optimization_level for one in found.candidates} == {1}
    assert not any(one.remapped for one in found.candidates)


async def test_search_asks_other_makers_and_says_why_one_made_none(compiler: Compiler) -> None:
    """On a device with fractional gates all make a candidate; on one without, that is said."""
    layers = "".join(f"rzz(0.3) q[{a}], q[{a + 1}]; " for a in range(3))
    text = HEAD + OWN_RZZ + f"qubit[4] q; bit[4] c; h q; {layers} rx(0.7) q; c = measure q;"
    ring = {(q, (q + 1) % 6): 0.005 + 0.001 * q for q in range(6)}
    told: list[SearchProgress | Candidate] = []
    options = SearchOptions(seeds=4, makers=OTHER_MAKERS)
    there = small_device(6, ring, gate="cz", both_ways=True, fractional=True, name="there")
    found = await compiler.search(text, there, options, told.append)
    assert found.unavailable == ()
    assert (found.progress.tried, found.progress.seeds) == (15, 12)
    assert {one.options.made_by for one in found.candidates} == {
        Maker.QISKIT,
        Maker.FRACTIONAL,
        Maker.PYTKET,
    }
    assert found.candidates[0].options.made_by is Maker.FRACTIONAL
    assert found.candidates[0].after.operations["rzz"] == 3
    assert found.candidates[0].before.two_qubit_gates == 3
    assert {one.qasm for one in told if isinstance(one, Candidate)} == {one.qasm for one in found.candidates}
    assert any(one.maker is Maker.PYTKET for one in told if isinstance(one, SearchProgress))
    plain = small_device(6, ring, gate="cz", both_ways=True, name="plain")
    found = await compiler.search(text, plain, options)
    assert [(one.maker, one.reason[:13]) for one in found.unavailable] == [
        (Maker.FRACTIONAL, "None on plain")
    ]


async def test_search_with_fractional_gates_folds_angles_that_the_device_has_not(compiler: Compiler) -> None:
    pair = small_device(2, {(0, 1): 0.01}, gate="cz", both_ways=True, fractional=True)
    options = SearchOptions(seeds=2, makers=frozenset({Maker.FRACTIONAL}))
    text = HEAD + OWN_RZZ + "qubit[2] q; bit[2] c; h q[0]; rzz(-0.4) q[0], q[1]; h q[1]; c = measure q;"
    found = await compiler.search(text, pair, options)
    assert found.unavailable == ()
    assert Maker.FRACTIONAL in {one.options.made_by for one in found.candidates}


async def test_program_of_a_circuit_with_fractional_gates_is_timed_and_not_twirled(
    compiler: Compiler,
) -> None:
    device_with_rzz = small_device(2, {(0, 1): 0.01}, gate="cz", both_ways=True, fractional=True)
    isa = HEAD + OWN_RZZ + "bit[2] c; rzz(0.3) $0, $1; c[0] = measure $0; c[1] = measure $1;"
    asked = Submission(primitive=Primitive.SAMPLER, backend="small", qasm=isa, shots=100)
    prepared = await compiler.prepare(asked, device_with_rzz)
    assert prepared.work.circuit_seconds is not None and prepared.work.two_qubit_gates == 1
    pulses = replace(asked, options=PrimitiveOptions(decoupling=Decoupling.XX))
    assert (await compiler.prepare(pulses, device_with_rzz)).work.circuit_seconds is not None
    for options in (PrimitiveOptions(twirl_gates=True), PrimitiveOptions(resilience=2)):
        with pytest.raises(QdeckError, match=r"fractional ones \(rzz\), which cannot be"):
            await compiler.prepare(replace(asked, options=options), device_with_rzz)


async def test_search_ends_with_its_budget(compiler: Compiler) -> None:
    """The machine may be busy: what is asked is that the search ends, with every level."""
    async with asyncio.timeout(60):
        found = await compiler.search(FOURIER, device("fez"), SearchOptions(budget=0.2))
    assert {one.options.optimization_level for one in found.candidates} == {0, 1, 2, 3}
    assert found.progress.seeds < 400


async def test_search_picks_an_unflagged_candidate_when_there_is_one(compiler: Compiler) -> None:
    """Level 0 puts the circuit on the dead coupler."""
    couplers: dict[Edge, float] = {(0, 1): 1.0, (1, 2): 0.02, (2, 3): 0.02}
    bell = HEAD + "qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"
    found = await compiler.search(bell, small_device(4, couplers), SearchOptions(seeds=3))
    assert found.candidates[0].estimated_success is not None and found.candidates[0].estimated_success > 0.9
    assert found.candidates[-1].options.optimization_level == 0
    assert found.candidates[-1].estimated_success == 0


async def test_search_for_what_cannot_be_transpiled_says_why(compiler: Compiler) -> None:
    with pytest.raises(QdeckError, match="needs 40 qubits; ibm_peekskill has 27") as caught:
        await compiler.search(HEAD + "qubit[40] q; h q;", device("peekskill"), SearchOptions(seeds=1))
    assert caught.value.kind is ErrorKind.CIRCUIT
    with pytest.raises(QdeckError, match="Line 1"):
        await compiler.search(HEAD + "nonsense", device("peekskill"), SearchOptions(seeds=1))


async def test_cancelled_search_stops_its_workers(compiler: Compiler) -> None:
    await compiler.search(FOURIER, device("cusco"), SearchOptions(seeds=1))
    before = set(compiler.pids)
    run = asyncio.ensure_future(compiler.search(HEAVY, device("cusco"), SearchOptions()))
    await asyncio.sleep(0.5)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    # Those that were at work end; one that had just answered is idle, and may stay.
    await until(lambda: not all(map(running, before)))
    found = await compiler.search(FOURIER, device("cusco"), SearchOptions(seeds=2))
    assert found.progress.seeds == 2


async def test_search_whose_worker_is_killed_loses_nothing(compiler: Compiler) -> None:
    """Each time that one has answered something another one is killed: the same comes of it."""
    options = SearchOptions(seeds=10)
    expected = await compiler.search(FOURIER, device("cusco"), options)
    killed: set[int] = set()

    def kill_one(news: SearchProgress | Candidate) -> None:
        if isinstance(news, Candidate) and len(killed) < 2:
            pid = compiler.pids[len(killed)]
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)

    found = await compiler.search(FOURIER, device("cusco"), options, kill_one)
    assert len(killed) == 2 and not killed & set(compiler.pids)
    assert [one.qasm for one in found.candidates] == [one.qasm for one in expected.candidates]
    assert found.progress.tried == expected.progress.tried == 13


async def test_search_that_loses_worker_after_worker_says_so(compiler: Compiler) -> None:
    run = asyncio.ensure_future(compiler.search(HEAVY, device("cusco"), SearchOptions(level=3)))
    killed = 0
    while not run.done():
        for pid in compiler.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
        await asyncio.sleep(0.05)
    with pytest.raises(QdeckError, match="killed"):
        await run
    assert killed >= TRIES
    assert (await compiler.search(FOURIER, device("cusco"), SearchOptions(seeds=2))).progress.seeds == 2


async def test_workers_of_a_search_are_ended_when_idle() -> None:
    compiler = Compiler(search_workers=2, idle_seconds=0.2)
    await compiler.search(FOURIER, device("peekskill"), SearchOptions(level=1, seeds=2))
    await until(lambda: not compiler.pids)
    await compiler.aclose()


async def test_search_after_the_end_of_the_compiler_is_refused() -> None:
    compiler = Compiler(search_workers=1)
    await compiler.aclose()
    with pytest.raises(QdeckError, match="shut down"):
        await compiler.search(FOURIER, device("peekskill"), SearchOptions(seeds=1))


@pytest.mark.parametrize(
    ("options", "seconds", "end"),
    [
        (SearchOptions(budget=2), [], 1.6),
        (SearchOptions(budget=2), [0.01, 0.05], 1.6),
        (SearchOptions(budget=2), [0.3, 0.2], 2 - 3 * 0.3),
        (SearchOptions(budget=2), [5.0], 1.0),
        (SearchOptions(seeds=3), [5.0], math.inf),
    ],
)
async def test_trials_leave_time_to_make_the_best_in_full(
    options: SearchOptions, seconds: list[float], end: float
) -> None:
    """Six are made by two workers in three turns; that gets half of the budget at most."""
    pool = LocalPool(2, idle_seconds=1)
    search = CandidateSearch(pool, FOURIER, device("cusco"), options, lambda _: None, 60)
    search._seconds.extend(seconds)
    assert search._end_of_trials() == pytest.approx(end)
