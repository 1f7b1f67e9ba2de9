"""Change the code in small ways, one at a time, and see whether the tests notice.

    python -m tests.tools.mutation record [-- ARGUMENTS OF PYTEST]
    python -m tests.tools.mutation run [--seed N] [--count N] [--jobs N] [--out FILE]
    python -m tests.tools.mutation again FILE [--jobs N] [--out FILE]
    python -m tests.tools.mutation show FILE

`record` runs all tests once and writes down which test runs which line (`tests.tools.covering_tests`). `run`
takes a sample of mutants of the modules named in `[tool.mutation]` of `pyproject.toml`: places are drawn with
the seed, then one change at each. For every mutant only the tests are run that run its line, the quickest
first, until one fails: the others cannot notice it. What they let through is shown to the tests of
`[tool.mutation] elsewhere`, whose processes the record does not see. `again` repeats the mutants of a file
that were not killed, found again by their text, after tests were written. Tests that do not end count as
failed.

Mutations are cosmic-ray's; those that change annotations alone are left out. The files are changed in a copy
of the repository, one a job. Needs `pip install -e ".[mutation]"`.
"""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import queue
import random
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.covering_tests import CoveringTests, record

ROOT = Path(__file__).parents[2]
RECORD = ROOT / ".mutation"
_LISTED, _SAID = "tests.txt", "said.txt"
_PROCESSES = multiprocessing.get_context("forkserver")
# What is imported before it is forked is not imported anew for every mutant: two thirds of the time.
_PROCESSES.set_forkserver_preload(
    [
        *("pytest", "_pytest.assertion.rewrite", "pytest_asyncio", "xdist.plugin", "syrupy", "hypothesis"),
        *("textual.app", "httpx", "tinydb", "msgspec", "pygments", "certifi", "filelock"),
    ]
)
_FIRST = 10.0
"""Seconds of tests, as recorded, that are tried before all others."""
_START, _SLOWER = 90.0, 8.0
"""Seconds that pytest may take before its tests, and how many times as long as recorded they may take."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of one file.

    Attributes:
        path: of the file, relative to the root.
        line: where, counted from 1.
        operator: cosmic-ray's name of the kind of change.
        occurrence: which of the places in the file where this kind is possible.
        before, after: the line's text.
        nth: how many lines of the file before it have the same text.
        outcome: `killed`, `survived`, `gone` (its line is not there any more); empty: not tried.
        killer: the test that failed, or `timeout`.
        tests: how many tests run the line.
    """

    path: str
    line: int
    operator: str
    occurrence: int
    before: str
    after: str
    nth: int = 0
    outcome: str = ""
    killer: str = ""
    tests: int = 0


def settings() -> dict[str, Any]:
    """Return the table `[tool.mutation]`."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutation"]
    return table


def mutants_of(path: str, operators: Sequence[str]) -> Iterator[tuple[tuple[int, int], Mutant]]:
    """Yield all mutants of a file, each with the position that it changes."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator

    source = (ROOT / path).read_text()
    lines = source.splitlines()
    tree = get_ast(source)
    for name in operators:
        operator = get_operator(f"core/{name}")()
        occurrence = 0
        for node in ast_nodes(tree):
            left_out = _is_left_out(node)
            for start, _ in operator.mutation_positions(node):
                text = lines[start[0] - 1]
                nth = sum(line.strip() == text.strip() for line in lines[: start[0] - 1])
                if not left_out:
                    yield start, Mutant(path, start[0], name, occurrence, text.strip(), "", nth)
                occurrence += 1


def _is_left_out(node: Any) -> bool:
    """Return whether changing a node of parso's is no mutation of what the code does.

    `*` and `/` between parameters are no operators. That a class is frozen or has slots, and that `zip` is
    strict, forbids what no code here does: a test cannot notice it.
    """
    parent = node.parent
    if parent is None:
        return False
    return parent.type == "parameters" or (
        parent.type == "argument" and parent.children[0].get_code().strip() in ("frozen", "slots", "strict")
    )


