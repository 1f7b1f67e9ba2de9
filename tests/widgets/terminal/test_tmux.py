"""Whether tmux lets the clipboard through, as a tmux says that answers for the real one, and the real one."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tui.widgets.terminal.tmux import clipboard_warning


def answering(folder: Path, clipboard: str, passthrough: str | None) -> dict[str, str]:
    """An environment whose tmux has these options; `None`: it does not know the option."""
    tmux = folder / "tmux"
    unknown = "exit 1" if passthrough is None else f"echo {passthrough}"
    tmux.write_text(f"#!/bin/sh\ncase $* in *set-clipboard*) echo {clipboard};; *) {unknown};; esac\n")
    tmux.chmod(0o755)
    return {"TMUX": "/tmp/tmux,1,0", "PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("clipboard", "passthrough", "warned"),
    [
        ("on", "off", False),
        ("external", "off", True),
        ("off", "off", True),
        ("external", "on", False),
        ("external", "all", False),
        ("external", None, False),
    ],
)
async def test_tmux_that_keeps_the_clipboard_to_itself_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clipboard: str, passthrough: str | None, warned: bool
) -> None:
    environ = answering(tmp_path, clipboard, passthrough)
    monkeypatch.setenv("PATH", environ["PATH"])
    warning = await clipboard_warning(environ)
    assert bool(warning) is warned
    if warned:
        assert f"set-clipboard is {clipboard}" in warning and "set-clipboard on" in warning


async def test_without_tmux_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await clipboard_warning({}) == ""
    assert await clipboard_warning({"TMUX": "x"}) == ""


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_real_tmux_answers(tmp_path: Path) -> None:
    socket = str(tmp_path / "s")
    command = ["tmux", "-S", socket, "-f", "/dev/null"]
    subprocess.run([*command, "new-session", "-d", "sleep 30"], check=True)
    try:
        environ = {**os.environ, "TMUX": f"{socket},1,0"}
        assert "does not pass it on" in asyncio.run(clipboard_warning(environ))
        subprocess.run([*command, "set", "-s", "set-clipboard", "on"], check=True)
        assert asyncio.run(clipboard_warning(environ)) == ""
    finally:
        subprocess.run([*command, "kill-server"], check=True)
