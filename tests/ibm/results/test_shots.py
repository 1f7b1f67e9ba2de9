"""Shots one by one: their order and bits are those of IBM's own decoder, and their counts are the counts."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ibm.mock_network import body
from tests.ibm.results.test_against_ibm import encoded
from tests.ibm.results.test_executor import ibm_result
from tests.ibm.results.test_recorded_programs import NAMES, kind_of
from tui.domain.export.tables import joint_result
from tui.domain.results import Role
from tui.ibm.results.decoder import decode_result, decode_shots

pytest.importorskip("qiskit_ibm_runtime")


@given(
    shape=st.sampled_from([(), (2,), (2, 3)]),
    shots=st.integers(1, 12),
    widths=st.lists(st.integers(1, 70), min_size=1, max_size=3),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=30, deadline=None)
def test_shots_and_joint_counts_equal_those_of_qiskit(
    shape: tuple[int, ...], shots: int, widths: list[int], seed: int
) -> None:
    from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult

    random = np.random.default_rng(seed)
    registers = {
        f"r{number}": BitArray.from_bool_array(random.integers(0, 2, (*shape, shots, width), dtype=bool))
        for number, width in enumerate(widths)
    }
    pub = SamplerPubResult(DataBin(**registers, shape=shape))
    content = encoded(PrimitiveResult([pub]))
    (ours,) = decode_shots(content)
    for name, array in registers.items():
        theirs = [(index, array.get_bitstrings(index)) for index in np.ndindex(*shape)]
        assert ours[name] == theirs
    (joint,) = joint_result(decode_result(content), (ours,)).pubs
    for counts in joint.counts:
        whole = pub.join_data()
        expected = whole.get_counts(counts.index) if shape else whole.get_counts()
        assert {bits.replace(" ", ""): times for bits, times in counts.counts.items()} == expected
        assert counts.register.split() == list(registers)[::-1] and counts.num_bits == sum(widths)


@pytest.mark.parametrize("name", [name for name in NAMES if kind_of(name)[0] is Role.SAMPLER])
def test_shots_of_a_recorded_program_equal_those_of_the_client(name: str) -> None:
    (ours,) = decode_shots(body(name))
    data: Any = ibm_result(body(name))[0].data
    for register, places in ours.items():
        for index, bits in places:
            assert bits == data[register].get_bitstrings(index)


@pytest.mark.parametrize("samples", [["0x3", "0x0", "0x1"], [["0x3", "0x0"], ["0x1", "0x1"]]])
def test_shots_of_the_plain_form_have_the_counts_of_the_result(samples: Any) -> None:
    content = json.dumps({"results": [{"data": {"c": {"samples": samples, "num_bits": 2}}}]}).encode()
    ((pub,), (shots,)) = decode_result(content).pubs, decode_shots(content)
    assert {index: Counter(bits) for index, bits in shots["c"]} == {
        counts.index: Counter(counts.counts) for counts in pub.counts
    }
    assert shots["c"][0][1][0] == "11"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"quasi_dists": [{"0": 1.0}], "metadata": [{}]}', "does not hold them"),
        (b'{"results": [{"data": {"evs": 0.5, "stds": 0.1}}]}', "estimator"),
        (b'{"results": [{"data": {"c": {"samples": ["0x4"], "num_bits": 2}}}]}', "more than 2 bits"),
        (b"not JSON", "cannot be read"),
        *((body(name), "bases") for name in NAMES if kind_of(name)[0] is Role.ESTIMATOR),
    ],
)
def test_shots_that_are_not_to_be_had_are_refused_with_why(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode_shots(content)
