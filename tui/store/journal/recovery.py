"""Reading the journal into an index: all of it, or what others appended since; repair of a damaged one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tui.common.atomic_file import make_folder, remove_leftovers, replace_file, sync_folder
from tui.store.journal.file import JournalFile, SortKeys, rewrite
from tui.store.journal.format import GONE, SCHEMA, Index, Scanner, Touched, scan


@dataclass(slots=True)
class JournalChanges:
    """Changes in the file that this process did not make.

    Attributes:
        changed: documents set or removed by other processes, in order.
        lost: documents that a damaged file does not hold any more.
    """

    changed: dict[Touched, None] = field(default_factory=dict)
    lost: set[Touched] = field(default_factory=set)


class JournalRecovery:
    """The file and the index, brought up to date under the lock its owner holds.

    Args:
        claims: tables that say something of the rest of the file: they are dropped when some of it is lost.

    Attributes:
        file: the generation that the index speaks of; `None`: there is no file.
        position: bytes of it that were read.
        newer: the file's version when it is a newer one than is known here, else 0.
        version: counts how often changes of other processes were read.
        unrepaired: why a damaged file could not be repaired; nothing is appended to it.
    """

    def __init__(
        self,
        path: Path,
        warnings: list[str],
        now: Callable[[], datetime],
        sort_keys: SortKeys,
        claims: Collection[str] = (),
    ) -> None:
        self._path = path
        self._warnings = warnings
        self._now = now
        self._sort_keys = sort_keys
        self._claims = claims
        self.file: JournalFile | None = None
        self.index = Index()
        self.position = 0
        self.newer = 0
        self.version = 0
        self.unrepaired: OSError | None = None
        self._found = JournalChanges()
        self._trusted = True
        self._read_before = False

    def pop_changes(self) -> JournalChanges:
        """Return what was found since the last call."""
        found, self._found = self._found, JournalChanges()
        return found

    def distrust(self) -> None:
        """Read the whole file again next time: something in it is not what was read before."""
        self._trusted = False

    def catch_up(self) -> None:
        """Read what is new in the file, whatever happened to it.

        Raises:
            OSError: it cannot be read.
        """
        try:
            file = _open(self._path)
        except FileNotFoundError:
            self._missing()
            return
        size = file.size()
        if self.file is not None and self._trusted and self.file.same(file) and size >= self.position:
            self.file = file
            if size > self.position:
                self._read_on(size)
        else:
            self._read_all(file, size)

    def adopt(self) -> None:
        """Go on with the file that this process has just written anew.

        Raises:
            OSError: it cannot be read.
        """
        file = _open(self._path)
        scanner = scan(file.blocks(file.first, file.size()), Index(), file.first)
        self._continue_with(file, scanner)

    def create(self) -> None:
        """Make the file, which there is none of yet; what is staged in the index stays there.

        Raises:
            OSError: it cannot be made.
        """
        rewrite(self._path, Index(), None, {})
        for folder in self._path.parent.parents:
            # They may be as new as the file. One that may not be read was not made here.
            with contextlib.suppress(OSError):
                sync_folder(folder)
        self.file = _open(self._path)
        self.position = self.file.size()

    def _missing(self) -> None:
        if self.file is None:
            self._read_before = True
            make_folder(self._path.parent)
            return
        # Removed by someone while it is open here: everything in it can still be read.
        rewrite(self._path, self.index, self.file, self._sort_keys)
        self._warnings.append(f"The history file {self._path.name} was removed; it was written again.")
        self.adopt()

    def _read_on(self, size: int) -> None:
        assert self.file is not None
        blocks = self.file.blocks(self.position, size)
        scanner = scan(blocks, self.index, self.position, self.index.seq)
        self._note(scanner)
        if scanner.damaged and not self.newer:
            self._repair(self.file, scanner.damaged)
        else:
            self._cut_torn(self.file, scanner, size)

    def _read_all(self, file: JournalFile, size: int) -> None:
        before, known, again = self.index, self.file, self._read_before
        self._read_before = True
        header = file.header
        if known is None:
            remove_leftovers(self._path)
        mine = known.header if known is not None else None
        continues = header is not None and mine is not None and header.lineage == mine.lineage
        repaired = header is not None and mine is not None and header.repairs > mine.repairs
        # What is written after a repair may bear the numbers of what was lost in it.
        seen = None if not again else before.seq if continues and not repaired else -1
        scanner = scan(file.blocks(file.first, size), Index(), file.first, seen)
        # Cut while it was open here, or shorter than when it was written anew.
        cut = size < (header.bytes if header is not None else 0)
        cut = cut or (known is not None and known.identity == file.identity and size < self.position)
        damage = scanner.damaged + cut + (header is None)
        self._continue_with(file, scanner)
        self.newer = header.schema if header is not None and header.schema > SCHEMA else 0
        if again:
            if scanner.index.seq < before.seq:
                # An older copy was put in its place: everything may be different.
                scanner.touched.update(_numbers(scanner.index))
            self._note(scanner)
            missing = _numbers(before).keys() - _numbers(scanner.index).keys()
            if damage or repaired or not continues:
                self._found.lost |= missing
            else:
                self._found.changed.update(dict.fromkeys(missing))
        if damage and not self.newer:
            self._repair(file, damage)
        else:
            self._cut_torn(file, scanner, size)

    def _continue_with(self, file: JournalFile, scanner: Scanner) -> None:
        self.file, self.index, self.position = file, scanner.index, scanner.position
        self._trusted = True

    def _note(self, scanner: Scanner) -> None:
        self.version += 1
        self._found.changed.update(scanner.touched)

    def _cut_torn(self, file: JournalFile, scanner: Scanner, size: int) -> None:
        """Cut off a write that was never finished, so that nothing is appended to half a line.

        Where the file may only be read nothing is appended to it either.
        """
        torn = scanner.torn
        self.position = size if torn is None else torn
        if torn is None or self.newer or not file.writable:
            return
        backup = self._backup_path("unfinished")
        # On a full disk there is no room for them; they were never said to be written.
        with contextlib.suppress(OSError):
            replace_file(backup, file.blocks(torn, size))
        file.cut(torn)
        self._warnings.append(
            f"The last write to the history was broken off before it was done; its {size - torn} bytes were "
            f"put aside as {backup.name}."
        )

    def _repair(self, file: JournalFile, damage: int) -> None:
        """Keep the damaged file under another name and put one with the intact lines in its place."""
        backup = self._backup_path("damaged")
        self._drop_claims()
        try:
            try:
                os.link(self._path, backup)
            except OSError:
                # No hard links here (some network and FUSE file systems): a copy does it too.
                shutil.copyfile(self._path, backup)
                backup.chmod(0o600)
            rewrite(self._path, self.index, file, self._sort_keys, repaired=True)
        except OSError as error:
            # It can be read all the same; nothing is appended to it before this has succeeded.
            with contextlib.suppress(OSError):
                backup.unlink()
            self.unrepaired, self._trusted = error, False
            return
        self.unrepaired = None
        self._warnings.append(
            f"The history file was damaged. {self.index.rows} entries were read from it, {damage} places "
            f"could not be; the damaged file is kept as {backup.name}."
        )
        self.adopt()

    def _drop_claims(self) -> None:
        for name in self._claims:
            # A process that holds their rows in memory writes them again.
            self._found.lost |= {(name, number) for number in self.index.tables.get(name, ())}
            self.index.apply(name, None, GONE, 0)

    def _backup_path(self, why: str) -> Path:
        return self._path.with_name(f"{self._path.name}.{why}-{self._now():%Y%m%dT%H%M%S.%f}")


_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


def _open(path: Path) -> JournalFile:
    try:
        return JournalFile.opened(path, write=True)
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
        return JournalFile.opened(path)


def _numbers(index: Index) -> dict[Touched, None]:
    return {(name, number): None for name, rows in index.tables.items() for number in rows}
