"""Jobs to files, to a folder, or to the terminal's clipboard, by one dialog."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.export.forms import ExportChoice, file_names, workload_link
from tui.domain.jobs import Job
from tui.monitor.actions.export import write_export
from tui.monitor.services import AppServices
from tui.screens.base import SectionScreen
from tui.screens.dialogs.export import ID, LINK, ExportAnswer, ExportDialog, Target
from tui.screens.jobs.bulk_actions import BulkAction

MOST_CLIPBOARD: Final = 74_000
"""Bytes sent to the clipboard: as base64 they are the most that terminals take (xterm, tmux: 100,000)."""


async def ask_export(
    screen: SectionScreen, jobs: Sequence[Job], note: str = "", *, clipboard: bool = False
) -> BulkAction | None:
    """Ask what to take away of jobs and where to, and take it.

    Args:
        screen: the screen that asks.
        jobs: at least one.
        note: what is to be known of them, in a sentence.
        clipboard: offer the id on the clipboard first.

    Returns:
        What is left to do, one job after the other; `None`: nothing.

    Raises:
        QdeckError: what is needed is not to be had, or cannot be written.
    """
    folder = f"qdeck-{screen.clock.now().astimezone():%Y-%m-%d}"
    what = ID if clipboard else "json"
    dialog = ExportDialog(jobs, folder, note, what=what, target=Target.CLIPBOARD if clipboard else None)
    answer = await screen.app.push_screen_wait(dialog)
    if answer is None:
        return None
    if answer.target is Target.CLIPBOARD:
        screen.shell.send_to_clipboard(await clipboard_text(screen.services, jobs, answer))
        return None
    choice, path = answer.choice, answer.path
    if choice is None or path is None:
        return None
    if answer.target is Target.FOLDER:
        return _to_folder(screen.services, jobs, choice, path, replace=answer.replace)
    content = await screen.services.exports.content([job.id for job in jobs], choice)
    await asyncio.to_thread(write_export, path, content, replace=answer.replace)
    screen.shell.show_notice(f"Written to {path}.")
    return None


async def clipboard_text(services: AppServices, jobs: Sequence[Job], answer: ExportAnswer) -> str:
    """Return what is sent to the clipboard.

    Raises:
        QdeckError: `CONFLICT`: there is nothing of the kind; `TOO_LARGE`: terminals would not take it.
    """
    if answer.what == ID:
        return "\n".join(job.id for job in jobs)
    if answer.what == LINK:
        links = [link for job in jobs if (link := workload_link(job))]
        if not links:
            message = "Only jobs of IBM Quantum Platform have a page with an address."
            raise QdeckError(ErrorKind.CONFLICT, message)
        return "\n".join(links)
    assert answer.choice is not None
    content = await services.exports.content([job.id for job in jobs], answer.choice)
    whole = await asyncio.to_thread(b"".join, content)
    if len(whole) > MOST_CLIPBOARD:
        raise QdeckError(
            ErrorKind.TOO_LARGE,
            f"{len(whole):,} bytes are more than terminals take for their clipboard ({MOST_CLIPBOARD:,}).",
            "Write them to a file.",
        )
    return whole.decode("utf-8", "replace")


def _to_folder(
    services: AppServices, jobs: Sequence[Job], choice: ExportChoice, folder: Path, *, replace: bool
) -> BulkAction:
    names = file_names(jobs, choice.form)

    async def export(job: Job) -> None:
        content = await services.exports.content([job.id], choice)
        await asyncio.to_thread(write_export, folder / names[job.id], content, replace=replace)

    return BulkAction(tuple(jobs), "exporting", f"Written to {folder}:", export)
