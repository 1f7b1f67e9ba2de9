"""`qdeck backends`: the facts of a calibration, and what changed since the day before."""

from __future__ import annotations

import json

import pytest

from tests.support.devices import five_qubits, with_coupler, with_qubit
from tests.support.fixed_values import backends, identity
from tui.commands.service.backends import calibration_facts, print_backends, print_device
from tui.commands.shared.listing import AS_TABLE
from tui.commands.shared.output import Exit
from tui.domain.devices.calibration_changes import calibration_changes

Output = pytest.CaptureFixture[str]
BEFORE = five_qubits()
AFTER = with_coupler(with_qubit(BEFORE, 1, readout_error=0.05), 0, error=0.02)


def test_facts_of_a_calibration_have_every_part_and_change() -> None:
    facts = calibration_facts(AFTER, BEFORE, calibration_changes(BEFORE, AFTER))
    assert json.loads(json.dumps(facts)) == facts
    qubits, couplers, changes = facts["qubits"], facts["couplers"], facts["changes"]
    assert isinstance(qubits, list) and isinstance(couplers, list)
    assert qubits[1] == {
        "qubit": 1,
        "readout_error": 0.05,
        "t1_us": 99,
        "t2_us": 50,
        "single_qubit_error": 0.0002,
        "dead": False,
    }
    assert couplers[3] == {"qubits": [2, 3], "gate": "cz", "error": 1.0, "length_ns": None, "dead": True}
    assert changes == [
        {"qubits": [1], "trend": "worse", "figure": "readout error", "before": 0.02, "after": 0.05},
        {"qubits": [0, 1], "trend": "worse", "figure": "2Q error", "before": 0.004, "after": 0.02},
    ]


def test_backends_are_printed_as_columns(capsys: Output) -> None:
    assert print_backends(identity(), backends(), listing=AS_TABLE) == Exit.DONE
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows[1][:4] == ["online", "ibm_cusco", "12", "127"]
    assert print_backends(identity(), (), listing=AS_TABLE) == Exit.DONE
    written = capsys.readouterr()
    assert not written.out and written.err


def test_device_is_printed_with_what_changed(capsys: Output) -> None:
    print_device(identity(), backends()[0], AFTER, BEFORE, listing=AS_TABLE)
    written = capsys.readouterr()
    rows = [line.split("\t") for line in written.out.splitlines()]
    assert rows[1] == ["qubit", "1", "5", "99", "50", "0.02", "ok", "readout error worse"]
    assert rows[5] == ["coupler", "0-1", "2", "cz", "", "ok", "2Q error worse"]
    assert rows[8][:6] == ["coupler", "2-3", "100", "cz", "", "dead"]
    assert "1 qubit and 1 coupler worse" in written.err
