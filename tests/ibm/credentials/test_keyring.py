"""The system's keyring: holds a token when asked to, is read at sign-in alone, fails in many ways."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ibm.mock_network import KEY
from tests.support.keyrings import (
    FailingKeyring,
    LockedKeyring,
    MemoryKeyring,
    SilentKeyring,
    StoringSilentKeyring,
    WorthlessKeyring,
    in_place,
)
from tests.support.processes import children, until
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.config.settings import Folders, folders
from tui.domain.accounts import Account, Channel, Keep
from tui.ibm.credentials import keyring as system_keyring
from tui.ibm.credentials.discovery import found_accounts
from tui.ibm.credentials.keyring import drop_token, keyring_name, store_token
from tui.ibm.credentials.save import forget, keep_account, token_place, with_token
from tui.ibm.transport.endpoints import platform_endpoints


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    backend = MemoryKeyring()
    with in_place(backend):
        yield backend


def place(tmp_path: Path, name: str = "qdeck") -> Folders:
    return folders({"QDECK_HOME": str(tmp_path / name)})


def mine(name: str = "lab", token: str = KEY) -> Account:
    return Account(name, Channel.PLATFORM, Secret(token), platform_endpoints(), "crn:one")


def found(tmp_path: Path, name: str = "qdeck") -> tuple[Account, ...]:
    return found_accounts({"HOME": str(tmp_path / "home")}, place(tmp_path, name)).accounts


async def test_keyring_holds_token_and_file_does_not(tmp_path: Path, memory: MemoryKeyring) -> None:
    where = await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    assert "Memory Keyring" in where and KEY not in where
    text = place(tmp_path).accounts_file.read_text(encoding="utf-8")
    assert KEY not in text and json.loads(text)["lab"]["token_in"] == "keyring"
    assert list(memory.entries.values()) == [KEY]
    (service, user) = next(iter(memory.entries))
    assert service == "qdeck" and "lab" in user


async def test_found_accounts_do_not_read_keyring(tmp_path: Path, memory: MemoryKeyring) -> None:
    await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    (account,) = found(tmp_path)
    assert memory.read == [] and not account.token
    assert (account.name, account.instance, token_place(account)) == ("lab", "crn:one", "keyring")
    assert (await with_token(account)).token.reveal() == KEY
    assert len(memory.read) == 1


async def test_keyring_entries_differ_by_folder(tmp_path: Path, memory: MemoryKeyring) -> None:
    for home, token in (("one", "token-1"), ("two", "token-2")):
        await keep_account(mine(token=token), place(tmp_path, home), Keep.KEYRING)
    (one,), (two,) = found(tmp_path, "one"), found(tmp_path, "two")
    assert (await with_token(one)).token.reveal() == "token-1"
    await forget(one, place(tmp_path, "one"))
    assert found(tmp_path, "one") == ()
    assert (await with_token(two)).token.reveal() == "token-2"


async def test_keyring_accounts_are_distinct_before_reading(tmp_path: Path, memory: MemoryKeyring) -> None:
    for name in ("a", "b"):
        await keep_account(mine(name), place(tmp_path), Keep.KEYRING)
    await keep_account(mine("c"), place(tmp_path), Keep.FILE)
    assert [account.name for account in found(tmp_path)] == ["a", "b", "c"]


async def test_saving_to_file_removes_keyring_entry(tmp_path: Path, memory: MemoryKeyring) -> None:
    await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    await keep_account(mine(token="newer"), place(tmp_path), Keep.FILE)
    assert memory.entries == {}
    (account,) = found(tmp_path)
    assert (account.token.reveal(), token_place(account)) == ("newer", "file")


async def test_forget_removes_file_and_keyring_entry(tmp_path: Path, memory: MemoryKeyring) -> None:
    await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    (account,) = found(tmp_path)
    await forget(account, place(tmp_path))
    assert memory.entries == {} and found(tmp_path) == ()
    await drop_token(account.keyring)


async def test_unwritable_folder_leaves_no_keyring_entry(tmp_path: Path, memory: MemoryKeyring) -> None:
    (tmp_path / "qdeck").write_text("a file", encoding="utf-8")
    with pytest.raises(QdeckError) as caught:
        await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    assert caught.value.kind is ErrorKind.STORAGE
    assert memory.entries == {}


async def test_missing_keyring_entry_has_advice(tmp_path: Path, memory: MemoryKeyring) -> None:
    await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    memory.clear()
    (account,) = found(tmp_path)
    with pytest.raises(QdeckError) as caught:
        await with_token(account)
    assert "no token" in caught.value.message and "qdeck login --keyring" in caught.value.advice


async def test_forget_with_locked_keyring_removes_file_entry(tmp_path: Path) -> None:
    with in_place(MemoryKeyring()):
        await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    (account,) = found(tmp_path)
    with in_place(LockedKeyring()):
        with pytest.raises(QdeckError) as caught:
            await with_token(account)
        assert "locked" in caught.value.message and "Unlock it" in caught.value.advice
        with pytest.raises(QdeckError) as caught:
            await keep_account(mine("other"), place(tmp_path), Keep.KEYRING)
        assert KEY not in str(caught.value)
        with pytest.raises(QdeckError) as caught:
            await forget(account, place(tmp_path))
    assert "still in the keyring" in caught.value.message
    assert account.keyring in caught.value.advice
    assert found(tmp_path) == ()


def own_processes() -> set[int]:
    """The children of this process; other tests' fixtures may have some, too."""
    return set(children(os.getpid()))


