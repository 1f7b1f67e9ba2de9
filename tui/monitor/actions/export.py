"""Jobs as files and texts for elsewhere: what is needed of them is fetched, then written in one form."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tui.common.atomic_file import make_folder, replace_file
from tui.common.bounded_read import mode_of
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.compiler.client import Compiler
from tui.domain.devices.chip_layout import chip_layout
from tui.domain.export.documents import job_details, json_bytes, result_document
from tui.domain.export.forms import ExportChoice, ExportForm, PictureKind, TableKind
from tui.domain.export.pictures import (
    Picture,
    histogram_picture,
    map_picture,
    sweep_picture,
    timing_picture,
)
from tui.domain.export.snippets import SnippetForm, snippet
from tui.domain.export.tables import Shots, Table, csv_bytes, joined, joint_result, result_table
from tui.domain.jobs import Job, JobStatus
from tui.domain.pubs.inputs import decode_inputs
from tui.domain.results import JobResult
from tui.ibm.results.decoder import decode_shots
from tui.monitor.actions.jobs import Jobs
from tui.monitor.polling.account_pollers import BackendsPoller

_MOST_SHOTS: Final = 2_000_000
"""Shots, times registers, of a job that are written one by one."""


class Exports:
    """Writes jobs in the forms in which they leave qdeck. Nothing on the service changes."""

    def __init__(self, jobs: Jobs, compiler: Compiler, backends: BackendsPoller) -> None:
        self._jobs = jobs
        self._compiler = compiler
        self._backends = backends

    async def content(self, job_ids: Sequence[str], choice: ExportChoice) -> Iterable[bytes]:
        """Write jobs as one file.

        Args:
            job_ids: at least one job; several only in a form that holds several.
            choice: what is written of them.

        Returns:
            The file in pieces, to be gone through once, outside of the event loop.

        Raises:
            QdeckError: `NOT_FOUND` for a job that is not known here; `CONFLICT` where a job has nothing to be
                written in this form; what is needed of it is not to be had.
        """
        if len(job_ids) > 1 and not choice.form.holds_several:
            raise QdeckError(
                ErrorKind.CONFLICT,
                f"A file of the form {choice.form} holds one job.",
                "Write them to a folder.",
            )
        match choice.form:
            case ExportForm.JSON:
                documents = [await self.document(job_id) for job_id in job_ids]
                whole = documents[0] if len(documents) == 1 else {"jobs": documents}
                return (await asyncio.to_thread(json_bytes, whole),)
            case ExportForm.CSV:
                tables = [(job_id, await self._table(job_id, choice.table)) for job_id in job_ids]
                return csv_bytes(tables[0][1] if len(tables) == 1 else joined(tables))
            case ExportForm.PYTHON:
                return ((await self.snippet(job_ids[0], choice.snippet)).encode(),)
            case ExportForm.QASM:
                return (_qasm(await self._jobs.circuits(job_ids[0])).encode("utf-8", "backslashreplace"),)
            case ExportForm.QPY:
                return (await self._qpy(job_ids),)
            case ExportForm.SVG | ExportForm.PNG:
                picture = await self._picture(job_ids, choice.picture)
                return (await self._compiler.plot(picture, choice.form.value),)

    async def document(self, job_id: str) -> dict[str, object]:
        """Return all that is known of a job as plain JSON values, with its result where it is done.

        Raises:
            QdeckError: as by `content`. Circuits and metrics that cannot be had are left out.
        """
        job = await self._job(job_id)
        result = await self._result(job) if job.status is JobStatus.DONE else None
        circuits: tuple[str, ...] = ()
        with contextlib.suppress(QdeckError):
            circuits = await self._jobs.circuits(job_id)
        details = await self.details(job_id)
        job = await self._job(job_id)
        return await asyncio.to_thread(result_document, job, result, circuits, details)

    async def details(self, job_id: str) -> dict[str, object]:
        """Return the facts of a job, its metrics and how it was transpiled, as plain JSON values.

        Raises:
            QdeckError: `NOT_FOUND` for a job that is not known here.
        """
        metrics = None
        with contextlib.suppress(QdeckError):
            metrics = await self._jobs.metrics(job_id)
        return job_details(await self._job(job_id), metrics, self._jobs.transpilation(job_id))

    async def snippet(self, job_id: str, form: SnippetForm) -> str:
        """Write Python for IBM's client about a job; no token is in it.

        Returns:
            The program.

        Raises:
            QdeckError: `NOT_FOUND` for a job that is not known here, `CONFLICT` where there is no such
                program for it, or its circuit is not to be had.
        """
        job = await self._job(job_id)
        if form is not SnippetForm.CIRCUIT:
            return snippet(job, form)
        circuits = await self._jobs.circuits(job_id)
        # They may have come just now.
        job = await self._job(job_id)
        return snippet(job, form, circuits, decode_inputs(job.inputs), self._jobs.transpilation(job_id))

    async def joint(self, job_id: str) -> JobResult:
        """Return the result of a sampler with the counts of all registers of a shot together.

        Raises:
            QdeckError: as by `content`; `CONFLICT` where the shots are not kept, or are too many.
        """
        result = await self._result(await self._job(job_id))
        return await asyncio.to_thread(joint_result, result, await _shots(result))

    async def _job(self, job_id: str) -> Job:
        job = await self._jobs.with_texts(job_id)
        if job is None:
            raise QdeckError(ErrorKind.NOT_FOUND, f"No job {plain(job_id, limit=60)!r} is known here.")
        return job

    async def _result(self, job: Job) -> JobResult:
        if job.status is not JobStatus.DONE:
            name = plain(job.name or job.id, limit=60)
            raise QdeckError(ErrorKind.CONFLICT, f"{name} has no result: it is {job.status}.")
        result = await self._jobs.result(job.id)
        if result.dry_run:
            raise QdeckError(ErrorKind.CONFLICT, f"There is no data to export. {result.note}")
        return result

    async def _table(self, job_id: str, kind: TableKind | None) -> Table:
        result = await self._result(await self._job(job_id))
        if kind is not TableKind.SHOTS:
            return result_table(result, kind)
        return result_table(result, kind, await _shots(result))

    async def _qpy(self, job_ids: Sequence[str]) -> bytes:
        programs: list[str] = []
        names: list[str] = []
        for job_id in job_ids:
            circuits = await self._jobs.circuits(job_id)
            job = await self._job(job_id)
            programs += circuits
            name = plain(job.name or job.id, limit=80)
            names += [name if len(circuits) == 1 else f"{name} {n}" for n in range(1, len(circuits) + 1)]
        return await self._compiler.encode_qpy(tuple(programs), tuple(names))

    async def _picture(self, job_ids: Sequence[str], kind: PictureKind | None) -> Picture:
        jobs = [await self._job(job_id) for job_id in job_ids]
        if kind is PictureKind.TIMING:
            for job in jobs:
                with contextlib.suppress(QdeckError):
                    # They may tell when it began to run.
                    await self._jobs.metrics(job.id)
            return timing_picture([await self._job(job_id) for job_id in job_ids])
        if kind is PictureKind.MAP:
            return await self._map(_only(jobs, kind))
        results = [(job, await self._result(job)) for job in jobs]
        swept = any(pub.sweep is not None and pub.sweep.shape for pub in results[0][1].pubs)
        if kind is PictureKind.SWEEP or (kind is None and swept and len(jobs) == 1):
            return sweep_picture(_only(jobs, PictureKind.SWEEP), results[0][1])
        return await asyncio.to_thread(histogram_picture, results)

    async def _map(self, job: Job) -> Picture:
        made = self._jobs.transpilation(job.id)
        calibration = await self._backends.calibration(job.backend)
        couplers = [coupler.qubits for coupler in calibration.couplers]
        places = chip_layout(len(calibration.qubits), couplers, calibration.coordinates)
        return map_picture(job, made, places, couplers)


async def _shots(result: JobResult) -> Shots:
    """Return the bits of each shot, from the body as the service sent it."""
    shots = sum(counts.shots for pub in result.pubs for counts in pub.counts)
    if shots > _MOST_SHOTS:
        raise QdeckError(
            ErrorKind.CONFLICT,
            f"{shots:,} shots are too many to be read one by one: up to {_MOST_SHOTS:,}.",
            "Take the counts, or JSON, which has the service's own answer.",
        )
    if not result.raw:
        message = "Of this result the counts are kept, and not the shots: it was too large."
        raise QdeckError(ErrorKind.CONFLICT, message)
    try:
        return await asyncio.to_thread(decode_shots, result.raw)
    except ValueError as error:
        raise QdeckError(ErrorKind.CONFLICT, f"The shots cannot be read: {error}.") from error


def _only(jobs: Sequence[Job], kind: PictureKind) -> Job:
    if len(jobs) > 1:
        message = f"A picture of the kind {kind} shows one job."
        raise QdeckError(ErrorKind.CONFLICT, message, "Write one file for each job.")
    return jobs[0]


def _qasm(circuits: Sequence[str]) -> str:
    """The only circuit as it is; OpenQASM has no form for several."""
    if len(circuits) > 1:
        raise QdeckError(
            ErrorKind.CONFLICT,
            f"The job has {len(circuits):,} circuits, and a file of OpenQASM holds one.",
            "Take QPY, or JSON.",
        )
    return circuits[0] if circuits[0].endswith("\n") else circuits[0] + "\n"


def write_export(file: Path, content: Iterable[bytes], *, replace: bool = True) -> int:
    """Write an export whole or not at all, with the folders above it; blocks.

    Args:
        file: its place; of a symbolic link the file it points to is written.
        content: in pieces.
        replace: let it take the place of a file that is there.

    Returns:
        The bytes written.

    Raises:
        QdeckError: `STORAGE`: it cannot be written, and what was there is as it was.
    """
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in content:
            size += len(piece)
            yield piece

    name = plain(str(file), limit=300)
    try:
        target = file.resolve()
        mode = mode_of(target)
        if mode and (not replace or not stat.S_ISREG(mode)):
            why = "is there already" if stat.S_ISREG(mode) else "is no regular file"
            raise QdeckError(ErrorKind.STORAGE, f"{name} {why}.", "Choose another name.")
        make_folder(target.parent, mode=0o755)
        replace_file(target, counted(), mode=0o644, keep_mode=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"{name} could not be written: {reason}."
        raise QdeckError(ErrorKind.STORAGE, message, "Choose another place.") from error
    return size
