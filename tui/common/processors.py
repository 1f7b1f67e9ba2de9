"""How many processors this process may use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

SLURM: Final = "SLURM_CPUS_PER_TASK"
_CGROUPS: Final = Path("/sys/fs/cgroup")
_OWN_CGROUP: Final = Path("/proc/self/cgroup")


def usable_processors(
    environ: Mapping[str, str], *, cgroups: Path = _CGROUPS, own_cgroup: Path = _OWN_CGROUP
) -> int:
    """Count the processors that this process may use.

    Args:
        environ: in a job of Slurm, `SLURM_CPUS_PER_TASK` says how many it was given.
        cgroups: where the control groups are mounted.
        own_cgroup: the file that names those of this process.

    Returns:
        The smallest of the processors that it may be scheduled on, the quota of its control groups, rounded
        up, and what Slurm says; at least 1.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    counts = [len(affinity(0)) if affinity is not None else os.cpu_count() or 1]
    counts += _quotas(cgroups, own_cgroup)
    if (asked := environ.get(SLURM, "")).isdecimal():
        counts.append(int(asked))
    return max(1, min(counts))


def _quotas(cgroups: Path, own_cgroup: Path) -> Iterator[int]:
    """Yield the limits of the own control group and of those above it, version 2 and version 1."""
    for line in _read(own_cgroup).splitlines():
        _, controllers, name = line.split(":", 2) if line.count(":") >= 2 else ("", "none", "")
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = cgroups / controllers if controllers else cgroups
        folder = root / name.lstrip("/")
        for place in (folder, *folder.parents):
            if not place.is_relative_to(root):
                break
            words = _read(place / "cpu.max").split() or [
                _read(place / f"cpu.cfs_{what}_us").strip() for what in ("quota", "period")
            ]
            if len(words) == 2 and all(word.isdecimal() for word in words) and int(words[1]):
                yield -(-int(words[0]) // int(words[1]))


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace")
    except OSError:
        return ""
