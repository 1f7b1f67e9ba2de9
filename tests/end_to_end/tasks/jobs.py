"""Tasks 6, 7, 8 and 10: many jobs at once, a session, results taken away, an old job."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.tasks.terminal_user import TerminalUser

TEN = 10


def ten_jobs(user: TerminalUser, folder: Path) -> None:
    """Ten jobs in a batch: filtered, sorted, three cancelled, tagged; one edited and run; two compared."""
    _open_session(user)
    user.press("f3", "ctrl+o")
    user.see("Open a circuit")
    user.press(*"bell", "enter")
    user.see("checked by Qiskit: 2 qubits, 2 bits")
    with user.busy_device():
        _submit(user, TEN)
        user.press("/", *"status:queued", "enter")
        user.see_jobs("bell", TEN - 1, "◔ queued")
        user.press("s", "up", "enter")
        user.see("QPU s▲")
        user.press("J", "J", "c")
        user.see("Cancel 3 jobs?")
        user.press("tab", "enter")
        user.gone("marked")
        user.press("a", "t")
        user.see("6 jobs")
        user.press(*"+demo", "enter")
        user.wait(lambda screen: screen.count(" demo ") == TEN - 4, "the tags")
    user.press("esc")
    user.gone("marked")
    user.press("/", *["backspace"] * len("status:queued"), *"tag:demo", "enter")
    user.see_jobs("bell", TEN - 4, "✔ done")
    _edit_and_run_again(user)
    user.press("J", "C")
    user.see("[1 Results]", "shot noise")
    user.press("esc")
    user.section("Jobs", "marked")
    _close_session(user, "d")


def _open_session(user: TerminalUser, *mode: str) -> None:
    user.press("f5")
    user.section("Sessions")
    user.press("n")
    user.see("Open a session")
    user.press(*mode, "tab", "tab", "enter")
    user.see("○ open")
    user.press("u")
    user.see("next jobs run here")


def _submit(user: TerminalUser, count: int) -> None:
    for number in range(1, count + 1):
        user.press("f4")
        user.section("Transpile")
        if number == 1:
            user.press("f8")
        user.see("bell for ", "F9 runs it.")
        user.press("f9")
        user.section("Jobs")
        user.see_jobs("bell", number, "◔ queued", "▶ running")


def _edit_and_run_again(user: TerminalUser) -> None:
    user.press("e")
    user.section("Editor", "measure q;")
    user.press("alt+g")
    user.see("Go to line")
    user.press("8", "enter", *"x q[1]; cx q[1], q[0];", "enter", "f9")
    user.section("Transpile", "bell for ", "two-qubit gates           2", "F9 runs it.")
    user.press("f9")
    user.section("Jobs")
    user.wait(lambda screen: "done" in user.cursor_line(), "the end of the edited job")


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


def old_job_offline(user: TerminalUser, folder: Path) -> None:
    """An estimator job of an earlier qdeck, found while no service is there."""
    user.run("qdeck")
    user.see("Sandbox: IBM Quantum")
    user.press("esc")
    user.gone("Sandbox: IBM Quantum")
    user.press("f2")
    user.section("Jobs", "tag:demo")
    user.press("esc")
    user.gone("tag:demo")
    user.press("/", *"primitive:estimator", "enter", "enter")
    user.see("ZZ[0]  +", "XX[1]  +", "Not signed in")