def mutated(mutant: Mutant) -> tuple[str, Mutant] | None:
    """Return the file's changed text and the mutant with its line's new one; `None`: nothing would change."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = (ROOT / mutant.path).read_text()
    try:
        text = mutate_code(source, get_operator(f"core/{mutant.operator}")(), mutant.occurrence)
        if text is None or _meaning(text) == _meaning(source):
            return None
    except (AttributeError, SyntaxError):
        # cosmic-ray fails at `except module.Error`.
        return None
    old, new = source.splitlines(), text.splitlines()
    after = new[mutant.line - 1] if len(new) == len(old) else "..."
    return text, replace(mutant, after=after.strip())


class _WithoutAnnotations(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _meaning(source: str) -> str:
    return ast.dump(_WithoutAnnotations().visit(ast.parse(source)))


def sample(seed: int, count: int) -> list[Mutant]:
    """Return a sample: places drawn with the seed from all modules alike, and one mutant of each place."""
    table = settings()
    places: dict[tuple[str, tuple[int, int]], list[Mutant]] = {}
    paths = sorted({str(it.relative_to(ROOT)) for module in table["modules"] for it in ROOT.glob(module)})
    for path in paths:
        for start, mutant in mutants_of(path, table["operators"]):
            places.setdefault((path, start), []).append(mutant)
    chance = random.Random(seed)
    order = sorted(places)
    chance.shuffle(order)
    chosen: list[Mutant] = []
    for place in order:
        if len(chosen) == count:
            break
        one = mutated(chance.choice(places[place]))
        if one is not None:
            chosen.append(one[1])
    return sorted(chosen, key=lambda one: (one.path, one.line))


def found_again(mutant: Mutant) -> Mutant | None:
    """Return the same mutant in the file as it is now; `None`: its line is not there any more."""
    if not (ROOT / mutant.path).exists():
        return None
    for _, now in mutants_of(mutant.path, [mutant.operator]):
        if now.before == mutant.before and now.nth == mutant.nth:
            done = mutated(now)
            if done is not None and done[1].after == mutant.after:
                return done[1]
    return None


# running


class Copies:
    """Copies of the repository, one for each mutant that is tried at the same time."""

    def __init__(self, folder: Path, count: int) -> None:
        self.free: queue.Queue[Path] = queue.Queue()
        for number in range(count):
            copy = folder / f"copy{number}"
            copy.mkdir()
            for name in ("tui", "tests", "assets"):
                skipped = shutil.ignore_patterns("__pycache__", ".*_cache")
                shutil.copytree(ROOT / name, copy / name, ignore=skipped)
            for name in ("pyproject.toml", "README.md"):
                shutil.copy(ROOT / name, copy / name)
            self.free.put(copy)


def _run_pytest(copy: Path, tests: Sequence[str]) -> None:
    """Run tests in a copy, in this new process: it ends with pytest's status, its output is in a file."""
    os.setsid()
    os.chdir(copy)
    sys.path[:] = [str(copy), *(path for path in sys.path if path not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "tui")]:
        del sys.modules[name]
    os.environ.update(PYTHONPATH=str(copy), PYTHONDONTWRITEBYTECODE="1")
    (copy / _LISTED).write_text("\n".join(tests))
    with (copy / _SAID).open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    words = ["-x", "-q", "-n0", "-p", "no:cacheprovider", "--tb=no", "-rfE", "-m", "slow or not slow"]
    os._exit(pytest.main([*words, f"@{copy / _LISTED}"]))


def _failing_test(copy: Path, tests: Sequence[str], limit: float) -> str:
    """Run tests in their order until one fails; return it, or `timeout`; empty: all passed."""
    process = _PROCESSES.Process(target=_run_pytest, args=(copy, tests))
    process.start()
    assert process.pid is not None
    process.join(limit)
    status = process.exitcode
    # With all that its tests started.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
    if status is None:
        return "timeout"
    if status == 0:
        return ""
    if status == pytest.ExitCode.USAGE_ERROR and any("[" in test for test in tests):
        # The names of parametrised tests may hold what was changed.
        return _failing_test(copy, list(dict.fromkeys(test.partition("[")[0] for test in tests)), 2 * limit)
    lines = (copy / _SAID).read_text(errors="replace").splitlines()
    failed = [line.split()[1] for line in lines if line.startswith(("FAILED ", "ERROR "))]
    return failed[0] if failed else f"pytest ended with {status}: {' '.join(lines[-1:])}"


