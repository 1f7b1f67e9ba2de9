"""Results of IBM's recommended primitives, read here as IBM's client reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

# The fixtures of circuits come with them.
from tests.contract.test_ibm_client_executor import (
    TIMEOUT_SECONDS,
    estimator,
    ghz,  # noqa: F401
    observables,
    sampler,
    sweep,  # noqa: F401
)
from tests.ibm.results.test_executor import counts_by_place, ibm_counts_by_place
from tui.compiler.client import Compiler
from tui.compiler.qiskit.mitigation import estimator_values, observable_label
from tui.domain.results import Role
from tui.ibm.results.decoder import decode_result


def body_of(job: Any) -> bytes:
    """The result's body as the service sent it."""
    body: str = job._api_client.job_results(job.job_id())
    return body.encode()


@pytest.mark.parametrize("twirled", [(False, False), (True, False), (False, True), (True, True)])
def test_sampler_counts_equal_the_client(
    peekskill: Any,
    sweep: Any,  # noqa: F811
    twirled: tuple[bool, bool],
) -> None:
    gates, measures = twirled
    made = sampler(peekskill, twirling__enable_gates=gates, twirling__enable_measure=measures)
    job = made.run([(sweep, np.array([[[0.3], [1.0]], [[2.0], [3.0]]])), (sweep, [0.5])], shots=640)
    expected = ibm_counts_by_place(job.result(timeout=TIMEOUT_SECONDS))
    result = decode_result(body_of(job))
    assert result.role is Role.SAMPLER
    assert counts_by_place(result) == expected


@pytest.mark.parametrize("level", [0, 1, 2])
def test_estimator_values_equal_the_client(
    peekskill: Any,
    ghz: Any,  # noqa: F811
    sweep: Any,  # noqa: F811
    level: int,
) -> None:
    turns = np.array([[0.0], [1.0], [np.pi]])
    pubs = [
        (ghz, observables(ghz, "XXX", "IZZ", "ZII")),
        (sweep, [[one] for one in observables(sweep, "IZ", "ZZ")], turns),
    ]
    job = estimator(peekskill, level).run(pubs, precision=0.05)
    expected = job.result(timeout=TIMEOUT_SECONDS)
    body = body_of(job)
    found = estimator_values(body)
    assert len(found) == 2
    for values, pub in zip(found, expected, strict=True):
        assert [value.index for value in values] == list(np.ndindex(*pub.data.evs.shape))
        np.testing.assert_allclose([value.value for value in values], pub.data.evs.ravel(), 0, 1e-12)
        np.testing.assert_allclose(
            [np.nan if value.std is None else value.std for value in values],
            # A fit that failed has an infinite error, which is none.
            np.where(np.isfinite(pub.data.stds), pub.data.stds, np.nan).ravel(),
            0,
            1e-12,
        )
        for value in values:
            methods = [step.method for step in value.steps]
            if level == 2:
                place = value.index
                amplified = [step for step in value.steps if step.method.startswith("TREX")]
                np.testing.assert_allclose(
                    [step.value for step in amplified], pub.data.evs_noise_factors[place], 0, 1e-12
                )
                np.testing.assert_allclose(
                    [step.std or 0.0 for step in amplified],
                    pub.data.ensemble_stds_noise_factors[place],
                    0,
                    1e-12,
                )
                assert "ZNE" in value.method
                assert methods[0] == "no mitigation, noise x 1"
            else:
                assert methods == ["no mitigation"]
                ensemble = pub.data.ensemble_standard_error[value.index]
                assert value.ensemble_std == pytest.approx(ensemble, abs=1e-12)
                assert value.method == ("TREX" if level else "no mitigation")
                # Without mitigation the last step changes nothing.
                assert (value.steps[0].value == value.value) or level > 0


@pytest.mark.parametrize("kind", ["PEC", "PEA"])
def test_values_of_inserted_noise_equal_the_client_and_have_their_own_steps(
    peekskill: Any,
    ghz: Any,  # noqa: F811
    kind: str,
) -> None:
    from qiskit.quantum_info import PauliLindbladMap

    made = estimator(peekskill, 1 if kind == "PEC" else 2)
    made.options.resilience.pec_mitigation = kind == "PEC"
    made.options.resilience.zne.amplifier = "pea"
    pubs = [(ghz, observables(ghz, "XXX", "IZZ"))]
    layers = made.find_unique_layers(pubs)
    noise = [("XX", [0, 1], 0.01), ("Z", [0], 0.005)]
    made.options.resilience.layer_noise_model = [
        (layer, PauliLindbladMap.from_sparse_list(noise, layer.operation.num_qubits)) for layer in layers
    ]
    job = made.run(pubs, precision=0.1)
    expected = job.result(timeout=TIMEOUT_SECONDS)[0].data
    (values,) = estimator_values(body_of(job))
    np.testing.assert_allclose([value.value for value in values], expected.evs, 0, 1e-12)
    for number, value in enumerate(values):
        if kind == "PEC":
            assert (value.method, value.steps) == ("TREX and PEC", ())
            continue
        assert value.method.startswith("TREX and PEA, ") and value.method.endswith(" fit")
        assert [step.method for step in value.steps] == [f"TREX and PEA, noise x {n}" for n in (1, 3, 5)]
        told = [step.value for step in value.steps]
        np.testing.assert_allclose(told, expected.evs_noise_factors[number], 0, 1e-12)


async def test_compiler_sends_the_values_of_its_worker(peekskill: Any, ghz: Any) -> None:  # noqa: F811
    job = estimator(peekskill).run([(ghz, observables(ghz, "ZZI"))], precision=0.1)
    expected = job.result(timeout=TIMEOUT_SECONDS)
    compiler = Compiler()
    try:
        ((value,),) = await compiler.estimator_values(body_of(job))
    finally:
        await compiler.aclose()
    assert value.value == pytest.approx(float(expected[0].data.evs[0]), abs=1e-12)
    assert value.observable.count("Z") == 2


@pytest.mark.parametrize(
    ("terms", "label"),
    [
        ({"ZZ": 1.0}, "ZZ"),
        ({"ZZ": 0.5, "XI": -1.0}, "0.5 ZZ - XI"),
        ({"I" * 20 + "ZIX": 1.0}, "X0 Z2"),
        ({"I" * 20: 2.0}, "2 I"),
        ({f"Z{'I' * place}".rjust(20, "I"): 1.0 for place in range(14)}, None),
    ],
)
def test_observable_label_is_short(terms: dict[str, float], label: str | None) -> None:
    found = observable_label(terms)
    assert found == label or (label is None and found.endswith("+ 2 more"))
