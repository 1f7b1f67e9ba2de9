from __future__ import annotations

import base64
import io
import json
import math
import struct
import zlib
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.ibm.mock_network import body, raw
from tui.domain.results import ExpectationValue, PubResult
from tui.domain.statistics.outcomes import MOST_AT_HAND, NumberedCounts
from tui.ibm.results import ndarray
from tui.ibm.results.counts import bit_array_counts
from tui.ibm.results.decoder import decode_result
from tui.ibm.results.ndarray import Npy, read_ndarray


def pack(array: Any, *, wrap: bool = True) -> Any:
    """An array as IBM's encoder packs it."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    text = base64.b64encode(zlib.compress(stream.getvalue())).decode()
    return {"__type__": "ndarray", "__value__": text} if wrap else text


def typed(*pubs: dict[str, Any], shots: int | None = None) -> bytes:
    """A typed result of PUBs given by their fields."""
    return raw(
        {
            "__type__": "PrimitiveResult",
            "__value__": {
                "pub_results": [
                    {
                        "__type__": "SamplerPubResult",
                        "__value__": {
                            "data": {
                                "__type__": "DataBin",
                                "__value__": {"field_names": list(pub), "shape": [], "fields": pub},
                            },
                            "metadata": {"shots": shots},
                        },
                    }
                    for pub in pubs
                ],
                "metadata": {"version": 2},
            },
        }
    )


def bits(array: Any, num_bits: int) -> dict[str, Any]:
    return {"__type__": "BitArray", "__value__": {"array": pack(array), "num_bits": num_bits}}


def only(content: bytes) -> PubResult:
    result = decode_result(content)
    assert result.note == ""
    assert result.raw == content
    (pub,) = result.pubs
    return pub


@pytest.mark.parametrize(
    "name",
    ["gen1_job_results_v2_sampler_rest", "gen2_job_results_sampler_rest", "gen2_job_results_sampler_qiskit"],
)
def test_recorded_sampler_results(name: str) -> None:
    (counts,) = only(body(name)).counts
    assert (counts.register, counts.num_bits, counts.shots, counts.index) == ("c", 2, 4, ())
    assert counts.counts == {"11": 2, "00": 2}


def test_recorded_estimator_results() -> None:
    for name in ("gen1_job_results_v2_estimator_rest", "gen2_job_results_estimator_rest"):
        scalar = only(body(name, 0))
        assert scalar == PubResult(values=(ExpectationValue(0.75, 0.03),), shots=10016)
        listed = only(body(name, 1))
        assert [(v.value, v.std, v.index) for v in listed.values] == [
            (0.74, 0.03, (0,)),
            (0.11, 0.03, (1,)),
            (-0.02, 0.03, (2,)),
            (0.98, 0.03, (3,)),
        ]
    assert only(body("gen2_job_results_estimator_qiskit")) == PubResult(
        values=(ExpectationValue(0.5, 0.01),), shots=4096
    )


def test_recorded_v1_primitive_results() -> None:
    sampler = only(body("gen1_job_results_v1_sampler"))
    assert sampler.quasi is not None
    assert (sampler.quasi.num_bits, sampler.shots) == (2, 1024)
    assert sampler.quasi.quasi == {"00": 0.5078125, "11": 0.4921875}
    (value,) = only(body("gen1_job_results_v1_estimator")).values
    assert value == ExpectationValue(0.75, math.sqrt(0.448 / 1024))


def test_recorded_executor_result() -> None:
    (counts,) = only(body("gen2_job_results_executor")).counts
    assert (counts.register, counts.num_bits, counts.shots) == ("c", 2, 4)
    assert counts.counts == {"11": 2, "00": 2}


BROKEN_TENSORS = [
    raw(
        {
            "schema_version": version,
            "data": [{"results": {name: {"data": "Mw==", "shape": shape, "dtype": of}}}],
        }
    )
    for version, name, shape, of in (
        ("v0.1", "c", [4], "bool"),
        ("v0.1", "c", [9, 9], "bool"),
        ("v0.1", "c", [-1], "u8"),
        ("v0.1", "c", [1], "f16"),
        ("v0.1", "c", [10**12], "u8"),
        ("v9", "c", [1], "u8"),
        ("v0.1", "measurement_flips.c", [1], "u8"),
    )
]


@pytest.mark.parametrize(
    "content",
    [b"Traceback (most recent):\n boom", b"", b"[]", b"{}", b"3", b'{"__type__": "Other"}', b"\xff\xfe",
     b'{"results": [{"data": {"c": {"samples": ["zz"], "num_bits": 2}}}]}',
     b'{"results": [{"data": {"c": {"samples": ["0xff"], "num_bits": 2}}}]}',
     b'{"results": [{"data": {"c": {"samples": ["0x1"], "num_bits": 1e9}}}]}',
     b'{"results": [{"data": {"c": 3}}]}', b'{"results": [{"data": {"evs": "x"}}]}',
     b'{"quasi_dists": [{"x": 1}]}', b'{"quasi_dists": [{"-1": 1}]}', b'{"results": 3}', b"[" * 100_000,
     b'{"__type__": "PrimitiveResult", "__value__": {"pub_results": [{"__value__": 3}]}}',
     b'{"results": [{"data": {"c": {"samples": ["#0"], "num_bits": 2}}}]}',
     *BROKEN_TENSORS],
)  # fmt: skip
def test_unreadable_result_is_kept_raw_with_note(content: bytes) -> None:
    result = decode_result(content)
    assert (result.pubs, result.raw) == ((), content)
    assert result.note.endswith(".")


def test_result_with_several_registers_and_pubs() -> None:
    recorded = {
        "results": [
            {"data": {"a": {"samples": ["0x1"], "num_bits": 1}, "b": {"samples": ["0x0"], "num_bits": 3}}},
            {"data": {"c": {"samples": ["0x2", "0x2"], "num_bits": 2}}},
        ]
    }
    first, second = decode_result(raw(recorded)).pubs
    assert [(c.register, c.counts) for c in first.counts] == [("a", {"1": 1}), ("b", {"000": 1})]
    assert second.counts[0].counts == {"10": 2}
    assert second.shots == 2


def test_counts_of_parameter_sets_keep_their_index() -> None:
    samples = [[["0x1", "0x1"], ["0x0", "0x1"]], [["0x0", "0x0"], ["0x1", "0x0"]]]
    pub = only(raw({"results": [{"data": {"c": {"samples": samples, "num_bits": 1}}}]}))
    assert {c.index: c.counts for c in pub.counts} == {
        (0, 0): {"1": 2},
        (0, 1): {"0": 1, "1": 1},
        (1, 0): {"0": 2},
        (1, 1): {"1": 1, "0": 1},
    }
    values = only(raw({"results": [{"data": {"evs": [[1, 2], [3, 4]], "stds": [[0.1, 0.2], [0.3, 0.4]]}}]}))
    assert [(v.value, v.std, v.index) for v in values.values][2] == (3.0, 0.3, (1, 0))


def test_null_expectation_value_is_nan() -> None:
    pub = only(b'{"results": [{"data": {"evs": [NaN, 0.5], "stds": [Infinity, 0.1]}}]}')
    assert math.isnan(pub.values[0].value)
    assert pub.values[1] == ExpectationValue(0.5, 0.1, index=(1,))


def test_typed_arrays_as_lists() -> None:
    listed = {"__type__": "ndarray", "__value__": [[3], [0], [3]]}
    item = {"__type__": "BitArray", "__value__": {"array": listed, "num_bits": 2}}
    assert only(typed({"c": item})).counts[0].counts == {"11": 2, "00": 1}


@given(
    shape=arrays.array_shapes(min_dims=0, max_dims=3, max_side=3),
    shots=st.integers(0, 9),
    width=st.integers(1, 200),
    seed=st.integers(0, 2**32 - 1),
    fortran=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_typed_samples_of_any_shape(
    shape: tuple[int, ...], shots: int, width: int, seed: int, fortran: bool
) -> None:
    count = (width + 7) // 8
    data = np.random.default_rng(seed).integers(0, 256, (*shape, shots, count), dtype=np.uint8)
    data[..., 0] &= 255 >> (8 * count - width)
    stored = np.asfortranarray(data) if fortran else data
    pub = only(typed({"c": bits(stored, width)}))
    assert [counts.index for counts in pub.counts] == list(np.ndindex(*shape))
    for counts in pub.counts:
        rows = [int.from_bytes(bytes(row), "big") for row in data[counts.index]]
        assert counts.counts == Counter(format(row, f"0{width}b") for row in rows)
        assert counts.shots == shots


@given(
    array=arrays.arrays(
        st.sampled_from(["<f8", ">f8", "<f4", "<i4", ">i8", "|u1", "<u2", "<c16", ">f4"]),
        arrays.array_shapes(min_dims=0, max_dims=4, max_side=4),
    ),
    fortran=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_ndarray_equals_numpy(array: Any, fortran: bool) -> None:
    stored = np.asfortranarray(array) if fortran else array
    found = read_ndarray(pack(stored, wrap=False))
    assert found.shape == stored.shape
    expected = np.real(array).astype(float).ravel()
    assert np.array_equal(np.array(found.floats()), expected, equal_nan=True)


@pytest.mark.parametrize(
    "text",
    ["", "***", base64.b64encode(b"not zlib").decode(), base64.b64encode(zlib.compress(b"short")).decode(),
     base64.b64encode(zlib.compress(b"\x93NUMPY\x01\x00\xff\xffxx")).decode(),
     base64.b64encode(zlib.compress(b"\x93NUMPY\x01\x00\x10\x00__import__('os')")).decode()],
)  # fmt: skip
def test_ndarray_refuses_damaged_text(text: str) -> None:
    with pytest.raises(ValueError, match="array"):
        read_ndarray(text)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b' {"results":[', "cut off"),
        (b"\n[1,", "Expected `object`"),
        (b"Busy.", "text instead"),
        (b"", "text instead"),
    ],
)
def test_result_that_is_no_json_says_whether_it_was_cut_off(body: bytes, said: str) -> None:
    result = decode_result(body)
    assert (result.pubs, result.raw) == ((), body) and said in result.note


@pytest.mark.parametrize(("length", "fits"), [(64 * 1024 - 12, True), (64 * 1024 - 11, False)])
def test_ndarray_header_may_be_64_kib_long(length: int, fits: bool) -> None:
    said = b"{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}".ljust(length)
    array = b"\x93NUMPY\x02\x00" + struct.pack("<I", length) + said + b"abc"
    text = base64.b64encode(zlib.compress(array)).decode()
    if fits:
        assert read_ndarray(text).shape == (3,)
    else:
        with pytest.raises(ValueError, match="header is too long"):
            read_ndarray(text)


@pytest.mark.parametrize("packed", [True, False])
def test_plain_pieces_beyond_the_limit_are_refused_unread(packed: bool) -> None:
    size = ndarray.MAX_BYTES + 1024 * 1024
    megabytes = ndarray.MAX_BYTES // 1024 // 1024 + 1
    with pytest.raises(ValueError, match=f"has {megabytes} MB"):
        next(ndarray.plain_pieces("not read", size, packed=packed))


def test_ndarray_is_read_from_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = np.arange(1000, dtype=np.uint16).reshape(10, 100)
    whole = read_ndarray(pack(stored, wrap=False))
    for size in (4, 16, 100):
        monkeypatch.setattr(ndarray, "_PIECE", size)
        assert read_ndarray(pack(stored, wrap=False)) == whole


def test_ndarray_refuses_objects() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="type"):
        read_ndarray(base64.b64encode(zlib.compress(stream.getvalue())).decode())


def test_ndarray_decompresses_no_more_than_its_shape() -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }"
    head = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    bomb = base64.b64encode(zlib.compress(head + b"\x07" * 50_000_000)).decode()
    found = read_ndarray(bomb)
    assert bytes(found.data) == b"\x07" * 4
    huge = header.replace(b"(4,)", b"(99999999999,)")
    head = b"\x93NUMPY\x01\x00" + len(huge).to_bytes(2, "little") + huge
    with pytest.raises(ValueError, match="MB"):
        read_ndarray(base64.b64encode(zlib.compress(head)).decode())


@pytest.mark.parametrize(
    "array", [Npy((4,), "u1", b"abcd"), Npy((2, 2), "u1", b"abcd"), Npy((2, 1), "f8", b"")]
)
def test_bit_array_of_wrong_shape_is_refused(array: Npy) -> None:
    with pytest.raises(ValueError, match="'c'"):
        bit_array_counts("c", array, 2)


def tensor(array: Any, *, packed: bool = False) -> dict[str, Any]:
    """An array as the executor sends it."""
    flat = np.packbits(array.astype(np.uint8), bitorder="little") if array.dtype == bool else array
    data = flat.tobytes()
    kind = "bool" if array.dtype == bool else f"{array.dtype.kind}{array.dtype.itemsize * 8}"
    text = base64.b64encode(zlib.compress(data) if packed else data).decode()
    return {"data": text, "shape": list(array.shape), "dtype": kind}


def executed(packed: bool, **results: Any) -> bytes:
    items = [{"results": {name: tensor(array, packed=packed) for name, array in results.items()}}]
    return raw({"schema_version": "v2.0" if packed else "v1.1", "data": items, "metadata": {}})


@given(
    shape=arrays.array_shapes(min_dims=0, max_dims=2, max_side=3),
    shots=st.integers(0, 40),
    width=st.integers(1, 70),
    seed=st.integers(0, 2**32 - 1),
    packed=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_executor_bits_of_any_shape(
    shape: tuple[int, ...], shots: int, width: int, seed: int, packed: bool
) -> None:
    data = np.random.default_rng(seed).integers(0, 2, (*shape, shots, width)).astype(bool)
    pub = only(executed(packed, c=data))
    for counts in pub.counts:
        rows = ["".join("01"[int(bit)] for bit in row[::-1]) for row in data[counts.index]]
        assert counts.counts == Counter(rows)
    assert [counts.index for counts in pub.counts] == list(np.ndindex(*shape))


@pytest.mark.parametrize("kind", ["f8", "f4", "u1", "i8", "c16"])
def test_executor_numbers_become_values(kind: str) -> None:
    data = np.arange(6).reshape(2, 3).astype(kind)
    values = only(executed(True, x=data)).values
    assert [(v.observable, v.index, v.value) for v in values][4] == ("x", (1, 1), 4.0)


def noisy(samples: Any, **more: Any) -> bytes:
    """A plain result with text around it that only looks like samples."""
    recorded = {
        "metadata": {"samples": "x", "note": '"samples": ["0x1"', "__value__": 3, "data": "y" * 600},
        "results": [{"data": {"c": {"num_bits": 3, "samples": samples}}, "metadata": more}],
    }
    return json.dumps(recorded, indent=1).encode()


def test_split_payload_gives_same_counts() -> None:
    flat = [hex(n % 7) for n in range(20_000)]
    pub = only(noisy(flat))
    assert pub.counts[0].counts == Counter(format(int(v, 16), "03b") for v in flat)
    nested = [[flat[:500], flat[500:1000]], [flat[:3], flat[7:9_000]]]
    found = {c.index: c.counts for c in only(noisy(nested)).counts}
    for (i, j), counts in found.items():
        assert counts == Counter(format(int(v, 16), "03b") for v in nested[i][j])
    assert set(found) == {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize(
    "samples",
    [["0x1"] * 20_000 + [3], ["0x1"] * 20_000 + ["0xff"], ["0x1"] * 20_000 + ["a]b"], ["0x1" * 9_000] * 9,
     [["0x1"] * 20_000, 5], ["\\u0030x1"] * 20_000, [["0x1"] * 20_000, [[["0x1"]]]]],
)  # fmt: skip
def test_split_payload_with_wrong_samples_is_kept_raw(samples: Any) -> None:
    content = noisy(samples)
    result = decode_result(content)
    assert result.raw == content
    assert result.note or result.pubs[0].counts


@given(st.binary(max_size=300), st.integers(0, 70_000))
@settings(max_examples=200, deadline=None)
def test_large_broken_body_is_kept_raw(piece: bytes, at: int) -> None:
    content = bytearray(noisy(["0x1"] * 12_000))
    content[at : at + len(piece)] = piece
    assert decode_result(bytes(content)).raw == bytes(content)


def test_many_counts_are_strings_unless_numbers_are_asked_for() -> None:
    samples = ",".join(f'"{number * 31:#x}"' for number in range(MOST_AT_HAND + 1))
    content = f'{{"results": [{{"data": {{"c": {{"samples": [{samples}], "num_bits": 40}}}}}}]}}'.encode()
    (whole,), (numbered,) = (decode_result(content, numbered=how).pubs[0].counts for how in (False, True))
    assert isinstance(whole.counts, dict) and isinstance(numbered.counts, NumberedCounts)
    assert whole == numbered and whole.outcomes == MOST_AT_HAND + 1