async def test_keyring_times_out_and_its_process_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = own_processes()
    with in_place(MemoryKeyring()):
        await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    (account,) = found(tmp_path)
    monkeypatch.setattr(system_keyring, "ANSWER_SECONDS", 0.05)
    with in_place(SilentKeyring()), pytest.raises(QdeckError) as caught:
        await with_token(account)
    assert caught.value.kind is ErrorKind.TIMEOUT
    assert "Unlock it" in caught.value.advice
    assert own_processes() <= others


async def test_timed_out_store_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    late = StoringSilentKeyring()
    monkeypatch.setattr(system_keyring, "ANSWER_SECONDS", 3.0)
    with in_place(late), pytest.raises(QdeckError):
        await store_token("lab", Secret(KEY))
    assert late.asked, "it was killed before it had stored anything"
    assert late.entries == {}


async def test_cancelled_store_is_undone() -> None:
    others = own_processes()
    late = StoringSilentKeyring()
    with in_place(late):
        storing = asyncio.create_task(store_token("lab", Secret(KEY)))
        await until(lambda: late.asked)
        assert late.entries
        storing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await storing
    assert late.entries == {} and own_processes() <= others


async def test_cancelled_keyring_question_ends_its_process(tmp_path: Path) -> None:
    others = own_processes()
    with in_place(MemoryKeyring()):
        await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    (account,) = found(tmp_path)
    silent = SilentKeyring()
    for turns in (1, None):
        with in_place(silent):
            task = asyncio.create_task(with_token(account))
            if turns is None:
                await until(lambda: silent.asked)
            else:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert own_processes() <= others


async def test_error_that_repeats_the_token_is_told_by_its_class_alone() -> None:
    with in_place(FailingKeyring()), pytest.raises(QdeckError) as caught:
        await store_token("lab", Secret(KEY))
    assert "RuntimeError" in caught.value.message and KEY not in f"{caught.value!r} {caught.value.advice}"


async def test_keyring_that_breaks_the_library_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "not.a.module")
    with pytest.raises(QdeckError, match="keyring failed"):
        await store_token("lab", Secret(KEY))
    assert await keyring_name() == ""


async def test_process_of_the_keyring_has_neither_token_nor_key_in_its_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QISKIT_IBM_TOKEN", KEY)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    silent = SilentKeyring()
    with in_place(silent):
        storing = asyncio.create_task(store_token("lab", Secret(KEY)))
        await until(lambda: silent.asked)
        shown = [
            (Path("/proc") / str(pid) / name).read_bytes()
            for pid in children(os.getpid())
            for name in ("environ", "cmdline")
        ]
        silent.free()
        assert await storing == "Memory Keyring"
    assert any(b"DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere" in text for text in shown)
    assert all(KEY.encode() not in text for text in shown)


async def test_app_process_never_imports_the_library(memory: MemoryKeyring, tmp_path: Path) -> None:
    script = """
import asyncio, os, sys
from tui.common.safe_text import Secret
from tui.ibm.credentials.keyring import keyring_name, read_token, store_token
async def main():
    await store_token("lab", Secret("a-token"))
    print(await keyring_name(), (await read_token("lab")).reveal(), "keyring" in sys.modules)
asyncio.run(main())
"""
    done = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    out, _ = await done.communicate()
    assert out.decode().strip() == "Memory Keyring a-token False"


async def test_keyring_without_storage_is_unavailable(tmp_path: Path) -> None:
    with in_place(WorthlessKeyring()):
        assert await keyring_name() == ""
        with pytest.raises(QdeckError) as caught:
            await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert not place(tmp_path).accounts_file.exists()


async def test_keyring_name_of_backend(memory: MemoryKeyring) -> None:
    assert await keyring_name() == "Memory Keyring"


async def test_missing_keyring_library_names_extra(
    tmp_path: Path, memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep_account(mine(), place(tmp_path), Keep.KEYRING)
    (account,) = found(tmp_path)
    monkeypatch.setattr(system_keyring, "installed", lambda: False)
    with pytest.raises(QdeckError) as caught:
        await with_token(account)
    assert "qdeck[keyring]" in caught.value.message


async def test_library_that_cannot_be_imported_counts_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keyring.py").write_text("raise ImportError('broken')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(QdeckError, match=r"qdeck\[keyring\]"):
        await store_token("lab", Secret(KEY))
