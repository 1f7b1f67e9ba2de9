"""Atomic writes: contents, permissions, links, and what is left after a failure."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.common.atomic_file import make_folder, replace_file
from tui.common.file_lock import LockTimeout, file_lock, is_locked


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_file_is_private_unless_said_otherwise(tmp_path: Path) -> None:
    replace_file(tmp_path / "one", [b"a", b"b"])
    umask = os.umask(0o022)
    try:
        replace_file(tmp_path / "two", [b""], mode=0o666, keep_mode=True)
    finally:
        os.umask(umask)
    assert (tmp_path / "one").read_bytes() == b"ab"
    assert (_mode(tmp_path / "one"), _mode(tmp_path / "two")) == (0o600, 0o644)


def test_keep_mode_keeps_permissions_of_the_replaced_file(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250)
    path.write_bytes(b"old")
    path.chmod(0o640)
    replace_file(path, [b"new"], keep_mode=True)
    assert (path.read_bytes(), _mode(path)) == (b"new", 0o640)
    replace_file(path, [b"newer"])
    assert _mode(path) == 0o600


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="No space"):
        replace_file(path, chunks())
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_symbolic_link_is_replaced_by_the_file(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    replace_file(link, [b"new"])
    assert not link.is_symlink() and (target.read_bytes(), link.read_bytes()) == (b"old", b"new")


def test_file_lock_excludes_others_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    with file_lock(path, 0):
        assert is_locked(path)
        with pytest.raises(LockTimeout):
            file_lock(path, 0).acquire()
    assert not is_locked(path) and _mode(path) == 0o600


def test_folders_above_a_new_one_are_private_too(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        make_folder(tmp_path / "home" / "data" / "results")
    finally:
        os.umask(umask)
    made = [tmp_path / "home", tmp_path / "home" / "data", tmp_path / "home" / "data" / "results"]
    assert [_mode(folder) for folder in made] == [0o700] * 3
    (tmp_path / "home").chmod(0o755)
    make_folder(tmp_path / "home" / "state")
    assert _mode(tmp_path / "home") == 0o755, "what was there is the user's"
