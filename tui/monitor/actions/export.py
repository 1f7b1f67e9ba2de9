"""Jobs as files and texts for elsewhere: what is needed of them is fetched, then written in one form."""

from __future__ import annotations

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.export.snippets import SnippetForm, snippet
from tui.domain.jobs import Job
from tui.domain.pubs.inputs import decode_inputs
from tui.monitor.actions.jobs import Jobs


class Exports:
    """Writes jobs in the forms in which they leave qdeck. Nothing on the service changes."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

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

    async def _job(self, job_id: str) -> Job:
        job = await self._jobs.with_texts(job_id)
        if job is None:
            raise QdeckError(ErrorKind.NOT_FOUND, f"No job {plain(job_id, limit=60)!r} is known here.")
        return job
