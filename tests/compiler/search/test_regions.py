"""Regions of a device: what is in them, in which directions, and what is flagged."""

from __future__ import annotations

import pytest
from qiskit.transpiler import Target

from tests.compiler.devices import device
from tests.compiler.small_devices import Edge, small_device
from tui.compiler.qiskit.calibration import DEAD
from tui.compiler.qiskit.search.regions import coupler_errors, regions, undirected
from tui.domain.devices.backends import BackendData
from tui.qiskit_common.target import build_target

LINE: dict[Edge, float] = {(0, 1): 0.01, (2, 1): 0.02, (2, 3): 0.9, (3, 4): 0.005}


def target_of(data: BackendData) -> Target:
    return build_target(data.name, data.configuration, data.properties)


def pairs(target: Target) -> set[tuple[int, ...]]:
    return set(target["ecr"])


def test_undirected_gives_both_directions_the_calibration_of_the_one_there_is() -> None:
    target = target_of(small_device(5, LINE))
    both = undirected(target, coupler_errors(target))
    assert pairs(both) == {*LINE, *(edge[::-1] for edge in LINE)}
    assert both["ecr"][1, 2].error == both["ecr"][2, 1].error == 0.02
    assert both["measure"] == target["measure"] and both.dt == target.dt
    assert [one.t2 for one in both.qubit_properties] == [one.t2 for one in target.qubit_properties]


def test_undirected_keeps_control_flow_and_delays() -> None:
    recorded = device("peekskill")
    target = target_of(recorded)
    both = undirected(target, coupler_errors(target))
    assert set(both.operation_names) == set(target.operation_names)
    assert both.instruction_supported("if_else") == target.instruction_supported("if_else")
    assert len(both["ecr"]) == 2 * len(target["ecr"])


def test_regions_leave_out_dead_couplers_and_the_part_behind_them() -> None:
    found = regions(target_of(small_device(5, LINE)), 2)
    assert found[0].limit == DEAD and found[0].differs
    assert pairs(found[0].target) == {(0, 1), (1, 0), (1, 2), (2, 1)}


def test_regions_leave_out_qubits_that_cannot_be_read() -> None:
    data = small_device(4, {(0, 1): 0.01, (1, 2): 0.01, (2, 3): 0.01}, readout={0: 0.5})
    first, second, *_ = (one for one in regions(target_of(data), 3) if one.limit is not None)
    assert len(pairs(first.target)) == 6, "they may be passed through"
    assert pairs(second.target) == {(1, 2), (2, 1), (2, 3), (3, 2)}


def test_regions_of_a_circuit_that_needs_the_dead_couplers_are_the_whole_device() -> None:
    (only,) = regions(target_of(small_device(5, LINE)), 5)
    assert only.limit is None and len(pairs(only.target)) == 8


def test_region_of_a_device_without_directions_and_dead_couplers_is_the_device() -> None:
    data = small_device(3, {(0, 1): 0.01, (1, 2): 0.01}, both_ways=True)
    assert not regions(target_of(data), 3)[0].differs


@pytest.mark.parametrize("qubits", [1, 5, 20, 60, 121, 127])
def test_regions_of_a_recorded_device_have_room(qubits: int) -> None:
    found = regions(target_of(device("cusco")), qubits)
    limits = [one.limit for one in found if one.limit is not None]
    assert limits == sorted(limits, reverse=True)
    assert len(limits) >= len(found) - 1, "the whole device once"
    for one in found:
        assert len({qubit for pair in pairs(one.target) for qubit in pair}) >= qubits
    assert len(found) == {1: 7, 5: 7, 20: 5, 60: 3, 121: 2, 127: 1}[qubits]
