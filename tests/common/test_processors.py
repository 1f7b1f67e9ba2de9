"""Processors by affinity, control groups of both versions, and Slurm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.common.processors import SLURM, usable_processors


@pytest.fixture(autouse=True)
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def count(folder: Path, own: str, files: dict[str, str], **environ: str) -> int:
    (folder / "own").write_text(own)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return usable_processors(environ, cgroups=folder, own_cgroup=folder / "own")


def test_processors_are_those_of_the_affinity(tmp_path: Path) -> None:
    assert count(tmp_path, "", {}) == 8
    assert usable_processors({}, cgroups=tmp_path, own_cgroup=tmp_path / "missing") == 8


@pytest.mark.parametrize(
    ("asked", "expected"), [("3", 3), ("12", 8), ("0", 1), ("", 8), ("many", 8), ("-1", 8)]
)
def test_processors_of_a_slurm_task(tmp_path: Path, asked: str, expected: int) -> None:
    assert count(tmp_path, "", {}, **{SLURM: asked}) == expected


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1), ("x", 8), ("5 0", 8)],
)
def test_processors_of_a_group_of_version_2(tmp_path: Path, quota: str, expected: int) -> None:
    assert (
        count(tmp_path, "0::/job/step\n", {"job/cpu.max": quota, "job/step/cpu.max": "max 100000"})
        == expected
    )


def test_processors_in_a_container_that_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    assert count(tmp_path, "0::/\n", {"cpu.max": "300000 100000"}) == 3


def test_processors_of_a_group_of_version_1(tmp_path: Path) -> None:
    files = {
        "cpu,cpuacct/docker/cpu.cfs_quota_us": "250000\n",
        "cpu,cpuacct/docker/cpu.cfs_period_us": "100000\n",
        "memory/docker/cpu.max": "1 1",
    }
    own = "4:memory:/docker\n3:cpu,cpuacct:/docker\nnonsense\n"
    assert count(tmp_path, own, files) == 3
    assert count(tmp_path, own, {"cpu,cpuacct/docker/cpu.cfs_quota_us": "-1\n"}) == 8
