"""Tasks of a new user, from the shell, by keys alone; assets/tasks.md has the number of their keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Sandbox, clean_environment
from tests.end_to_end.tasks import circuits, jobs, settings
from tests.end_to_end.tasks.terminal_user import TerminalUser

Do = Callable[[TerminalUser, Path], None]
PAGE = Path(__file__).parents[3] / "assets" / "tasks.md"
WIDE, NARROW = (120, 40), (80, 24)
DAY: tuple[tuple[int, Do], ...] = (
    (1, circuits.first_run),
    (2, circuits.error_found_and_fixed),
    (3, circuits.levels_and_backends_compared),
    (4, circuits.two_observables),
    (5, circuits.sweep_plotted),
    (7, jobs.session_used),
    (8, jobs.taken_away),
    (9, settings.best_qubits),
    (11, settings.usage_read),
    (12, settings.help_theme_setting),
    (13, settings.resized_suspended_pasted),
    (6, jobs.ten_jobs),
    (0, settings.left),
    (10, jobs.old_job_offline),
)
"""Tasks in the order in which one user does them in one terminal; 0 is none."""


def keys_of_page(size: tuple[int, int]) -> dict[int, int]:
    """The keys of each task, as the page has them."""
    rows = re.findall(r"^\| (\d+) \|.*\| (\d+) \| (\d+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {int(number): int(wide if size == WIDE else narrow) for number, wide, narrow in rows}


def keys_pressed(user: TerminalUser, folder: Path, tasks: tuple[tuple[int, Do], ...]) -> dict[int, int]:
    """Do the tasks; the keys that each took."""
    pressed: dict[int, int] = {}
    for number, do in tasks:
        before = user.keys
        do(user, folder)
        pressed[number] = user.keys - before
        print(number, do.__name__, pressed[number])
    pressed.pop(0, None)
    return pressed


SIZES = pytest.mark.parametrize(
    "size", [pytest.param(WIDE, id="120x40"), pytest.param(NARROW, id="80x24", marks=pytest.mark.slow)]
)


@SIZES
def test_tasks_take_the_keys_of_the_page(tmp_path: Path, size: tuple[int, int]) -> None:
    with TerminalUser(clean_environment(tmp_path), size, tmp_path) as user:
        pressed = keys_pressed(user, tmp_path, DAY)
    expected = keys_of_page(size)
    assert pressed == {number: expected[number] for number in pressed}


@SIZES
def test_task_of_accounts_takes_the_keys_of_the_page(
    tmp_path: Path, sandbox: Sandbox, size: tuple[int, int]
) -> None:
    hosts = [sandbox.environment(channel) for channel in ("platform", "classic")]
    endpoints = {
        name: url for host in hosts for name, url in host.items() if name.startswith("QDECK_ENDPOINT")
    }
    with TerminalUser({**clean_environment(tmp_path), **endpoints}, size, tmp_path) as user:
        settings.accounts_switched(user, sandbox)
        pressed = user.keys
    assert pressed == keys_of_page(size)[14]
