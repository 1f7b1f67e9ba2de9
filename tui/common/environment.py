"""Environments of the processes that qdeck starts: what they need, by name, so that no token is in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

_WORKER: Final = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        # Where Python, its packages and the libraries below them are found.
        *(
            "PYTHONPATH",
            "PYTHONHOME",
            "PYTHONNOUSERSITE",
            "PYTHONUSERBASE",
            "PYTHONPLATLIBDIR",
            "VIRTUAL_ENV",
        ),
        *(
            "PYTHONUTF8",
            "PYTHONIOENCODING",
            "PYTHONDONTWRITEBYTECODE",
            "PYTHONPYCACHEPREFIX",
            "PYTHONWARNINGS",
        ),
        *("PYTHONHASHSEED", "PYTHONMALLOC", "PYTHONFAULTHANDLER", "LD_LIBRARY_PATH", "LD_PRELOAD"),
        *("DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SYSTEMROOT", "NIX_LD", "NIX_LD_LIBRARY_PATH"),
        *("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"),
        # How many threads numerical libraries and Qiskit take.
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"),
        *("QISKIT_PARALLEL", "QISKIT_NUM_PROCS", "QISKIT_SETTINGS", "MALLOC_ARENA_MAX"),
    }
)
_DESKTOP: Final = frozenset(
    {
        *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE"),
        *("XDG_CURRENT_DESKTOP", "DBUS_SESSION_BUS_ADDRESS", "TERM", "COLORTERM", "TMUX", "TMUX_PANE", "STY"),
        *("EDITOR", "VISUAL", "PAGER", "QDECK_HOME", "HOSTNAME", "PWD"),
    }
)
_LOCALE: Final = "LC_"


def worker_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a worker process or the sandbox gets of `environ`.

    Returns:
        The variables by which Python, libraries, folders and the locale are found, and nothing else.
    """
    return {name: value for name, value in environ.items() if name in _WORKER or name.startswith(_LOCALE)}


def hook_environment(environ: Mapping[str, str], asked: Iterable[str] = ()) -> dict[str, str]:
    """Return what a command of the user's own gets of `environ`.

    Args:
        asked: names of variables that it gets as well, whatever is in them.

    Returns:
        What a worker gets, what a program needs to reach desktop and terminal, and what was asked for.
    """
    wanted = _DESKTOP | set(asked)
    return worker_environment(environ) | {name: value for name, value in environ.items() if name in wanted}
