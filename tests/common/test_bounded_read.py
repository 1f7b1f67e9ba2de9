"""Files that somebody else made: refused by kind before they are opened, read up to a limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.common.bounded_read import UnsuitableFile, read_file, require_readable


def test_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 10)
    assert read_file(file, 10) == b"x" * 10
    with pytest.raises(UnsuitableFile, match="larger than 9 bytes"):
        read_file(file, 9)


def test_folder_and_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path, 10)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none", 10)


@pytest.mark.parametrize("pipes", [False, True])
def test_device_is_refused_unread(pipes: bool) -> None:
    with pytest.raises(UnsuitableFile, match="regular file"):
        read_file(Path("/dev/zero"), 10, pipes=pipes)


def test_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UnsuitableFile, match="not a regular file"):
        read_file(pipe, 10)
    with pytest.raises(UnsuitableFile):
        require_readable(pipe)
    require_readable(tmp_path)
