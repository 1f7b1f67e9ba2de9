"""The screen of each section, imported when it is first shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.monitor.services import AppServices
from tui.screens.jobs.screen import JobsScreen
from tui.screens.workspace import Workspace

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
