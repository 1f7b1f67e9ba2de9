"""Values of an estimator that ran as a program of the executor, worked out by IBM's own post-processing.

The service returns bits; `qiskit_mitigation` makes values of them: the average over the randomizations, the
readout errors divided out (TREX), the extrapolation to no noise (ZNE). The final values are those of
`qiskit_ibm_runtime.decoders.executor_estimator`; beside them stands what each step has made of the bits.
Importing this module imports Qiskit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.results import Estimate, ExpectationValue

_MOST_TERMS: Final = 12
"""Terms of an observable that are named."""
_SPELLED_OUT: Final = 8
"""Qubits up to which a Pauli string is written letter by letter."""


def estimator_values(body: bytes) -> tuple[tuple[ExpectationValue, ...], ...]:
    """Return the values of each PUB, in C order.

    Args:
        body: the result of the executor's program as the service sent it, any schema version.

    Returns:
        For each PUB its values. `std` is the standard error between the randomizations, `ensemble_std` that
        over all shots as one (of ZNE the client gives one error); `steps` are the values before the last
        step: the plain average, TREX where it was asked for, each noise factor of ZNE and of PEA. PEC has
        none: without undoing the noise that it inserts there is no value.

    Raises:
        QdeckError: `PROTOCOL` when it is no result of an estimator; `UNAVAILABLE` when `qiskit_mitigation`
            is not installed.
    """
    try:
        from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
        from qiskit_ibm_runtime.decoders.executor_estimator.decoder import ClientSideEstimatorDecoder
        from qiskit_mitigation.utils.utils import load_tasks_from_result
    except ImportError as error:
        raise QdeckError(
            ErrorKind.UNAVAILABLE,
            f"The estimator's values need qiskit-mitigation, which cannot be loaded: {plain(str(error))}.",
            "Install qdeck with the extra `local`.",
        ) from error
    try:
        program: Any = ExecutorResultDecoder.decode(body.decode())
        program._semantic_role = ClientSideEstimatorDecoder.SEMANTIC_ROLE
        tasks = load_tasks_from_result(program)
        before = [list(_steps(task, program)) for task in tasks]
        final: Any = ClientSideEstimatorDecoder.decode(program)
        return tuple(
            tuple(_values(pub, task, steps)) for pub, task, steps in zip(final, tasks, before, strict=True)
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
        # The passthrough data went through the hands of others.
        message = f"The estimator's values cannot be worked out: {plain(str(error), limit=300)}."
        raise QdeckError(ErrorKind.PROTOCOL, message) from error


def _steps(task: Any, program: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, values and standard errors of each step before the last; arrays of the PUB's shape."""
    from qiskit_mitigation import GateFolding, MitigationTask

    kind = type(task)
    if not task.broadcast_obs_and_params or kind not in (MitigationTask, GateFolding):
        # PEA and PEC insert noise: what the client makes of each amount of it stands in its own result.
        return
    task.param_shape = tuple(task.param_shape)
    noise = task.trex.compute_noise_model(program) if task.trex is not None else None
    factors = list(task.noise_factors) if kind is GateFolding else [None]
    for offset, factor in enumerate(factors):
        item = program[task._program_item_index + offset]
        label = "" if factor is None else f", noise x {factor:g}"
        yield f"no mitigation{label}", *_averages(task, item, None)
        if noise is not None and factor is not None:
            yield f"TREX{label}", *_averages(task, item, noise)


def _averages(task: Any, item: Any, noise: Any) -> tuple[Any, Any]:
    from qiskit_mitigation import MitigationTask

    data = MitigationTask.compute_expectation_value(
        item,
        task.observables,
        task.param_shape,
        task.param_basis_pairs,
        task.meas_bases,
        True,
        noise,
    ).data
    return data.evs, data.stds


def _values(pub: Any, task: Any, steps: list[tuple[str, Any, Any]]) -> Iterator[ExpectationValue]:
    evs, stds = np.asarray(pub.data.evs), np.asarray(pub.data.stds)
    ensemble = getattr(pub.data, "ensemble_standard_error", None)
    labels = np.empty(task.observables.shape, dtype=object)
    for place in np.ndindex(labels.shape):
        labels[place] = observable_label(task.observables[place])
    labels = np.broadcast_to(labels, evs.shape)
    method = _method(pub, task)
    steps = steps or list(_amplified(pub, task))
    for place in np.ndindex(evs.shape):
        yield ExpectationValue(
            float(evs[place]),
            _error(stds[place]),
            str(labels[place]),
            tuple(place),
            None if ensemble is None else _error(np.asarray(ensemble)[place]),
            tuple(Estimate(name, float(value[place]), _error(error[place])) for name, value, error in steps),
            method if isinstance(method, str) else str(method[place]),
        )


def _amplified(pub: Any, task: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the values for each amount of noise that PEA inserted, as the client's result has them."""
    values = getattr(pub.data, "evs_noise_factors", None)
    if values is None:
        return
    errors = np.asarray(pub.data.ensemble_stds_noise_factors)
    before = "TREX and PEA" if task.trex is not None else "PEA"
    for number, factor in enumerate(task.noise_factors):
        yield f"{before}, noise x {factor:g}", np.asarray(values)[..., number], errors[..., number]


def _method(pub: Any, task: Any) -> Any:
    """Return what the final values are: a word, or an array of words."""
    trex = "TREX" if task.trex is not None else ""
    before = f"{trex} and " if trex else ""
    kind = type(task).__name__
    zne = (pub.metadata.get("resilience") or {}).get("zne")
    if zne is None:
        return {"PEC": f"{before}PEC", "MitigationTask": trex or "no mitigation"}.get(kind, "mitigated")
    fitted = "PEA" if kind == "PEA" else "ZNE"
    return np.vectorize(lambda fit: f"{before}{fitted}, {fit} fit", otypes=[object])(zne["extrapolators"])


def observable_label(terms: Mapping[str, float]) -> str:
    """Return a sum of Pauli strings as text, e.g. `0.5 ZZ + XX`.

    Of long strings the letters that are no identity are written, with their qubits: `Z0 Z5`.
    """
    written = [_term(pauli, coefficient) for pauli, coefficient in list(terms.items())[:_MOST_TERMS]]
    more = f" + {len(terms) - _MOST_TERMS} more" if len(terms) > _MOST_TERMS else ""
    return "".join(written).removeprefix(" + ").removeprefix(" ") + more


def _term(pauli: str, coefficient: float) -> str:
    size = abs(coefficient)
    factor = (" - " if coefficient < 0 else " + ") + ("" if size == 1 else f"{size:g} ")
    if len(pauli) <= _SPELLED_OUT:
        return factor + pauli
    letters: Iterable[str] = (f"{one}{qubit}" for qubit, one in enumerate(reversed(pauli)) if one != "I")
    return factor + (" ".join(letters) or "I")


def _error(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
