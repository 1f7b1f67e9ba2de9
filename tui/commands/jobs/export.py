"""`qdeck snippet`: jobs in forms for elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from tui.commands.jobs.lookup import named_jobs
from tui.commands.shared.context import waiting_for_service
from tui.commands.shared.output import Exit, emit_json, emit_lines
from tui.commands.shared.selection import ServiceChoice
from tui.domain.export.snippets import SnippetForm


async def print_snippet(
    choice: ServiceChoice, environ: Mapping[str, str], job_id: str, form: SnippetForm, *, as_json: bool
) -> Exit:
    """Print Python for IBM's client about a job; the service is asked only for what the history lacks.

    Args:
        choice: the service meant.
        environ: the environment.
        job_id: the job.
        form: what the program does.
        as_json: print one JSON object, with the program as a member.

    Returns:
        The exit status.

    Raises:
        UsageFault: the service has to be asked, and there is no account.
        QdeckError: there is no such job, or no such program for it.
    """
    async with named_jobs(choice, environ) as named:
        (job,) = await named.find([job_id])
        if form is SnippetForm.CIRCUIT and not job.circuit:
            await named.sign_in()
        async with waiting_for_service(choice.timeout):
            text = await named.services.exports.snippet(job_id, form)
        if as_json:
            emit_json({"job_id": job_id, "form": form.value, "python": text})
        else:
            emit_lines(text.splitlines())
    return Exit.DONE
