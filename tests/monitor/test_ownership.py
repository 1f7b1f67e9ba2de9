"""Who has a submission in its hands: processes that live, that were killed, and those of other machines."""

from __future__ import annotations

import asyncio
import errno
import math
import os
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL
from tests.support.clock import FakeClock
from tui.common.file_lock import FileLock
from tui.monitor.outbox import ownership
from tui.monitor.outbox.ownership import (
    LIVENESS_SECONDS,
    SENDING_AT_MOST,
    SENDING_ELSEWHERE,
    STALE,
    Ownership,
    ProcessLock,
)
from tui.store.records.models import PendingState, PendingSubmission

TAG = "qdeck-0123456789ab"
HELD = """
import sys, time
from pathlib import Path
from tui.monitor.outbox.ownership import ProcessLock
one = ProcessLock(Path(sys.argv[1]))
one.acquire()
print(one.name, flush=True)
time.sleep(600)
"""


def pending(clock: FakeClock, owner: str, state: PendingState = PendingState.PREPARED) -> PendingSubmission:
    now = clock.now()
    return PendingSubmission(TAG, state, "platform", "", now, BELL, owner, changed=now, sent=now)


def renamed(name: str, *, token: str = "", machine: str = "", boot: str = "") -> str:
    """The name with other parts."""
    host, pid, *parts = name.split(":")
    new = [given or old for given, old in zip((token, machine, boot), parts, strict=True)]
    return ":".join((host, pid, *new))


async def test_process_lives_while_it_holds_its_lock(tmp_path: Path) -> None:
    clock = FakeClock()
    one, other = (Ownership(clock, tmp_path / "outbox.lock") for _ in range(2))
    assert not other.another_has(pending(clock, "")) and not one.another_has(pending(clock, one.name))
    await one.register()
    await clock.jump(STALE.total_seconds() * 3)
    waiting = replace(pending(clock, one.name), changed=clock.now() - STALE * 2)
    assert other.another_has(waiting)
    one.leave()
    await clock.advance(LIVENESS_SECONDS)
    assert not other.another_has(waiting)
    assert not any((tmp_path / "owners").iterdir())


async def test_killed_process_is_gone_although_its_pid_is_in_use(tmp_path: Path) -> None:
    clock = FakeClock()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HELD, str(tmp_path / "owners"), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    name = (await child.stdout.readline()).decode().strip()
    here = Ownership(clock, tmp_path / "outbox.lock")
    assert here.another_has(pending(clock, name))
    child.kill()
    await child.wait()
    await clock.advance(LIVENESS_SECONDS)
    host, _, ids = name.split(":", 2)
    for pid in (name.split(":")[1], str(os.getpid()), str(os.getppid())):
        assert not here.another_has(pending(clock, f"{host}:{pid}:{ids}"))


async def test_reboot_or_new_hostname_leaves_no_process_alive(tmp_path: Path) -> None:
    clock = FakeClock()
    here = Ownership(clock, tmp_path / "outbox.lock")
    before = renamed(here.name, token="0a", boot="00000000")
    elsewhere_named = renamed(here.name, token="0b", machine="00000000")
    assert not here.another_has(pending(clock, before))
    assert not here.another_has(pending(clock, elsewhere_named))


async def test_another_machine_owns_its_submissions_until_they_are_stale(tmp_path: Path) -> None:
    clock = FakeClock()
    here = Ownership(clock, tmp_path / "outbox.lock")
    away = renamed(here.name, token="0a", machine="00000000", boot="00000000")
    sending = pending(clock, away, PendingState.SENDING)
    waiting = pending(clock, away)
    for seconds in (0.0, 60.0, SENDING_ELSEWHERE.total_seconds() - 61):
        await clock.jump(seconds)
        assert here.another_has(sending) and here.another_has(waiting)
    await clock.jump(2.0)
    assert not here.another_has(sending) and here.another_has(waiting)
    await clock.jump(STALE.total_seconds())
    assert not here.another_has(waiting)


async def test_another_machine_with_a_held_lock_keeps_its_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    here = Ownership(clock, tmp_path / "outbox.lock")
    monkeypatch.setattr(ownership, "this_machine", lambda: ("00000000", "00000000"))
    away = Ownership(clock, tmp_path / "outbox.lock")
    await away.register()
    waiting, sending = pending(clock, away.name), pending(clock, away.name, PendingState.SENDING)
    await clock.jump(STALE.total_seconds() * 2)
    assert here.another_has(waiting) and not here.another_has(sending)
    assert SENDING_AT_MOST < SENDING_ELSEWHERE
    away.leave()


