"""tmux between qdeck and the terminal: whether it lets the clipboard through, as its options say."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final

_SECONDS: Final = 1.0
_ADVICE: Final = "`tmux set -s set-clipboard on` lets it through."


async def clipboard_warning(environ: Mapping[str, str]) -> str:
    """Ask tmux whether it passes on what is sent to the clipboard (OSC 52).

    It does where `set-clipboard` is on, or where `allow-passthrough` is; before tmux 3.3 there is no such
    option, and all is passed on.

    Args:
        environ: of this process; without `TMUX` there is none.

    Returns:
        Words for the user where it does not; empty where it does, and where it cannot be asked.
    """
    if not environ.get("TMUX"):
        return ""
    clipboard = await _option(environ, "-s", "set-clipboard")
    if clipboard in ("", "on"):
        return ""
    passed = await _option(environ, "-wA", "allow-passthrough")
    if passed in ("on", "all", ""):
        return ""
    return f"tmux does not pass it on to the terminal: set-clipboard is {clipboard}. {_ADVICE}"


async def _option(environ: Mapping[str, str], scope: str, name: str) -> str:
    """Return the value of an option; empty where tmux does not know it, or does not answer."""
    try:
        process = await asyncio.create_subprocess_exec(
            *("tmux", "show-options", scope, "-v", name),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environ),
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(_SECONDS):
            told, _ = await process.communicate()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return ""
    return told.decode("ascii", "replace").strip() if process.returncode == 0 else ""
