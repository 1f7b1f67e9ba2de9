"""Exact repetition of a job: the same program, options and backend, as they were submitted."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.jobs import Primitive, SubmittedJob
from tui.domain.primitives import JobProgram
from tui.domain.submissions import OWN_TAG, Submission
from tui.monitor.actions.jobs import Jobs
from tui.monitor.outbox.context import is_whole
from tui.monitor.state.app_state import AppState
from tui.store.records.models import JobRecord

_EXECUTOR = "executor"


class Replays:
    """Makes of a job the submission that repeats it; what is submitted goes through the outbox as ever."""

    def __init__(self, app_state: AppState, jobs: Jobs) -> None:
        self._app_state = app_state
        self._jobs = jobs

    async def submission(self, job_id: str) -> Submission:
        """Return the submission that repeats a job exactly, as it is sent, but in no session.

        What was submitted from here is taken as it was sent, as long as it is kept; else the service is asked
        for all that the program was given. Neither is read or changed on the way.

        Raises:
            QdeckError: `EXPIRED` when nobody is signed in; `NOT_FOUND` for a job that is not known here;
                `CONFLICT` for a job of another service or instance, and one whose inputs the service does
                not tell; the service did not answer.
        """
        service = self._app_state.connection.need_service()
        record = self._app_state.jobs.record(job_id)
        if record is None:
            raise QdeckError(ErrorKind.NOT_FOUND, f"No job {plain(job_id, limit=60)!r} is known here.")
        job = record.job
        if not self._app_state.connection.shows(job):
            where = f"{plain(job.service, limit=40)}, instance {plain(job.instance, limit=80)}"
            message = f"The job is one of {where}."
            raise QdeckError(ErrorKind.CONFLICT, message, "Sign in there to run it again.")
        kept = self._kept(record)
        if kept is not None:
            return kept
        submitted = await service.submitted(job_id)
        if not submitted.params:
            raise QdeckError(
                ErrorKind.CONFLICT,
                "The service does not tell the inputs of a private job, so it cannot be run again from there."
                if job.private
                else "The service does not tell what the job was given.",
                "Submit it from its source.",
            )
        return await self._of_service(record, submitted)

    def _kept(self, record: JobRecord) -> Submission | None:
        """What was sent from here, with its texts."""
        pending = self._app_state.history.submission(record.own_tag) if record.own_tag else None
        if pending is None:
            return None
        submission = self._app_state.history.submission_with_texts(pending)
        if not is_whole(pending, submission):
            return None
        program = JobProgram.EXECUTOR if record.job.program == _EXECUTOR else JobProgram.LEGACY
        if program is JobProgram.EXECUTOR and not submission.params:
            return None
        return replace(submission, program=program, session_id="", tags=record.job.tags)

    async def _of_service(self, record: JobRecord, submitted: SubmittedJob) -> Submission:
        """The inputs that the service keeps, as they came."""
        job = await self._jobs.with_texts(record.job.id) or record.job
        executor = job.program == _EXECUTOR
        if not executor and job.program not in set(Primitive):
            message = f"Jobs of the program {plain(job.program, limit=60)} are not submitted from here."
            raise QdeckError(ErrorKind.CONFLICT, message)
        circuit = job.circuit or submitted.job.circuit
        if not circuit:
            # It is kept to be looked at; what is sent are the params.
            with contextlib.suppress(QdeckError):
                circuit = (await self._jobs.circuits(job.id))[0]
        primitive = Primitive(job.primitive) if job.primitive in set(Primitive) else Primitive.SAMPLER
        return Submission(
            primitive,
            job.backend,
            circuit or f"// As of job {plain(job.id, limit=80)}.\n",
            shots=submitted.job.shots,
            tags=tuple(tag for tag in job.tags if not OWN_TAG.fullmatch(tag)),
            name=job.name,
            source=job.source,
            observable_labels=job.observables,
            max_seconds=submitted.max_seconds,
            private=job.private,
            transpilation=self._jobs.transpilation(job.id),
            program=JobProgram.EXECUTOR if executor else JobProgram.LEGACY,
            params=submitted.params,
            formula_seconds=record.formula_seconds,
            inputs=job.inputs,
            prediction=record.prediction,
        )
