"""Trials of a search: a circuit transpiled with one seed in one region of a device, in figures or in full."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from qiskit import QuantumCircuit
from qiskit.passmanager import ConditionalController
from qiskit.transpiler import PassManager, StagedPassManager, Target
from qiskit.transpiler.passes import (
    ApplyLayout,
    GateDirection,
    Optimize1qGatesDecomposition,
    VF2PostLayout,
)
from qiskit.transpiler.passes.layout.vf2_post_layout import VF2PostLayoutStopReason

from tui.compiler.messages import Finished, MakeCandidate, RunTrial, Transpile
from tui.compiler.qiskit.circuit_stats import stats
from tui.compiler.qiskit.scoring import rank
from tui.compiler.qiskit.search.regions import Region, regions
from tui.compiler.qiskit.stages import Baseline, baseline
from tui.compiler.qiskit.transpile import (
    Passes,
    check_size,
    compiled,
    finished,
    fixed_place,
    for_maker,
    preset_passes,
    read_source,
)
from tui.domain.circuits import Maker, TranspileOptions
from tui.domain.search import Trial

REMAP_CALLS: Final = 300_000
"""Steps of a re-map; of circuits up to 25 qubits on 156 it has found the best placement in some thousands."""
REGIONS_FROM_LEVEL: Final = 2
"""Lowest level at which placement is chosen by errors at all."""
KEPT: Final = 8
"""Programs, and devices with their regions, that are kept."""

K = TypeVar("K")
T = TypeVar("T")


class Trials:
    """Makes trials, and keeps what those of one circuit share."""

    def __init__(self) -> None:
        self._sources: OrderedDict[tuple[str, Maker], QuantumCircuit] = OrderedDict()
        self._regions: OrderedDict[tuple[str, bool, int], tuple[Region, ...]] = OrderedDict()
        self._baselines: OrderedDict[tuple[str, int, str, bool], Baseline] = OrderedDict()

    def run(self, request: RunTrial, target: Target) -> Trial:
        """Make a circuit and tell its figures.

        Raises:
            Unreadable, NotPossible, qiskit.exceptions.QiskitError: as `transpile`.
        """
        return self._make(request, target)[0]

    def finish(self, request: MakeCandidate, target: Target) -> Finished:
        """Make a circuit and measure it in full; raises as `run`."""
        began = time.monotonic()
        trial, source, isa = self._make(request, target)
        seconds = time.monotonic() - began
        options = TranspileOptions(request.level, request.seed, maker=request.maker)
        whole = Transpile(request.qasm, request.target, options)
        key = request.qasm, request.level, request.target.key, request.target.fractional
        before = _kept(self._baselines, key, lambda: baseline(source, request.level, target))
        candidate = finished(whole, source, isa, target, seconds, before)
        return Finished(trial, replace(candidate, remapped=trial.remapped))

    def _make(
        self, request: RunTrial | MakeCandidate, target: Target
    ) -> tuple[Trial, QuantumCircuit, QuantumCircuit]:
        source = _kept(self._sources, (request.qasm, Maker.QISKIT), lambda: read_source(request.qasm))
        check_size(source, request.target.name, target)
        asked = self._for_maker(request, source, target)
        found: tuple[Region, ...] = ()
        if request.level >= REGIONS_FROM_LEVEL and fixed_place(source) is None and source.num_qubits:
            place = request.target.key, request.target.fractional, source.num_qubits
            found = _kept(self._regions, place, lambda: regions(target, source.num_qubits))
        index = (request.seed - 1) % max(1, len(found)) if request.seed else -1
        region = found[index] if found and index >= 0 else None
        passes: Passes = partial(preset_passes, target)
        if region is not None:
            passes = partial(_region_passes, target, region, found[0])
        isa = compiled(asked, TranspileOptions(request.level, request.seed), passes)
        figures, ranked = stats(isa), rank(isa, target)
        trial = Trial(
            level=request.level,
            seed=request.seed,
            region=index,
            regions=len(found) or 1,
            remapped=region is not None and region.differs,
            success=ranked.success,
            two_qubit_gates=figures.two_qubit_gates,
            two_qubit_depth=figures.two_qubit_depth,
            flagged=bool(ranked.flags),
        )
        return trial, source, isa

    def _for_maker(
        self, request: RunTrial | MakeCandidate, source: QuantumCircuit, target: Target
    ) -> QuantumCircuit:
        def made() -> QuantumCircuit:
            return for_maker(request.maker, source, request.target.name, target)

        if request.maker is not Maker.PYTKET:
            return made()
        # TKET goes by the program alone, whatever the device is.
        return _kept(self._sources, (request.qasm, request.maker), made)


def _region_passes(
    target: Target,
    region: Region,
    sound: Region,
    options: TranspileOptions,
    place: tuple[int, ...] | None,
) -> StagedPassManager:
    """Make the preset passes for a region, then a placement anew, and directions mended.

    Args:
        target: the device.
        region: where the circuit is laid out and routed.
        sound: where the finished circuit may be placed.
        options: the level and the seed.
        place: where the circuit's qubits start; `None`: anywhere.
    """
    # A place that is given was found in the larger one.
    manager = preset_passes((region if place is None else sound).target, options, place)
    passes = PassManager()
    if place is None:
        passes.append(VF2PostLayout(sound.target, seed=-1, call_limit=REMAP_CALLS, strict_direction=True))
        passes.append(
            ConditionalController(
                ApplyLayout(),
                condition=lambda known: (
                    known["VF2PostLayout_stop_reason"] is VF2PostLayoutStopReason.SOLUTION_FOUND
                ),
            )
        )
    passes.append([GateDirection(None, target), Optimize1qGatesDecomposition(target=target)])
    manager.post_optimization = passes
    return manager


def _kept(store: OrderedDict[K, T], key: K, make: Callable[[], T]) -> T:
    """Return what is kept under the key, or make it and keep it instead of the oldest."""
    if key not in store:
        store[key] = make()
        if len(store) > KEPT:
            store.popitem(last=False)
    store.move_to_end(key)
    return store[key]
