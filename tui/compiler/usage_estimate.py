"""How many QPU seconds a job is likely to take, by IBM's documented estimate.

IBM's guide "Workload usage" (https://quantum.cloud.ibm.com/docs/guides/estimate-job-run-time) gives, for
an estimate before submitting: overhead of the job (about 2 s) + (rep_delay + circuit length) x number of
executions. Twirling and error mitigation run more circuits than were submitted; the estimate does not know.
"""

from __future__ import annotations

from typing import Final

import msgspec

OVERHEAD_SECONDS: Final = 2.0
DEFAULT_REP_DELAY_US: Final = 250.0
"""Pause between two shots, in microseconds, of most devices."""


class _Delays(msgspec.Struct, frozen=True):
    default_rep_delay: float | None = None


def qpu_seconds(
    duration_us: float, shots: int, *, circuits: int = 1, rep_delay_us: float = DEFAULT_REP_DELAY_US
) -> float:
    """Estimate the QPU seconds of a job.

    Args:
        duration_us: length of one shot of a circuit, in microseconds.
        shots: shots of each circuit.
        circuits: how many circuits are run (for an estimator, one for each set of observables that can be
            measured together).
        rep_delay_us: pause between two shots, in microseconds.
    """
    return OVERHEAD_SECONDS + (rep_delay_us + duration_us) * 1e-6 * shots * circuits


def rep_delay_us(configuration: bytes) -> float:
    """Read the default pause between two shots from a backend's `/configuration` body.

    Returns:
        Microseconds; `DEFAULT_REP_DELAY_US` when the body does not say.
    """
    try:
        delay = msgspec.json.decode(configuration, type=_Delays).default_rep_delay
    except msgspec.DecodeError:
        delay = None
    return DEFAULT_REP_DELAY_US if delay is None else delay
