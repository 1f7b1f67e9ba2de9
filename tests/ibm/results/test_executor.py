"""Results of the executor's programs, read here and by IBM's own decoders."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.ibm.results.test_decoder import executed, tensor
from tui.domain.results import JobResult, Role
from tui.ibm.results import bit_tensors, executor
from tui.ibm.results.bit_tensors import BitTensor, row_width, unpacked_rows
from tui.ibm.results.decoder import decode_result
from tui.ibm.results.executor import is_packed_too_far

pytest.importorskip("qiskit_ibm_runtime")

SAMPLER = {
    "post_processor": {
        "version": "v0.1",
        "twirling": True,
        "meas_type": "classified",
        "shots": 1,
        "options": {},
        "circuits_metadata": None,
    }
}


def program_result(
    *items: dict[str, Any], role: str | None = "sampler_v2", passthrough: Any = SAMPLER, version: str = "v2.0"
) -> bytes:
    """A result as the service sends it: the tensors of each item by name."""
    packed = version == "v2.0"
    data = [
        {
            "results": {name: tensor(array, packed=packed) for name, array in item.items()},
            "metadata": {"scheduler_timing": None, "stretch_values": None},
        }
        for item in items
    ]
    body = {
        "schema_version": version,
        "data": data,
        "metadata": {"chunk_timing": []},
        "passthrough_data": passthrough,
        "semantic_role": role,
    }
    return json.dumps(body).encode()


def ibm_result(content: bytes) -> Any:
    """The `PrimitiveResult` of IBM's client."""
    from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
    from qiskit_ibm_runtime.decoders.executor_sampler.decoder import ClientSideSamplerResultDecoder

    decoded: Any = ExecutorResultDecoder.decode(content.decode())
    return ClientSideSamplerResultDecoder.decode(decoded)


def counts_by_place(result: JobResult) -> list[dict[tuple[str, tuple[int, ...]], dict[str, int]]]:
    return [{(one.register, one.index): dict(one.counts) for one in pub.counts} for pub in result.pubs]


def ibm_counts_by_place(result: Any) -> list[dict[tuple[str, tuple[int, ...]], dict[str, int]]]:
    return [
        {
            (name, index): bits[index].get_counts() if pub.data.shape else bits.get_counts()
            for name, bits in pub.data.items()
            for index in np.ndindex(*pub.data.shape)
        }
        for pub in result
    ]


def random_bits(random: np.random.Generator, *shape: int) -> Any:
    return random.integers(0, 2, shape).astype(bool)


