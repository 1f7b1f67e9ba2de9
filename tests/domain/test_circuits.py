from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.support.circuits import bell_candidate
from tui.domain.circuits import DEFAULT_REP_DELAY_US, Transpilation, TranspileOptions, qpu_seconds
from tui.domain.cloud_transpiler import CloudOptions
from tui.domain.openqasm import classical_bits

CANDIDATE = replace(bell_candidate(), final_layout=(4, 0, 2), width=6)


@pytest.mark.parametrize(
    ("observable", "laid_out"), [("XYZ", "IZIXIY"), ("iiz", "IZIIII"), (" ZII ", "IIIZII")]
)
def test_observable_is_laid_out_to_the_final_places_leftmost_highest(observable: str, laid_out: str) -> None:
    assert CANDIDATE.lay_out(observable) == laid_out


@pytest.mark.parametrize(
    ("observable", "said"),
    [("", "Pauli string"), ("XQZ", "Pauli string"), ("XY", "2 letters.*3 qubits"), ("XYZI", "4 letters")],
)
def test_observable_of_other_letters_or_length_is_refused(observable: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CANDIDATE.lay_out(observable)


def test_transpilation_of_a_candidate_is_without_its_operations() -> None:
    kept = CANDIDATE.transpilation
    assert (kept.before.operations, kept.after.operations) == ({}, {})
    assert (kept.final_layout, kept.after.depth) == ((4, 0, 2), CANDIDATE.after.depth)


def test_options_of_the_cloud_need_the_cloud() -> None:
    asked = CloudOptions(qiskit_options=(("seed_transpiler", "7"),))
    assert TranspileOptions(cloud=True, asked=asked).asked is asked
    assert TranspileOptions(cloud=True, seed=7).seed == 7
    with pytest.raises(ValueError, match="transpiling here"):
        TranspileOptions(asked=asked)
    with pytest.raises(ValueError, match="given twice"):
        TranspileOptions(cloud=True, seed=7, asked=asked)


def test_qpu_seconds_grow_with_every_shot_and_circuit() -> None:
    assert qpu_seconds(0.0, 0) == 2.0
    assert qpu_seconds(50.0, 1_000_000) == pytest.approx(2.0 + DEFAULT_REP_DELAY_US + 50.0)
    assert DEFAULT_REP_DELAY_US == 250.0


def test_classical_bits_of_no_bits_are_none() -> None:
    assert classical_bits("bit[0] c;") is None
    assert classical_bits("bit[1] c;") == 1
    assert classical_bits("bit c; bit d;") == 2


def test_transpilation_kept_without_its_time_took_none() -> None:
    kept = msgspec.to_builtins(CANDIDATE.transpilation)
    for name in ("seconds", "where", "estimated_success", "at", "layout", "final_layout"):
        del kept[name]
    found = msgspec.convert(kept, Transpilation)
    assert (found.seconds, found.where, found.estimated_success, found.at) == (0.0, "", None, None)
    assert found.after.two_qubit_gates == CANDIDATE.after.two_qubit_gates
