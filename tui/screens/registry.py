"""The screen of each section, and the page of a job, imported when they are first shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.common.errors import QdeckError
from tui.monitor.services import AppServices
from tui.monitor.state.events import Severity
from tui.screens.jobs.screen import JobsScreen
from tui.screens.workspace import Workspace
from tui.widgets.chrome.footer import NotifyingApp

if TYPE_CHECKING:
    from tui.screens.drafts import DraftKeeper


def sections(
    services: AppServices, workspace: Workspace, state_folder: Path, drafts: Callable[[], DraftKeeper]
) -> dict[str, Callable[[], Screen[None]]]:
    """List the sections of the app; a screen is imported when it is first shown.

    Returns:
        A maker of the screen for each mode.
    """

    def editor() -> Screen[None]:
        from tui.screens.editor.screen import EditorScreen

        return EditorScreen(services, workspace, drafts())

    def transpile() -> Screen[None]:
        from tui.screens.transpile.screen import TranspileScreen

        return TranspileScreen(services, workspace)

    def sessions() -> Screen[None]:
        from tui.screens.sessions import SessionsScreen

        return SessionsScreen(services, workspace)

    def backends() -> Screen[None]:
        from tui.screens.backends.screen import BackendsScreen

        return BackendsScreen(services, workspace)

    return {
        "jobs": lambda: JobsScreen(services, workspace, state_folder),
        "editor": editor,
        "transpile": transpile,
        "sessions": sessions,
        "backends": backends,
    }


def put_cursor_on(app: NotifyingApp, job_id: str) -> None:
    """Put the cursor of the job table on a job, where the table is shown."""
    if isinstance(app.screen, JobsScreen):
        app.screen.put_cursor_on(job_id)


async def open_job(app: NotifyingApp, services: AppServices, workspace: Workspace, job_id: str) -> bool:
    """Open the page of a job, which is asked for where it is not known here; a failure is a notice.

    Args:
        app: shows it.
        services, workspace: what the page asks, and the circuit at hand.
        job_id: empty: nothing is opened.

    Returns:
        Whether the page is open.
    """
    from tui.screens.jobs.detail import JobScreen

    if not job_id:
        return False
    try:
        if services.jobs.get(job_id) is None:
            await services.jobs.fetch(job_id)
    except QdeckError as error:
        app.show_notice(error.message, Severity.ERROR, advice=error.advice)
        return False
    app.push_screen(JobScreen(services, workspace, job_id))
    return True
