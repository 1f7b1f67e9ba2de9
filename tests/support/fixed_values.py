"""What the services of the screens' tests hold: one of everything, at one moment, on every machine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.circuits import BELL, BELL_ISA
from tui.common.safe_text import Secret
from tui.domain.accounts import (
    Account,
    Channel,
    Endpoints,
    Identity,
)
from tui.domain.devices.backends import Backend
from tui.domain.jobs import Job, JobStatus, StatusStep
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
"""The time of all tests."""


class FixedClock:
    """Stands still until a test moves it; waiting takes no time."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Let others run."""
        await asyncio.sleep(0)


def ago(**parts: float) -> datetime:
    """A moment before `NOW`: `ago(minutes=5)`."""
    return NOW - timedelta(**parts)


def identity(*, sandbox: bool = True, channel: Channel = Channel.PLATFORM) -> Identity:
    """Who is signed in."""
    classic = channel is Channel.CLASSIC
    return Identity(
        account="sandbox" if sandbox else "work",
        channel=channel,
        instance="ibm-q/open/main" if classic else "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::",
        instance_name="ibm-q/open/main" if classic else "lab-instance",
        sandbox=sandbox,
        expires=NOW + timedelta(minutes=52),
        cloud_transpiler=classic,
        hosts=("127.0.0.1:8765",) if sandbox else ("iam.cloud.ibm.com", "quantum.cloud.ibm.com"),
    )


def account(name: str = "work", *, channel: Channel = Channel.PLATFORM) -> Account:
    """An account found on the machine."""
    return Account(
        name, channel, Secret("not-a-real-token-0123456789"), Endpoints(), source="~/.qiskit/qiskit-ibm.json"
    )


def jobs() -> tuple[Job, ...]:
    """One job of every status, newest first."""

    def job(number: int, name: str, backend: str, status: JobStatus, minutes: float, **more: Any) -> Job:
        base = Job(
            id=f"d3k{number:017d}",
            service="sandbox platform",
            backend=backend,
            program="sampler",
            status=status,
            created=ago(minutes=minutes),
            name=name,
            instance=identity().instance,
            confirmed=NOW,
        )
        return replace(base, **more)

    queued, running = JobStatus.QUEUED, JobStatus.RUNNING
    return (
        job(6, "vqe-step-7", "ibm_cusco", running, 0.7, program="estimator", tags=("vqe",), session_id="s-1"),
        job(5, "ghz-12", "ibm_peekskill", queued, 2, shots=4096, tags=("demo", "ghz"), estimated_seconds=3.2),
        job(
            4,
            "bell",
            "ibm_peekskill",
            JobStatus.DONE,
            5,
            shots=1024,
            qpu_seconds=2.1,
            started=ago(minutes=4.8),
            finished=ago(minutes=4.7),
            circuit=BELL_ISA,
            source=BELL,
            timeline=(
                StatusStep(JobStatus.QUEUED, ago(minutes=5)),
                StatusStep(JobStatus.RUNNING, ago(minutes=4.8)),
                StatusStep(JobStatus.DONE, ago(minutes=4.7)),
            ),
        ),
        job(
            3,
            "qft-18",
            "ibm_cusco",
            JobStatus.FAILED,
            12,
            shots=4096,
            reason="The instruction cp on qubits (0, 1) is not supported by the target system.",
            reason_code="1517",
            finished=ago(minutes=11),
        ),
        job(
            2,
            "zz",
            "ibm_fez",
            JobStatus.DONE,
            75,
            program="estimator",
            qpu_seconds=4.0,
            finished=ago(hours=1),
        ),
        job(1, "", "ibm_fez", JobStatus.CANCELLED, 60 * 24 * 3, shots=100, finished=ago(days=3)),
        job(0, "odd", "ibm_fez", JobStatus.UNKNOWN, 60 * 30, status_text="Validating"),
    )


def backends() -> tuple[Backend, ...]:
    """Three backends, one of them paused."""
    return (
        Backend("ibm_peekskill", 27, "online", True, 0, simulated=True, processor="Falcon r8"),
        Backend("ibm_cusco", 127, "online", True, 12, simulated=True, processor="Eagle r3"),
        Backend(
            "ibm_fez", 156, "paused", False, 3, simulated=True, processor="Heron r2", message="calibrating"
        ),
    )


COUNTS = Counts("c", 2, 1024, {"00": 508, "11": 490, "01": 14, "10": 12})
BELL_RESULT = JobResult((PubResult(counts=(COUNTS,), shots=1024),), raw=b'{"results": [{"data": {"c": {}}}]}')
VALUES_RESULT = JobResult(
    (PubResult(values=(ExpectationValue(0.9531, 0.0047, "ZZ"), ExpectationValue(-0.0123, 0.0156, "XI"))),)
)
