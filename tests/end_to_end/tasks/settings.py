"""Tasks 9 and 11 to 14: devices, usage, settings, the terminal itself, accounts."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.conftest import Sandbox
from tests.end_to_end.tasks.terminal_user import PROMPT, TerminalUser


def best_qubits(user: TerminalUser, folder: Path) -> None:
    """The qubits of ibm_fez with the smallest readout error."""
    user.press("f6")
    user.section("Backends", "ibm_fez")
    user.press("down", "down", "2")
    user.see("156", "QUBIT▲")
    user.press("s", "home")
    screen = user.see("READ %▲")
    rows = [row.split() for row in screen.splitlines()]
    errors = [float(row[-9]) for row in rows if len(row) > 9 and row[-8] == "a"]
    assert errors == sorted(errors)


def usage_read(user: TerminalUser, folder: Path) -> None:
    """What the instance has used, and what is left."""
    user.press("f7")
    user.see("usage ", "QPU left", "so far ")
    user.press("esc")
    user.gone("Account")


def help_theme_setting(user: TerminalUser, folder: Path) -> None:
    """The keys looked up; another theme; warnings of idle sessions after nine minutes."""
    user.press("f1")
    user.see("Keys")
    user.press("esc")
    user.gone("Keys")
    user.press("ctrl+p")
    user.see("Search for commands")
    user.press(*"theme", "enter")
    user.see("Search for themes")
    user.press(*"nord", "enter")
    user.gone("nord")
    user.press("f2")
    user.section("Jobs")
    user.press(",")
    user.see("Settings")
    user.press("down", "down", "down", "down", "enter")
    user.see("0 for no warning")
    user.press("backspace", "9", "enter")
    user.see("9 ", "settings.toml")
    user.press("esc")
    user.gone("Settings")
    assert "session_idle_minutes = 9" in (folder / "qdeck" / "config" / "settings.toml").read_text()


def resized_suspended_pasted(user: TerminalUser, folder: Path) -> None:
    """The terminal made smaller and larger; to the shell and back; a text pasted into the job table."""
    columns, rows = user.size
    user.resize(100, 30)
    user.see("enter Open")
    user.resize(columns, rows)
    user.see("enter Open")
    before = user.cursor_line()
    user.paste("cDRtq\n")
    user.press("ctrl+z")
    user.see(PROMPT, "Stopped")
    user.run("fg")
    user.section("Jobs", "enter Open")
    assert user.cursor_line()[:40] == before[:40]


def left(user: TerminalUser, folder: Path) -> None:
    """Back to the shell."""
    user.press("ctrl+q")
    user.see("Leave qdeck?")
    user.press("tab", "enter")
    user.see(PROMPT)


def accounts_switched(user: TerminalUser, sandbox: Sandbox) -> None:
    """A wrong token refused, the right one taken, then an account of the classic service."""
    user.run("qdeck")
    user.see("Service ", "Token ")
    user.press("tab", "tab")
    user.type("wrong-token")
    user.press("tab")
    user.paste(str(sandbox.info["crn"]))
    user.press("enter")
    user.see("API key could not be found")
    user.press("shift+tab", "end", "ctrl+u")
    user.paste(str(sandbox.info["api_key"]))
    user.press("enter")
    user.gone("Token ")
    user.section("Jobs", "live")
    user.press("f7")
    user.see("Account", "a another account")
    user.press("a")
    user.see("Sign in with another account")
    user.press("tab", "enter", *"classic", "enter", "tab")
    user.paste(str(sandbox.info["api_token"]))
    user.press("tab")
    user.paste(str(sandbox.info["instance"]))
    user.press("enter")
    user.gone("Sign in with another account")
    user.press("f7")
    user.see("Account", "typed in, classic", str(sandbox.info["instance"]))