def attempt(mutant: Mutant, copy: Path, covering: CoveringTests, elsewhere: Sequence[str]) -> Mutant:
    """Return the mutant with its outcome."""
    made = mutated(mutant)
    assert made is not None
    file = copy / mutant.path
    original = file.read_text()
    tests = covering.of_place(mutant.path, mutant.line)
    first: list[str] = []
    total = 0.0
    for test in tests:
        total += covering.seconds[test]
        if first and total > _FIRST:
            break
        first.append(test)
    others = [
        test for test in covering.seconds if test.startswith(tuple(elsewhere)) and test not in set(tests)
    ]
    killer = ""
    file.write_text(made[0])
    try:
        for group in (first, tests[len(first) :], others):
            if group and not killer:
                seconds = sum(covering.seconds[test] for test in group)
                killer = _failing_test(copy, group, _START + _SLOWER * seconds)
    finally:
        file.write_text(original)
    return replace(made[1], outcome="killed" if killer else "survived", killer=killer, tests=len(tests))


def try_all(mutants: Sequence[Mutant], jobs: int, out: Path) -> list[Mutant]:
    """Try the mutants, that many at a time; the outcomes so far are in the file."""
    covering = CoveringTests(ROOT, RECORD)
    elsewhere = settings()["elsewhere"]
    done: list[Mutant] = []
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copies = Copies(Path(folder), jobs)

        def one(mutant: Mutant) -> Mutant:
            copy = copies.free.get()
            try:
                return attempt(mutant, copy, covering, elsewhere)
            finally:
                copies.free.put(copy)

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            started = time.monotonic()
            for ended in concurrent.futures.as_completed([pool.submit(one, mutant) for mutant in mutants]):
                done.append(ended.result())
                out.write_text(json.dumps([asdict(it) for it in done], indent=1))
                print(
                    f"{len(done)}/{len(mutants)} {time.monotonic() - started:5.0f} s",
                    _line(done[-1]),
                    flush=True,
                )
    return done


def _line(mutant: Mutant) -> str:
    said = mutant.killer or f"{mutant.tests} tests"
    return (
        f"{mutant.outcome:8} {mutant.path}:{mutant.line} {mutant.operator}\n"
        f"      - {mutant.before}\n      + {mutant.after}\n      ({said})"
    )


def show(mutants: Sequence[Mutant]) -> None:
    """Print what survived, and the figures of each folder."""
    for mutant in mutants:
        if mutant.outcome != "killed":
            print(_line(mutant))
    folders = Counter(mutant.path.rpartition("/")[0] for mutant in mutants)
    for folder, count in sorted(folders.items()):
        killed = sum(it.outcome == "killed" and it.path.rpartition("/")[0] == folder for it in mutants)
        print(f"{folder:40} {killed:4} of {count:4}")
    killed = sum(it.outcome == "killed" for it in mutants)
    print(f"killed: {killed} of {len(mutants)}, {100 * killed / max(len(mutants), 1):.1f} %")


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("action", choices=("record", "run", "again", "show"))
    parser.add_argument("arguments", nargs="*", help="a file of outcomes; for record: arguments for pytest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if asked.action == "record":
        return record(ROOT, RECORD, asked.arguments)
    if asked.action == "run":
        out = asked.out or RECORD / f"seed-{asked.seed}.outcomes"
        show(try_all(sample(asked.seed, asked.count), asked.jobs, out))
        return 0
    before = [Mutant(**it) for it in json.loads(Path(asked.arguments[0]).read_text())]
    if asked.action == "again":
        now = {mutant: found_again(mutant) for mutant in before if mutant.outcome != "killed"}
        gone = [replace(mutant, outcome="gone") for mutant, it in now.items() if it is None]
        out = asked.out or Path(asked.arguments[0])
        before = [it for it in before if it.outcome == "killed"] + gone
        before += try_all(
            [it for it in now.values() if it is not None], asked.jobs, RECORD / "again.outcomes"
        )
        out.write_text(json.dumps([asdict(it) for it in before], indent=1))
    show(before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