async def test_unreadable_lock_counts_as_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    one, other = (Ownership(clock, tmp_path / "outbox.lock") for _ in range(2))
    await one.register()

    def refuses(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.open", refuses)
    assert other.another_has(pending(clock, one.name))
    monkeypatch.undo()
    one.leave()


async def test_ownership_falls_back_to_the_pid_without_file_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()

    def has_none(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", has_none)
    one, other = (Ownership(clock, tmp_path / "outbox.lock") for _ in range(2))
    await one.register()
    assert other.another_has(pending(clock, one.name)) and one.name != other.name
    host, _, token = one.name.split(":")
    for cut_off in ("", f":{token}", f":{token}:0a"):
        assert not other.another_has(pending(clock, f"{host}:{2**22 + 1}{cut_off}"))
    one.leave()


async def test_process_of_another_user_counts_as_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    here = Ownership(clock, tmp_path / "outbox.lock")

    def not_ours(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.kill", not_ours)
    assert here.another_has(pending(clock, f"{socket.gethostname()}:1:0a"))


def test_machine_without_names_in_its_files_is_told_by_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    for missing in (tmp_path / "nowhere", tmp_path / "binary"):
        monkeypatch.setattr(ownership, "_MACHINE_ID", missing)
        monkeypatch.setattr(ownership, "_BOOT_ID", missing)
        machine, boot = ownership.this_machine()
        assert (len(machine), boot) == (8, "")


async def test_lock_files_of_killed_processes_are_removed_and_held_ones_stay(tmp_path: Path) -> None:
    folder = tmp_path / "owners"
    folder.mkdir()
    machine, _ = ownership.this_machine()
    names = (f"{machine}-0a", f"{machine}-0b", "00000000-0c", "00000000-0d")
    killed, young, away, away_for_long = (folder / f"{name}.lock" for name in names)
    held = Ownership(FakeClock(), tmp_path / "outbox.lock")
    await held.register()
    (held_file,) = folder.iterdir()
    for path, age in ((killed, 60), (young, 0), (away, 3600), (away_for_long, 90_000), (held_file, 1e6)):
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
    one = Ownership(FakeClock(), tmp_path / "outbox.lock")
    await one.register()
    left = {path.name for path in folder.iterdir()}
    one.leave()
    held.leave()
    assert {young.name, away.name, held_file.name} < left
    assert killed.name not in left and away_for_long.name not in left


async def test_process_whose_new_file_was_taken_for_a_leftover_locks_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire, taken = FileLock.acquire, list[str]()

    def acquire_late(lock: FileLock) -> object:
        held = acquire(lock)
        if not taken:
            taken.append(lock.lock_file)
            Path(lock.lock_file).unlink()
        return held

    monkeypatch.setattr(FileLock, "acquire", acquire_late)
    clock = FakeClock()
    one, other = (Ownership(clock, tmp_path / "outbox.lock") for _ in range(2))
    await one.register()
    assert taken and other.another_has(pending(clock, one.name))
    one.leave()


# notes of requests that may be under way


async def noting_process(folder: Path, *, until: float | None = None) -> str:
    """Let a process note a request of `qdeck-0123456789ab`, as far as given, and kill it; its name."""
    code = HELD.replace("print(", f"\n{f'one.note({TAG!r}, float({str(until)!r}))' if until else ''}\nprint(")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    name = (await child.stdout.readline()).decode().strip()
    child.kill()
    await child.wait()
    return name


@pytest.mark.parametrize("until", [None, 1234.5, math.inf])
async def test_killed_process_leaves_notes_of_its_requests(tmp_path: Path, until: float | None) -> None:
    owner = await noting_process(tmp_path / "owners", until=until)
    here = Ownership(FakeClock(), tmp_path / "outbox.lock")
    await here.register()
    assert here.request_until(pending(FakeClock(), owner)) == (-math.inf if until is None else until)
    here.leave()


@pytest.mark.parametrize("left", ["nothing", "no file", "half a line", "no object", "no number"])
async def test_process_without_readable_notes_may_have_sent_everything(tmp_path: Path, left: str) -> None:
    owner = await noting_process(tmp_path / "owners")
    (file,) = (tmp_path / "owners").iterdir()
    texts = {"nothing": "", "half a line": '{"requests": {}}', "no object": "[]\n"}
    texts["no number"] = f'{{"requests": {{"{TAG}": "soon"}}}}\n'
    if left == "no file":
        file.unlink()
    else:
        file.write_text(texts[left])
    here = Ownership(FakeClock(), tmp_path / "outbox.lock")
    assert here.request_until(pending(FakeClock(), owner)) == math.inf


async def test_notes_of_another_boot_prove_nothing(tmp_path: Path) -> None:
    owner = await noting_process(tmp_path / "owners")
    here = Ownership(FakeClock(), tmp_path / "outbox.lock")
    assert here.request_until(pending(FakeClock(), renamed(owner, boot="00000000"))) == math.inf
    assert here.request_until(pending(FakeClock(), "")) == -math.inf


async def test_shorter_notes_replace_longer_ones(tmp_path: Path) -> None:
    process = ProcessLock(tmp_path / "owners")
    process.acquire()
    process.note(TAG, 1e9)
    process.note("qdeck-ffffffffffff", math.inf)
    process.note("qdeck-ffffffffffff", None)
    assert process.noted(process.name, TAG) == 1e9
    process.note(TAG, None)
    assert process.noted(process.name, TAG) == -math.inf
    process.release([TAG])
    assert not any((tmp_path / "owners").iterdir())


async def test_notes_of_what_stays_in_doubt_outlive_their_process(tmp_path: Path) -> None:
    clock = FakeClock()
    one, other = (Ownership(clock, tmp_path / "outbox.lock") for _ in range(2))
    await one.register()
    one.note_request(TAG, 77.0)
    one.leave([TAG])
    await other.register()
    assert other.request_until(pending(clock, one.name)) == 77.0
    other.leave()
