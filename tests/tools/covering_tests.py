"""Which tests run which lines of `tui`, in their own process or in one that they start.

As a pytest plugin (`-p tests.tools.covering_tests`) it notes for each test how long it took, and tells
coverage in which test it is. Processes that tests start are measured too, by a `sitecustomize` on
`PYTHONPATH`; those that are given an environment without it, or that are killed, are not.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import coverage
import pytest

_FOLDER = "QDECK_RECORD"
"""Environment variable: the folder of the record."""
_NOT_A_TEST = "elsewhere"
_STARTS = "import coverage\ncoverage.process_startup()\n"
_SETTINGS = """[run]
include = {root}/tui/*
data_file = {folder}/coverage
parallel = true
sigterm = true
context = ${{PYTEST_CURRENT_TEST-{other}}}
"""


def record(root: Path, folder: Path, arguments: Sequence[str]) -> int:
    """Run the tests and write down what they covered.

    Args:
        root: the root of the repository.
        folder: where the record is written; what was there is removed.
        arguments: for pytest.

    Returns:
        pytest's exit status.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    settings = folder / "coveragerc"
    settings.write_text(_SETTINGS.format(root=root, folder=folder, other=_NOT_A_TEST))
    (folder / "sitecustomize.py").write_text(_STARTS)
    environ = {
        **os.environ,
        _FOLDER: str(folder),
        "COVERAGE_PROCESS_START": str(settings),
        "PYTHONPATH": os.pathsep.join((str(folder), str(root))),
    }
    command = [sys.executable, "-m", "pytest", "-p", "tests.tools.covering_tests", *arguments]
    return subprocess.run(command, cwd=root, env=environ, check=False).returncode


# as a plugin


class _Durations:
    """Seconds of each test, and which did not pass."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if report.outcome != "passed":
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        passed = {test: round(it, 3) for test, it in self._seconds.items() if test not in self._failed}
        self._file.write_text(json.dumps(passed))


def pytest_configure(config: pytest.Config) -> None:
    """Note durations in the process that hears of all tests."""
    if _FOLDER in os.environ and "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(_Durations(Path(os.environ[_FOLDER]) / "durations.json"))


def _phase(item: pytest.Item, when: str) -> None:
    running = coverage.Coverage.current()
    if running is not None:
        running.switch_context(f"{item.nodeid} ({when})")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    _phase(item, "setup")
    yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    _phase(item, "call")
    yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    _phase(item, "teardown")
    yield


# reading the record


class CoveringTests:
    """The record of a run.

    Attributes:
        seconds: of each test that passed.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self.seconds: dict[str, float] = json.loads((folder / "durations.json").read_text())
        self._by_folder: defaultdict[str, set[str]] = defaultdict(set)
        for test in self.seconds:
            self._by_folder[_folder_of(test)].add(test)
        self._by_line: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        for file in folder.glob("coverage.*"):
            self._add(file)

    def _add(self, file: Path) -> None:
        data = coverage.CoverageData(basename=str(file))
        try:
            data.read()
        except coverage.exceptions.CoverageException:
            return  # Its process was killed while it wrote.
        for name in data.measured_files():
            path = name.partition("/tui/")[2]
            for line, contexts in data.contexts_by_lineno(name).items():
                for context in contexts:
                    self._by_line[f"tui/{path}", line] |= self._tests(context)

    def _tests(self, context: str) -> set[str]:
        started_by, _, within = context.partition("|")
        test, _, phase = (within or started_by).rpartition(" (")
        if not within and phase == "setup)":
            # A process that a fixture started may serve all tests of the folder.
            return self._by_folder[_folder_of(test)]
        return {test} if test in self.seconds else set()

    def of_lines(self, path: str, lines: Collection[int]) -> set[str]:
        """Return the tests that run any of the lines of a file (relative to the root)."""
        return set().union(*(self._by_line[path, line] for line in lines))

    def of_place(self, path: str, line: int) -> list[str]:
        """Return the tests that run the statement at this line, the quickest first.

        What runs at the import is run by all tests; then these are the tests of the places that use the name
        which is defined there, or else those of the body, or of the file.
        """
        source = (self._root / path).read_text()
        inside, lines, name, whole = _statement(source, line)
        tests = self.of_lines(path, lines) if inside else set()
        if not tests and name:
            word = re.compile(rf"\b{name}\b")
            for file in (self._root / "tui").rglob("*.py"):
                text = file.read_text()
                if word.search(text):
                    using = [at for at, it in enumerate(text.splitlines(), 1) if word.search(it)]
                    tests |= self.of_lines(str(file.relative_to(self._root)), using)
        if not tests:
            # It may run only in processes that are not measured: workers have an environment of their own.
            tests = self.of_lines(path, range(1, source.count("\n") + 2) if inside else whole)
        return sorted(tests, key=lambda test: (self.seconds[test], test))


def _folder_of(test: str) -> str:
    return test.partition("::")[0].rpartition("/")[0]


def _statement(source: str, line: int) -> tuple[bool, range, str, range]:
    """Return where the innermost statement is.

    Returns:
        Whether it is in a function, its lines (those of its head, when it has a body), the name that it
        defines outside of functions, and the lines of what it belongs to.
    """
    tree = ast.parse(source)
    inside, lines, name = False, range(line, line + 1), ""
    whole = range(1, source.count("\n") + 2)
    body: Sequence[ast.stmt] = tree.body
    while True:
        around = [one for one in body if one.lineno <= line <= (one.end_lineno or one.lineno)]
        if not around:
            return inside, lines, name, whole
        one = around[0]
        blocks = [block for block in _blocks(one) if block]
        last = min((block[0].lineno - 1 for block in blocks), default=one.end_lineno or one.lineno)
        in_block = any(
            each.lineno <= line <= (each.end_lineno or each.lineno) for block in blocks for each in block
        )
        # `except` and `case` run by themselves.
        lines = (
            range(one.lineno, max(last, one.lineno) + 1)
            if line <= last or in_block
            else range(line, line + 1)
        )
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            whole = range(one.body[0].lineno, (one.end_lineno or one.lineno) + 1)
            if line > last:
                inside = inside or not isinstance(one, ast.ClassDef)
            elif isinstance(one, ast.ClassDef):
                name = one.name
        elif not inside and isinstance(one, ast.Assign | ast.AnnAssign):
            target = one.targets[0] if isinstance(one, ast.Assign) else one.target
            name = target.id if isinstance(target, ast.Name) else ""
        body = [each for block in blocks for each in block]


def _blocks(one: ast.stmt) -> list[list[ast.stmt]]:
    blocks = [getattr(one, field, []) for field in ("body", "orelse", "finalbody")]
    handlers = [handler.body for handler in getattr(one, "handlers", [])]
    cases = [case.body for case in getattr(one, "cases", [])]
    return [*blocks, *handlers, *cases]