@given(
    shape=arrays.array_shapes(min_dims=0, max_dims=2, max_side=3),
    randomizations=st.integers(1, 5),
    shots=st.integers(1, 20),
    widths=st.lists(st.integers(1, 140), min_size=1, max_size=2),
    twirled=st.booleans(),
    narrow=st.booleans(),
    version=st.sampled_from(["v1.0", "v1.1", "v2.0"]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_sampler_counts_equal_ibm_decoder(
    shape: tuple[int, ...],
    randomizations: int,
    shots: int,
    widths: list[int],
    twirled: bool,
    narrow: bool,
    version: str,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    items = []
    for _ in range(2):
        item = {}
        for number, width in enumerate(widths):
            outer = (randomizations, *shape) if twirled else shape
            item[f"r{number}"] = random_bits(random, *outer, shots, width)
            if twirled:
                flips = (randomizations, *(1 for _ in shape)) if narrow else outer
                item[f"measurement_flips.r{number}"] = random_bits(random, *flips, 1, width)
        items.append(item)
    passthrough = {"post_processor": SAMPLER["post_processor"] | {"twirling": twirled}}
    content = program_result(*items, passthrough=passthrough, version=version)
    result = decode_result(content)
    assert result.note == ""
    assert result.role is Role.SAMPLER
    assert counts_by_place(result) == ibm_counts_by_place(ibm_result(content))


@given(eights=st.integers(0, 5), bits=st.integers(1, 150), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_unpacked_rows_equal_numpy(eights: int, bits: int, seed: int) -> None:
    rows, width = 8 * eights, row_width(bits)
    data = random_bits(np.random.default_rng(seed), rows, bits)
    packed = np.packbits(data.astype(np.uint8), bitorder="little").tobytes()
    padded = np.concatenate([data, np.zeros((rows, 8 * width - bits), bool)], axis=-1)
    expected = np.packbits(padded, axis=-1, bitorder="little")
    assert unpacked_rows(packed, bits) == expected.tobytes()
    # Words are as long as the machine has them, longer rows as long as they are.
    assert width in (1, 2, 4, 8) if bits <= 64 else width == (bits + 7) // 8


@given(rows=st.integers(0, 300), bits=st.integers(1, 150), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_blocks_of_a_tensor_are_its_rows(rows: int, bits: int, seed: int) -> None:
    data = random_bits(np.random.default_rng(seed), rows, bits)
    told = tensor(data, packed=bool(seed % 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bit_tensors, "_BLOCKS", 3)
        found = b"".join(BitTensor("c", told["data"], (rows, bits), bool(seed % 2)).blocks())
    spare = np.zeros((rows, 8 * row_width(bits) - bits), bool)
    expected = np.packbits(np.concatenate([data, spare], axis=-1), axis=-1, bitorder="little")
    assert found == expected.tobytes()


def test_measured_bits_of_twirled_result_differ_from_undone() -> None:
    measured = np.zeros((2, 4, 3), bool)
    flips = np.array([[[True, False, True]], [[False, False, False]]])
    content = program_result({"c": measured, "measurement_flips.c": flips})
    (counts,) = decode_result(content).pubs[0].counts
    assert (counts.shots, counts.counts) == (8, {"101": 4, "000": 4})


@pytest.mark.parametrize("role", ["sampler_v2", "sampler-v2", "Sampler_v2"])
def test_role_is_read_in_both_spellings(role: str) -> None:
    content = program_result({"c": np.zeros((2, 4, 3), bool)}, role=role)
    assert decode_result(content).role is Role.SAMPLER


@pytest.mark.parametrize("role", [None, "", "sampler", "_v2", "my_own_v1", "sampler_v2_x"])
def test_unknown_role_is_a_plain_program(role: str | None) -> None:
    result = decode_result(program_result({"c": np.zeros((2, 4, 3), bool)}, role=role, passthrough="mine"))
    assert result.role is Role.NONE
    # Nobody says that the first axis is randomizations.
    assert [one.index for one in result.pubs[0].counts] == [(0,), (1,)]


def estimator_task(**changes: Any) -> dict[str, Any]:
    return {
        "version": "0.1",
        "mitigation": None,
        "program_item_index": 0,
        "param_basis_pairs": [[[0], "ZZ"], [[1], "ZZ"], [[1], "XX"]],
    } | changes


def estimator_result(*items: dict[str, Any], tasks: list[dict[str, Any]]) -> JobResult:
    passthrough = {"post_processor": {"version": "v0.1", "num_pubs": 1}, "qiskit_mitigation": tasks}
    return decode_result(program_result(*items, role="estimator_v2", passthrough=passthrough))


def test_estimator_counts_by_basis_with_flips_undone() -> None:
    random = np.random.default_rng(5)
    bits, flips = random_bits(random, 4, 3, 7, 2), random_bits(random, 4, 3, 1, 2)
    calibration = {"_meas": random_bits(random, 4, 7, 2)}
    result = estimator_result(
        {"_meas": bits, "measurement_flips._meas": flips},
        calibration,
        tasks=[estimator_task(), {"version": "0.1", "mitigation": "trex", "program_item_index": 1}],
    )
    assert result.role is Role.ESTIMATOR
    assert "qiskit-mitigation" in result.note
    (pub,) = result.pubs
    assert [(one.register, one.index, one.shots) for one in pub.counts] == [
        ("ZZ", (0,), 28),
        ("ZZ", (1,), 28),
        ("XX", (1,), 28),
    ]
    for place, one in enumerate(pub.counts):
        rows = (bits ^ flips)[:, place].reshape(-1, 2)
        assert one.counts.get("01", 0) == sum(row[0] and not row[1] for row in rows)


def test_estimator_counts_of_each_noise_factor() -> None:
    random = np.random.default_rng(6)
    items = [{"_meas": random_bits(random, 2, 1, 5, 2)} for _ in range(3)]
    task = estimator_task(
        mitigation="gate_folding", noise_factors=[1, 3.0, 5], param_basis_pairs=[[[], "ZX"]]
    )
    (pub,) = estimator_result(*items, tasks=[task]).pubs
    assert [one.register for one in pub.counts] == ["ZX, noise x 1", "ZX, noise x 3", "ZX, noise x 5"]


LIES = [
    {"c": {"data": "Mw==", "shape": [2, 3, 2], "dtype": "bool"}},
    {"c": {"data": "", "shape": [2**20, 2**20, 2], "dtype": "bool"}},
    {"c": {"data": "", "shape": [2**40, 1, 2], "dtype": "bool"}},
    {
        "c": {"data": "", "shape": [2, 0, 2], "dtype": "bool"},
        "x": {"data": "", "shape": [1] * 40, "dtype": "u8"},
    },
]


@pytest.mark.parametrize("results", LIES)
@pytest.mark.parametrize("version", ["v1.0", "v2.0"])
def test_shapes_that_lie_end_in_a_sentence(results: dict[str, Any], version: str) -> None:
    body = {
        "schema_version": version,
        "data": [{"results": results}],
        "semantic_role": "sampler_v2",
        "passthrough_data": SAMPLER,
    }
    result = decode_result(json.dumps(body).encode())
    assert result.pubs == ()
    assert "cannot be read" in result.note


@pytest.mark.parametrize(
    ("bits", "flips"),
    [((2, 4, 3), (2, 1, 2)), ((2, 4, 3), (3, 1, 3)), ((2, 4, 3), (2, 2, 3)), ((2, 4, 3), (1, 2, 1, 3))],
)
def test_flips_of_another_shape_end_in_a_sentence(bits: tuple[int, ...], flips: tuple[int, ...]) -> None:
    content = program_result({"c": np.zeros(bits, bool), "measurement_flips.c": np.zeros(flips, bool)})
    result = decode_result(content)
    assert (result.pubs, "another shape" in result.note) == ((), True)


@pytest.mark.parametrize(
    "passthrough", [None, 3, {}, {"qiskit_mitigation": [{"program_item_index": 7}]}, {"qiskit_mitigation": 3}]
)
@pytest.mark.parametrize("role", ["sampler_v2", "estimator_v2"])
def test_missing_passthrough_ends_in_a_sentence(passthrough: Any, role: str) -> None:
    result = decode_result(
        program_result({"_meas": np.zeros((2, 1, 4, 3), bool)}, role=role, passthrough=passthrough)
    )
    assert result.note or role == "sampler_v2"


def test_flips_without_register_end_in_a_sentence() -> None:
    result = decode_result(executed(True, **{"measurement_flips.c": np.zeros((1, 2), bool)}))
    assert "no register of that name" in result.note


def test_every_order_of_axes_is_kept_apart() -> None:
    """A sweep's places never mix with randomizations: each place has its own constant outcome."""
    bits = np.zeros((3, 2, 2, 5, 2), bool)
    for first, second in itertools.product(range(2), range(2)):
        bits[:, first, second, :, 0] = first
        bits[:, first, second, :, 1] = second
    result = decode_result(program_result({"c": bits}))
    assert {one.index: dict(one.counts) for one in result.pubs[0].counts} == {
        (first, second): {f"{second}{first}": 15} for first, second in itertools.product(range(2), range(2))
    }


@pytest.mark.parametrize(
    ("shapes", "length", "too_far"),
    [
        ([[1000]], 0, False),
        ([[1001]], 0, True),
        ([[10, 50], [500]], 0, False),
        ([[10, 50], [501]], 0, True),
        ([[4800]], 100, False),
        ([[4801]], 100, True),
        ([], 0, False),
    ],
)
def test_body_is_packed_too_far_by_the_items_that_its_arrays_declare(
    shapes: list[list[int]], length: int, too_far: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "_MOST_ITEMS", 1000)
    body = b",".join(b'{"shape":%s}' % json.dumps(shape).encode() for shape in shapes)
    if not length:
        monkeypatch.setattr(executor, "_MOST_ITEMS_A_BYTE", 0)
    assert is_packed_too_far(body.ljust(length)) is too_far
