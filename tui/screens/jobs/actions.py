"""What the job table and the job view both do to a job: cancel it, tag it, take its result to a file."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from tui.common.errors import ErrorKind, QdeckError
from tui.common.sanitize import shorten
from tui.domain.jobs import Job
from tui.domain.submissions import MAX_TAG_LENGTH, MAX_TAGS
from tui.monitor.state.events import Severity
from tui.screens.base.section import SectionScreen
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.prompt import Prompt
from tui.screens.jobs.export import exported, suggested_name
from tui.screens.jobs.tag_completion import TagSuggester
from tui.widgets.forms.inputs import tags_of_jobs
from tui.widgets.text.format import short_id


def call_it(job: Job) -> str:
    """What a job is called in a sentence: its name, else its id."""
    return shorten(job.name, 40) if job.name else short_id(job.id, 24)


async def ask_cancel(screen: SectionScreen, job: Job) -> None:
    """Ask, then cancel on the service.

    Raises:
        QdeckError: the service refused or was not reached.
    """
    if job.status.final:
        screen.shell.tell(f"{call_it(job)} is already {job.status}: there is nothing to cancel.")
        return
    sure = await screen.app.push_screen_wait(
        Confirm(
            f"Cancel {call_it(job)}?",
            f"The job {short_id(job.id, 40)} on {shorten(job.backend, 40)} is {job.status}. "
            "What it has measured so far is lost; QPU time it has used is charged.",
            "Cancel the job",
            keep="Keep it",
        )
    )
    if sure:
        await screen.services.jobs.cancel(job.id)
        screen.shell.tell(f"Asked the service to cancel {call_it(job)}.")


async def ask_delete(screen: SectionScreen, job: Job) -> bool:
    """Ask, then delete on the service and here; whether it is gone.

    Raises:
        QdeckError: the service refused or was not reached.
    """
    if screen.services.account.identity is None:
        screen.shell.tell(
            "Not signed in: a job is deleted on its service too. F7 signs in.", Severity.WARNING
        )
        return False
    if not job.over:
        screen.shell.tell(
            f"{call_it(job)} is {job.status}: only a job that is over can be deleted. c cancels it.",
            Severity.WARNING,
        )
        return False
    sure = await screen.app.push_screen_wait(
        Confirm(
            f"Delete {call_it(job)}?",
            f"The job {short_id(job.id, 40)} on {shorten(job.backend, 40)} and its result are deleted, here "
            "and on the service. They cannot be brought back.",
            "Delete the job",
            keep="Keep it",
        )
    )
    if not sure:
        return False
    await screen.services.jobs.delete(job.id)
    screen.shell.tell(f"Deleted {call_it(job)}.")
    return True


async def tag_suggester(screen: SectionScreen) -> TagSuggester:
    """Completes tags: those of the newest jobs first, then those the service finds."""
    known = await asyncio.to_thread(tags_of_jobs, screen.services.jobs.all())
    return TagSuggester(known, screen.services.jobs.tags_like, screen.clock)


def tags_of(text: str) -> tuple[str, ...]:
    """Tags from a line of text, separated by commas, each once."""
    return tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))


def wrong_tags(text: str) -> str:
    """What is wrong with a line of tags; empty: nothing."""
    tags = tags_of(text)
    if len(tags) > MAX_TAGS:
        return f"{len(tags)} tags are too many: the service keeps at most {MAX_TAGS}."
    longest = max(tags, key=len, default="")
    if len(longest) > MAX_TAG_LENGTH:
        return f"The tag “{longest[:20]}…” has {len(longest)} characters; at most {MAX_TAG_LENGTH} are kept."
    return ""


async def ask_tags(screen: SectionScreen, job: Job) -> None:
    """Ask for the tags, then replace them on the service.

    Raises:
        QdeckError: the service refused or was not reached.
    """
    before = ", ".join(job.tags)
    text = await screen.app.push_screen_wait(
        Prompt(
            f"Tags of {call_it(job)}",
            before,
            "Separated by commas; an empty line takes all away.",
            wrong_tags,
            suggester=await tag_suggester(screen),
        )
    )
    if text is not None and text != before and tags_of(text) != job.tags:
        await screen.services.jobs.set_tags(job.id, tags_of(text))


async def ask_export(screen: SectionScreen, job: Job) -> None:
    """Ask for a file name and write the job and its result as JSON there; asks before it replaces a file.

    Raises:
        QdeckError: the result is not to be had, or the file cannot be written.
    """
    body = await exported(screen.services, job)
    name = suggested_name(job)
    while True:
        text = await screen.app.push_screen_wait(
            Prompt(
                "Export the result as JSON",
                name,
                "A file; relative to the folder qdeck was started in.",
                _wrong_file,
            )
        )
        if text is None:
            return
        name = text.strip()
        path = Path(name).expanduser()
        replace: bool | None = False
        if await asyncio.to_thread(path.exists):
            replace = await screen.app.push_screen_wait(
                Confirm(f"Replace {path.name}?", f"{path} exists already.", "Replace it", keep="Other name")
            )
            if replace is None:
                return
            if not replace:
                continue
        break
    try:
        await asyncio.to_thread(_write, path, body, bool(replace))
    except OSError as error:
        raise QdeckError(
            ErrorKind.STORAGE,
            f"{path} could not be written: {error.strerror or error}.",
            "Choose another file with x.",
        ) from error
    screen.shell.tell(f"Written to {path}.", Severity.INFORMATION)


async def ask_edit(screen: SectionScreen, job: Job) -> None:
    """Put the job's circuit on the bench and go to the editor; asks before unsaved changes are lost."""
    whole = await screen.services.jobs.with_texts(job.id) or job
    text = whole.source or whole.circuit
    if not text:
        # The service may still have it.
        with contextlib.suppress(QdeckError):
            text = (await screen.services.jobs.circuits(job.id))[0]
    if not text:
        screen.shell.tell("The circuit of this job is not known here.", Severity.WARNING)
        return
    workspace = screen.workspace
    if workspace.dirty and workspace.qasm.strip():
        sure = await screen.app.push_screen_wait(
            Confirm(
                "Replace what is in the editor?",
                f"{shorten(workspace.name, 40)} has changes that are in no file.",
                "Replace it",
                keep="Keep it",
            )
        )
        if not sure:
            return
    workspace.name = job.name or "untitled"
    workspace.qasm = workspace.saved = text
    workspace.path = None
    workspace.candidate = None
    workspace.candidate_source = ""
    screen.shell.go("editor")


def _wrong_file(text: str) -> str:
    name = text.strip()
    if not name:
        return "Write a file name."
    return f"{name} is a folder: add a file name." if Path(name).expanduser().is_dir() else ""


def _write(path: Path, body: bytes, replace: bool) -> None:
    # "x" refuses a file that appeared while the dialog was open.
    with path.open("wb" if replace else "xb") as file:
        file.write(body)
