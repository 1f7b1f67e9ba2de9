"""Where qubits are drawn: by the maker's coordinates, else as rows or layers computed from the couplers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.devices.chip_layout import chip_layout
from tui.sandbox.core.devices import device

Pairs = list[tuple[int, int]]


def _recorded(name: str) -> tuple[int, Pairs, list[tuple[int, int]]]:
    body = device(name).configuration()
    return body["n_qubits"], [tuple(pair) for pair in body["coupling_map"]], list(map(tuple, body["coords"]))


def _bent(places: tuple[tuple[int, int], ...], pairs: Pairs) -> int:
    """How many couplers do not join neighbours on the grid."""
    return sum(
        abs(places[one][0] - places[other][0]) + abs(places[one][1] - places[other][1]) != 1
        for one, other in pairs
    )


@pytest.mark.parametrize("name", ["ibm_cusco", "ibm_fez", "ibm_brisbane"])
def test_layout_of_heavy_hex_rows_is_the_makers_own(name: str) -> None:
    qubits, pairs, coordinates = _recorded(name)
    computed = chip_layout(qubits, pairs)
    assert computed == chip_layout(qubits, pairs, coordinates)
    assert _bent(computed, pairs) == 0
    assert min(computed) == (0, 0)


def test_layout_uses_coordinates_from_zero() -> None:
    assert chip_layout(3, [(0, 1), (1, 2)], [(4, 7), (5, 7), (5, 8)]) == ((0, 0), (1, 0), (1, 1))


@pytest.mark.parametrize("coordinates", [[(1, 1), (1, 1), (2, 1)], [(1, 1), (2, 1)]])
def test_layout_refuses_coordinates_that_do_not_fit(coordinates: list[tuple[int, int]]) -> None:
    places = chip_layout(3, [(0, 1), (1, 2)], coordinates)
    assert len(set(places)) == 3 and _bent(places, [(0, 1), (1, 2)]) == 0


def test_layout_of_a_square_lattice_has_its_rows() -> None:
    pairs = [(row * 4 + step, row * 4 + step + 1) for row in range(3) for step in range(3)]
    pairs += [(place, place + 4) for place in range(8)]
    assert chip_layout(12, pairs) == tuple((place % 4, place // 4) for place in range(12))


def test_layout_keeps_rows_with_dangling_bridges() -> None:
    # Two rows, a bridge between them, and one below without a row, as on a Heron r1.
    pairs = [(0, 1), (1, 2), (2, 3), (2, 4), (4, 6), (5, 6), (6, 7), (7, 8), (7, 9)]
    places = chip_layout(10, pairs)
    assert _bent(places, pairs) == 0
    assert places[4] == (2, 1) and places[9] == (3, 3)


def test_layout_of_a_falcon_without_coordinates_is_compact() -> None:
    qubits, pairs, _ = _recorded("ibm_peekskill")
    places = chip_layout(qubits, pairs)
    assert len(set(places)) == 27
    assert max(column for column, _ in places) < 16 and max(row for _, row in places) < 6


@given(st.integers(0, 40), st.data())
def test_layout_gives_every_qubit_a_place_of_its_own(qubits: int, data: st.DataObject) -> None:
    number = st.integers(-1, qubits)
    pairs = data.draw(st.lists(st.tuples(number, number), max_size=120))
    places = chip_layout(qubits, pairs)
    assert len(places) == len(set(places)) == qubits
    assert all(column >= 0 and row >= 0 for column, row in places)


def test_layout_of_four_thousand_qubits_takes_no_time() -> None:
    star = [(0, other) for other in range(1, 4096)]
    line = [(one, one + 1) for one in range(4095)]
    began = time.perf_counter()
    for pairs in (star, line, [], [(one, one + 2) for one in range(4094)]):
        assert len(set(chip_layout(4096, pairs))) == 4096
    assert time.perf_counter() - began < 2


def test_layout_of_all_recorded_lattices_with_rows_has_no_bent_coupler() -> None:
    import qiskit_ibm_runtime

    folder = Path(qiskit_ibm_runtime.__file__).parent / "fake_provider" / "backends"
    straight = {"torino", "brooklyn", "cambridge", "rochester", "nighthawk", "almaden", "lagos", "casablanca"}
    for name in straight:
        body = json.loads((folder / name / f"conf_{name}.json").read_bytes())
        pairs = [tuple(pair) for pair in body["coupling_map"]]
        assert _bent(chip_layout(body["n_qubits"], pairs), pairs) == 0, name
