"""Tasks 7 and 8: a session, results taken away."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.tasks.terminal_user import TerminalUser


def _open_session(user: TerminalUser, *mode: str) -> None:
    user.press("f5")
    user.section("Sessions")
    user.press("n")
    user.see("Open a session")
    user.press(*mode, "tab", "tab", "enter")
    user.see("○ open")
    user.press("u")
    user.see("next jobs run here")


def _close_session(user: TerminalUser, key: str) -> None:
    user.press("f5")
    user.section("Sessions")
    user.press(key)
    user.see("?")
    user.press("tab", "enter")
    user.see("closed")


def session_used(user: TerminalUser, folder: Path) -> None:
    """A dedicated session opened, a job run in it, the session closed."""
    _open_session(user, "enter", "d", "enter")
    user.press("f4")
    user.section("Transpile", "F9 runs it.")
    user.press("f9")
    user.see("It runs in a dedicated session")
    user.press("tab", "enter")
    user.section("Jobs")
    user.wait(lambda screen: "done" in user.cursor_line(), "the end of the job")
    _close_session(user, "c")


def taken_away(user: TerminalUser, folder: Path) -> None:
    """A job's counts as CSV, its histogram as PNG, and Python that reads it."""
    user.press("f2")
    user.section("Jobs")
    for what, ending in (("counts, as", "csv"), ("histogram, as P", "png"), ("Python", "py")):
        user.press("x")
        user.see("Take away")
        user.press("shift+tab", "shift+tab", "enter", *what, "enter")
        user.see(f".{ending}")
        user.press("tab", "tab", "enter")
        user.see("Written to", f".{ending}.")
        (written,) = folder.glob(f"*.{ending}")
        assert written.stat().st_size > 50
        user.gone("Take away")
