"""Our reading and writing against IBM's own: their result decoder, and their schemas."""

from __future__ import annotations

import base64
import io
import json
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.ibm.mock_network import fixture
from tui.domain.jobs import DEFAULT_SHOTS, Primitive
from tui.domain.submissions import Submission
from tui.ibm.codec.job_requests import job_body
from tui.ibm.results.decoder import decode_result

pytest.importorskip("qiskit_ibm_runtime")


def encoded(result: Any) -> bytes:
    """A result as IBM's encoder writes it."""
    from qiskit_ibm_runtime import RuntimeEncoder

    return json.dumps(result, cls=RuntimeEncoder).encode()


def ibm_decoded(content: bytes) -> Any:
    """What IBM's decoder reads."""
    from qiskit_ibm_runtime import RuntimeDecoder

    return json.loads(content, cls=RuntimeDecoder)


@given(
    shape=arrays.array_shapes(min_dims=0, max_dims=2, max_side=3),
    shots=st.integers(1, 12),
    widths=st.lists(st.integers(1, 200), min_size=1, max_size=3),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=40, deadline=None)
def test_decoded_samples_equal_ibm_decoder(
    shape: tuple[int, ...], shots: int, widths: list[int], seed: int
) -> None:
    from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult

    random = np.random.default_rng(seed)
    registers = {}
    for number, width in enumerate(widths):
        count = (width + 7) // 8
        data = random.integers(0, 256, (*shape, shots, count), dtype=np.uint8)
        data[..., 0] &= 255 >> (8 * count - width)
        registers[f"r{number}"] = BitArray(data, width)
    result = PrimitiveResult([SamplerPubResult(DataBin(**registers, shape=shape), metadata={})])
    content = encoded(result)
    (theirs,), (ours,) = ibm_decoded(content), decode_result(content).pubs
    expected = {
        (name, index): theirs.data[name][index].get_counts() if shape else theirs.data[name].get_counts()
        for name in registers
        for index in np.ndindex(*shape)
    }
    assert {(counts.register, counts.index): counts.counts for counts in ours.counts} == expected


@given(
    values=arrays.arrays(
        "f8", arrays.array_shapes(min_dims=0, max_dims=3, max_side=4), elements=st.floats(-1, 1)
    )
)
@settings(max_examples=40, deadline=None)
def test_decoded_values_equal_ibm_decoder(values: Any) -> None:
    from qiskit.primitives import DataBin, PrimitiveResult, PubResult

    shape = values.shape
    result = PrimitiveResult(
        [PubResult(DataBin(evs=values, stds=np.abs(values) / 7, shape=shape), metadata={})]
    )
    content = encoded(result)
    (theirs,), (ours,) = ibm_decoded(content), decode_result(content).pubs
    assert [value.index for value in ours.values] == list(np.ndindex(*shape))
    assert [value.value for value in ours.values] == np.ravel(theirs.data.evs).tolist()
    assert [value.std for value in ours.values] == np.ravel(theirs.data.stds).tolist()


@pytest.mark.parametrize("name", ["gen2_job_results_sampler_qiskit", "gen2_job_results_estimator_qiskit"])
def test_recorded_typed_results_equal_ibm_decoder(name: str) -> None:
    content = json.dumps(fixture(name)["responses"][0]["body"]).encode()
    (theirs,), (ours,) = ibm_decoded(content), decode_result(content).pubs
    if ours.counts:
        assert ours.counts[0].counts == theirs.data.c.get_counts()
    else:
        assert (ours.values[0].value, ours.values[0].std) == (float(theirs.data.evs), float(theirs.data.stds))


QASM = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; c[0] = measure $0; c[1] = measure $1;'


def strict(params: dict[str, Any], primitive: Primitive) -> dict[str, Any]:
    """Params with what the REST interface lets one leave out or write shorter written out.

    IBM's schemas describe the form of IBM's Python client. As qdeck sends them, they check the members and
    their names, `version`, `support_qiskit`, the circuit (they take OpenQASM text), the shots and the
    precision. They do not take what is changed here: no parameter values (`null` becomes an empty array),
    shots left to the service (its default is filled in), and an observable that is a Pauli string (it
    becomes a sum of one term). The REST interface takes all of these, and the recorded bodies have them.
    """
    npy = io.BytesIO()
    np.save(npy, np.zeros((0,)), allow_pickle=False)
    none = {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(npy.getvalue())).decode()}
    circuit, *rest = params["pubs"][0]
    if primitive is Primitive.SAMPLER:
        assert rest[:1] in ([], [None])
        pub = [circuit, none, rest[1] if len(rest) > 1 else DEFAULT_SHOTS]
    else:
        assert rest[1:2] in ([], [None])
        observables = [{pauli: 1.0} for pauli in rest[0]]
        pub = [circuit, observables, none, rest[2] if len(rest) > 2 else None]
    return {**params, "pubs": [pub]}


@pytest.mark.parametrize(
    "submission",
    [
        Submission(Primitive.SAMPLER, "b", QASM),
        Submission(Primitive.SAMPLER, "b", QASM, shots=100),
        Submission(Primitive.ESTIMATOR, "b", QASM, observables=("ZZ",)),
        Submission(Primitive.ESTIMATOR, "b", QASM, observables=("ZZ", "XI"), precision=0.1),
    ],
)
def test_job_body_validates_against_ibm_schemas(submission: Submission) -> None:
    schemas = pytest.importorskip(f"ibm_quantum_schemas.{submission.primitive}.version_0_1")
    params = job_body(submission)["params"]
    assert isinstance(params, dict)
    recorded = schemas.ParamsModel.model_validate(strict(params, submission.primitive))
    assert len(recorded.pubs) == 1
    assert recorded.support_qiskit is False
    for wrong in ({"shot": 1}, {"version": 1}, {"pubs": [[3]]}):
        with pytest.raises(ValueError):
            schemas.ParamsModel.model_validate(strict(params, submission.primitive) | wrong)
