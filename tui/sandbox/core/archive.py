"""Archived instance: jobs of the past that can be read, on a device that is retired; nothing new is accepted.

The jobs are really run, on the recorded calibration of the device, when a sandbox first has an archive.
"""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.sandbox.base.errors import ApiError
from tui.sandbox.core import devices
from tui.sandbox.core.engine import EnginePort
from tui.sandbox.db.database import SandboxDatabase
from tui.sandbox.db.models import Face, Job, new_id
from tui.sandbox.simulator.base.values import RunOutcome

_FIRST = datetime(2025, 11, 18, 9, 30, tzinfo=UTC)
_WAITED = timedelta(minutes=14)
_BELL = (
    'OPENQASM 3.0; include "stdgates.inc"; gate ecr a, b { s a; sx b; cx a, b; x a; } bit[2] c;'
    " rz(pi/2) $62; sx $62; rz(-pi) $72; sx $72; rz(-pi) $72; ecr $62, $72; x $62;"
    " c[0] = measure $62; c[1] = measure $72;"
)
# The same circuit as base64 of compressed QPY, version 13.
_BELL_QPY = (
    "eNql1GdPAkEQgOFbBMHee++994pdsAvYK5xgw4KCvfw1/5bxg4K8Rw6iUeMkd8/eZjazt8nsotk6bbYlaKI1UjDEuUfSuiSDf/js"
    "f5RpjWocE3g5nG4339L9o0d85gvhkcJDqNYHIgq1qMNo1KNBXcsfsRiH8ZiAiZiEyZiCqZiG6ZiBmZiF2ZiDuZiH+ViAhViExViC"
    "pViG5ViBlViF1ViDtViH9diAjdiEzdiCrdiG7diBndiF3diDvdiH/TiAg2jEIRzGERzFMRzHCZxEE5pxCqdxBmdxDudxARfRgla0"
    "4RIu4wqu4hqu4wZu4hZu4w7uoh0dKOMeOtGF+3iAh3iEx6j03gme4hmeo9KPF3iJXvThFV7jDd7indLq+ICP+CSLzy4XQv7mBgj2"
    "uAibCQ/L+qTd6wzseFA5DkN2w5jtreTVGLogvltsXQ0t/kMhU0ShmJc/FDL9r5A+4mqMjPFRS+iXguV0P2xNdQR6VepX6bNO+6Xv"
    "Ipgsh928v1hhksl5V4WS9wHgPVqX"
)
_NEWER = 99
_FILLED = "archive_filled"


def check_not_archived(face: Face) -> None:
    """Accept something new in an instance.

    Raises:
        ApiError: 403 when the instance is archived.
    """
    if face == "archive":
        message = "The instance is archived: its jobs and results can be read, but nothing new is accepted."
        raise ApiError(403, 1200, message, "Use another instance.")


@dataclass(frozen=True, slots=True)
class _Past:
    """A job of the archive: what it is kept with, and what is run for its result where that differs."""

    program_id: str
    kept: Mapping[str, Any]
    run: Mapping[str, Any] | None = None
    tags: tuple[str, ...] = ()


class Archive:
    """The jobs of the archived instance.

    Args:
        database: where they are kept.
        engine: runs them.
    """

    def __init__(self, database: SandboxDatabase, engine: EnginePort) -> None:
        self._database = database
        self._engine = engine
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to run and keep the jobs, unless that has been done."""
        if self._database.setting(_FILLED) is None:
            self._task = asyncio.create_task(self._fill(), name="sandbox-archive")

    async def stop(self) -> None:
        """Stop; what is not done is done at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _fill(self) -> None:
        jobs = [
            await self._run(past, _FIRST + number * timedelta(days=3)) for number, past in enumerate(_jobs())
        ]
        for past, job, outcome in jobs:
            self._database.jobs.insert(
                job, params=json.dumps(past.kept), result=outcome.result, logs=outcome.logs
            )
        self._database.set_setting(_FILLED, "yes")

    async def _run(self, past: _Past, created: datetime) -> tuple[_Past, Job, RunOutcome]:
        outcome = await self._engine.run(
            past.program_id, past.run or past.kept, devices.device(devices.RETIRED), seed=created.day
        )
        running = created + _WAITED
        job = Job(
            id=new_id(),
            face="archive",
            program_id=past.program_id,
            backend=devices.RETIRED,
            created=created,
            status=outcome.status,
            running=running,
            finished=running + timedelta(seconds=outcome.qpu_seconds),
            tags=past.tags,
            qpu_seconds=outcome.qpu_seconds,
            execution_ns=outcome.execution_ns,
            circuits=outcome.circuits,
            shots=outcome.shots or 0,
            reason=outcome.reason or "",
            reason_code=outcome.reason_code,
        )
        return past, job, outcome


def _jobs() -> list[_Past]:
    members = {"version": 2, "support_qiskit": True, "options": {"default_shots": 1024}}
    program = {
        "shots": 512,
        "circuits": {"b64_data": _BELL_QPY, "qpy_version": 13, "num_programs": 1},
        "items": [{"item_type": "circuit", "circuit_arguments": _no_arguments(), "shape": []}],
    }
    return [
        _Past("sampler", {**members, "pubs": [[_BELL, None, None]]}, tags=("archived",)),
        _Past(
            "sampler",
            {**members, "pubs": [[_typed(_newer_qpy()), None, None]]},
            {**members, "pubs": [[_BELL, None, None]]},
            ("archived", "newer-qpy"),
        ),
        _Past(
            "executor",
            {"schema_version": "v2.0", "quantum_program": program, "options": {}},
            tags=("archived",),
        ),
    ]


def _typed(qpy: str) -> dict[str, str]:
    return {"__type__": "QuantumCircuit", "__value__": qpy}


def _no_arguments() -> dict[str, Any]:
    return {"data": base64.b64encode(zlib.compress(b"")).decode(), "shape": [0], "dtype": "f64"}


def _newer_qpy() -> str:
    """The circuit under a version of QPY that no Qiskit of today reads."""
    data = bytearray(zlib.decompress(base64.b64decode(_BELL_QPY)))
    data[len(b"QISKIT")] = _NEWER
    return base64.b64encode(zlib.compress(bytes(data))).decode()
