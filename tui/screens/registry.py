"""The screen of each section, imported when it is first shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.screen import Screen

from tui.monitor.api import Deck
from tui.screens.base.workspace import Bench
from tui.screens.jobs.screen import JobsScreen


def sections(deck: Deck, bench: Bench, state_folder: Path) -> dict[str, Callable[[], Screen[None]]]:
    """What makes the screen of each mode."""

    def editor() -> Screen[None]:
        from tui.screens.editor import EditorScreen

        return EditorScreen(deck, bench)

    def transpile() -> Screen[None]:
        from tui.screens.transpile.screen import TranspileScreen

        return TranspileScreen(deck, bench)

    def sessions() -> Screen[None]:
        from tui.screens.sessions import SessionsScreen

        return SessionsScreen(deck, bench)

    def backends() -> Screen[None]:
        from tui.screens.backends import BackendsScreen

        return BackendsScreen(deck, bench)

    return {
        "jobs": lambda: JobsScreen(deck, bench, state_folder),
        "editor": editor,
        "transpile": transpile,
        "sessions": sessions,
        "backends": backends,
    }
