"""`qdeck show`, `qdeck export` and `qdeck snippet`: jobs in forms for elsewhere."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from tui.commands.jobs.lookup import NamedJobs, named_jobs
from tui.commands.shared.context import waiting_for_service
from tui.commands.shared.output import (
    Exit,
    UsageFault,
    emit_json,
    emit_lines,
    emit_pieces,
    emit_table,
    explain,
    say,
)
from tui.commands.shared.selection import ServiceChoice
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.export.documents import trust_facts
from tui.domain.export.forms import ExportChoice, ExportForm, file_names
from tui.domain.export.snippets import SnippetForm
from tui.domain.jobs import Job
from tui.monitor.actions.export import write_export

T = TypeVar("T")
STDOUT = "-"
SANDBOX = "SANDBOX: what follows was simulated, not run on hardware."


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What `qdeck export` was asked for.

    Attributes:
        job_ids: the jobs, at least one.
        choice: what is written of them.
        output: a file, a folder (it is there, or its name ends in a slash), or `-` for stdout.
        as_json: print what was written as one JSON object.
        offline: ask no service.
    """

    job_ids: tuple[str, ...]
    choice: ExportChoice
    output: str = STDOUT
    as_json: bool = False
    offline: bool = False

    @property
    def is_folder(self) -> bool:
        """True when each job gets a file of its own."""
        return self.output.endswith("/") or (self.output != STDOUT and Path(self.output).is_dir())


def form_of(name: str | None, output: str) -> ExportForm:
    """Return the form asked for, else that of the file's ending, else JSON."""
    endings = {form.suffix: form for form in ExportForm}
    return ExportForm(name) if name else endings.get(Path(output).suffix.lower(), ExportForm.JSON)


async def export_jobs(choice: ServiceChoice, environ: Mapping[str, str], request: ExportRequest) -> Exit:
    """Write jobs to a file, a folder or stdout. The service is asked only for what the history lacks.

    Args:
        choice: the service meant.
        environ: the environment.
        request: what is written, and where.

    Returns:
        The exit status: a failure where a job could not be written; the others are.

    Raises:
        UsageFault: the options do not go together, or the service has to be asked and there is no account.
        QdeckError: there is no such job; one that goes to a file with others has nothing to be written.
    """
    form = request.choice.form
    if not request.is_folder:
        if len(request.job_ids) > 1 and not form.holds_several:
            raise UsageFault(
                f"A file of the form {form} holds one job: name a folder by -o, ending in a slash."
            )
        if request.output == STDOUT and request.as_json:
            raise UsageFault("--json tells which files were written: name one, or a folder, by -o.")
        if request.output == STDOUT and form.binary and sys.stdout.isatty():
            raise UsageFault(f"{form} is no text: name a file by -o.")
    async with named_jobs(choice, environ) as named:
        jobs = await named.find(request.job_ids, offline=request.offline)
        if any(job.service.startswith("sandbox") for job in jobs):
            say(SANDBOX)
        if request.is_folder:
            return await _to_folder(named, choice, request, jobs)
        ids = [job.id for job in jobs]
        ask = partial(named.services.exports.content, ids, request.choice)
        content = await _with_service(named, choice, request.offline, ask)
        if request.output == STDOUT:
            await asyncio.to_thread(emit_pieces, content)
        else:
            file = Path(request.output)
            size = await asyncio.to_thread(write_export, file, content)
            _tell(request, [{"jobs": ids, "file": str(file), "bytes": size}])
    return Exit.DONE


async def _to_folder(
    named: NamedJobs, choice: ServiceChoice, request: ExportRequest, jobs: Sequence[Job]
) -> Exit:
    folder = Path(request.output)
    written: list[dict[str, object]] = []
    status = Exit.DONE
    for job_id, name in file_names(jobs, request.choice.form).items():
        try:
            ask = partial(named.services.exports.content, [job_id], request.choice)
            content = await _with_service(named, choice, request.offline, ask)
            size = await asyncio.to_thread(write_export, folder / name, content)
        except QdeckError as error:
            explain(error)
            status = Exit.FAILED
            written.append({"jobs": [job_id], "file": None, "error": str(error)})
        else:
            written.append({"jobs": [job_id], "file": str(folder / name), "bytes": size})
    _tell(request, written)
    return status


async def _with_service(
    named: NamedJobs, choice: ServiceChoice, offline: bool, ask: Callable[[], Awaitable[T]]
) -> T:
    """Do it with what the history keeps; where that is not enough, sign in and do it again."""
    try:
        return await ask()
    except QdeckError as error:
        if error.kind is not ErrorKind.EXPIRED or offline:
            raise
    await named.sign_in()
    async with waiting_for_service(choice.timeout):
        return await ask()


def _tell(request: ExportRequest, written: Sequence[Mapping[str, object]]) -> None:
    if request.as_json:
        emit_json({"format": request.choice.form.value, "files": list(written)})
        return
    for one in written:
        if one["file"] is not None:
            say(f"Wrote {one['file']}.")


async def show_job(
    choice: ServiceChoice, environ: Mapping[str, str], job_id: str, *, as_json: bool, offline: bool
) -> Exit:
    """Print all facts of a job: where it ran, when, how it was made, what the service measured.

    Args:
        choice: the service meant.
        environ: the environment.
        job_id: the job.
        as_json: print one JSON object, with the circuits and the source.
        offline: ask no service.

    Returns:
        The exit status: a failure where the job failed or was cancelled.

    Raises:
        UsageFault: the service has to be asked, and there is no account.
        QdeckError: there is no such job.
    """
    async with named_jobs(choice, environ) as named:
        (job,) = await named.find([job_id], offline=offline)
        if not job.over and not offline:
            # What the history says of it is soon old.
            await named.sign_in()
            async with waiting_for_service(choice.timeout):
                job = await named.services.jobs.fetch(job_id)
        elif not offline and not (job.circuit or job.options):
            # A list tells nothing of what a job was given: its metrics bring that on the way.
            await named.ask_if_possible()
        details = await named.services.exports.details(job_id)
        job = named.services.jobs.get(job_id) or job
        predictions = named.services.predictions
        details["trust"] = trust_facts(predictions.measured(job_id), predictions.past(job))
        whole = await named.services.jobs.with_texts(job_id) or job
        if not named.asked:
            say("From the history: the service was not asked.")
        if job.service.startswith("sandbox"):
            say(SANDBOX)
        if as_json:
            texts = {"circuit": whole.circuit or None, "source": whole.source or None}
            emit_json({"history": not named.asked, **details, **texts})
        else:
            emit_table(("FACT", "VALUE"), list(_lines(details)))
    return Exit.FAILED if job.over and job.status != "done" else Exit.DONE


def _lines(facts: Mapping[str, object], before: str = "") -> list[tuple[str, str]]:
    """Name and value of each fact that is known, those of a part with its name in front."""
    lines: list[tuple[str, str]] = []
    for name, value in facts.items():
        key = f"{before}{name}"
        if isinstance(value, Mapping):
            lines += _lines(value, f"{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for number, part in enumerate(value, 1):
                lines += _lines(part, f"{key}.{number}.")
        elif isinstance(value, list):
            lines += [(key, " ".join(map(str, value)))] if value else []
        elif value is not None and value != "":
            lines.append((key, {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)))
    return lines


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
        await named.find([job_id])
        text = await _with_service(named, choice, False, lambda: named.services.exports.snippet(job_id, form))
        if as_json:
            emit_json({"job_id": job_id, "form": form.value, "python": text})
        else:
            emit_lines(text.splitlines())
    return Exit.DONE
