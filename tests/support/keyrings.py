"""Keyrings as the tests want them: well, locked, silent, slow to say so, or none at all.

The library makes one in the keyring's own process, by the name of its class, and tells it its folder: both
stand in the environment, as its documentation says. What it does is in that folder, where the test sees it.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """Keeps what it is given by service and user; notes when it is read."""

    priority = 1
    name = "Memory Keyring"
    folder = ""
    """Set by the library from `KEYRING_PROPERTY_FOLDER`, or by the test's own one."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        if not self.folder:
            self._temporary = tempfile.TemporaryDirectory(prefix="qdeck-keyring-")
            self.folder = self._temporary.name

    @property
    def entries(self) -> dict[tuple[str, str], str]:
        """What it keeps now; a copy."""
        try:
            text = self._file("entries").read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        return {(service, user): token for service, user, token in json.loads(text)}

    @property
    def read(self) -> list[str]:
        """The users that were asked for."""
        try:
            return self._file("read").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def clear(self) -> None:
        """Forget all."""
        self._keep({})

    def get_password(self, service: str, username: str) -> str | None:
        with self._file("read").open("a", encoding="utf-8") as file:
            file.write(f"{username}\n")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._keep(self.entries | {(service, username): password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self.entries
        if entries.pop((service, username), None) is None:
            raise PasswordDeleteError("not there")
        self._keep(entries)

    def _file(self, name: str) -> Path:
        return Path(self.folder) / name

    def _keep(self, entries: dict[tuple[str, str], str]) -> None:
        rows = [[*key, token] for key, token in entries.items()]
        self._file("entries").write_text(json.dumps(rows), encoding="utf-8")


class LockedKeyring(MemoryKeyring):
    """Nobody unlocks it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(f"locked: {password}")

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked("locked")


class SilentKeyring(MemoryKeyring):
    """Answers only when the test lets it."""

    def free(self) -> None:
        """Let it answer."""
        self._file("free").touch()

    @property
    def asked(self) -> bool:
        """True when somebody waits for it, or did."""
        return self._file("asked").exists()

    def get_password(self, service: str, username: str) -> str | None:
        self._wait()
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._wait()
        super().set_password(service, username, password)

    def _wait(self) -> None:
        self._file("asked").touch()
        end = time.monotonic() + 60
        while not self._file("free").exists() and time.monotonic() < end:
            time.sleep(0.01)


class StoringSilentKeyring(SilentKeyring):
    """Stores at once, and does not say so before the test lets it."""

    def set_password(self, service: str, username: str, password: str) -> None:
        MemoryKeyring.set_password(self, service, username, password)
        self._wait()


class FailingKeyring(MemoryKeyring):
    """Repeats what it is given when it fails."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot keep {password}")


class WorthlessKeyring(MemoryKeyring):
    """One that keeps nothing, like the library's own `null`."""

    priority = -1


@contextmanager
def in_place(backend: MemoryKeyring) -> Iterator[None]:
    """The system's keyring is `backend`, as long as this lasts."""
    kind = type(backend)
    wanted = {
        "PYTHON_KEYRING_BACKEND": f"{kind.__module__}.{kind.__qualname__}",
        "KEYRING_PROPERTY_FOLDER": backend.folder,
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
