"""What to think of before qdeck is left: what would burn on, and what would be lost."""

from __future__ import annotations

from typing import Any

from textual.app import App

from tui.common.clock import Clock
from tui.common.sanitize import shorten
from tui.monitor.services import AppServices
from tui.screens.base.workspace import Workspace
from tui.widgets.text.format import open_sessions


async def may_leave(app: App[Any], services: AppServices, workspace: Workspace, clock: Clock) -> bool:
    """Whether to leave: asks the user when sessions are open, or changes are in no file. In a worker."""
    from tui.screens.dialogs.confirm import Confirm
    from tui.screens.dialogs.quit_sessions import LeaveSessions

    unsaved = _unsaved(workspace)
    sure: bool | None = True
    if open_sessions(services):
        sure = await app.push_screen_wait(LeaveSessions(services, clock, unsaved))
    elif unsaved:
        sure = await app.push_screen_wait(Confirm("Leave qdeck?", unsaved, "Leave", keep="Stay"))
    return bool(sure)


def _unsaved(workspace: Workspace) -> str:
    """What changes are in no file, in a sentence; empty: none."""
    if not workspace.dirty or not workspace.qasm.strip():
        return ""
    return f"{shorten(workspace.name, 40)} has changes that are in no file. F3, then ^s saves."
