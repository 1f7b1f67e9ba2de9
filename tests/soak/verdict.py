"""The history of a run beside the jobs of the service.

At the end each submission in the history is compared with the service's jobs, by its own tag: one that has
two jobs is doubled, one that the history calls accepted and the service does not have is lost, and so is
one that is still open. A job that the service has under a tag of qdeck's and the history has not is lost too.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.soak.program import ROOT, Report
from tests.soak.service import SoakSandbox
from tests.soak.user import User
from tests.store.samples import make_folders, read_tables

_OPEN = ("prepared", "sending", "unconfirmed")


def verdict(sandbox: SoakSandbox, home: Path, report: Report) -> int:
    """Compare the history with the service; how many jobs are lost or doubled."""
    tables = read_tables(make_folders(home / "qdeck"))
    submissions = list(tables.get("submissions", {}).values())
    ours: Counter[str] = Counter()
    on_service = {}
    for job in sandbox.jobs():
        on_service[job["id"]] = job
        ours.update(tag for tag in json.loads(job["tags"]) if tag.startswith("qdeck-"))
    known = {str(row["id"]) for row in tables.get("jobs", {}).values()}
    states = Counter(str(row["state"]) for row in submissions)
    doubled = [tag for tag, count in ours.items() if count > 1]
    accepted = [str(row["tag"]) for row in submissions if row["state"] == "accepted"]
    lost = [tag for tag in accepted if not ours[tag]]
    still_open = [row for row in submissions if row["state"] in _OPEN]
    wrong = [row for row in submissions if row["state"] in ("unsent", "refused") and ours[str(row["tag"])]]
    unknown = [job for job in on_service if job not in known]
    untold = set(ours) - {str(row["tag"]) for row in submissions}
    report.line(f"submissions {len(submissions)}: {dict(states)}; jobs on the service {len(on_service)}")
    for name, found in (
        ("doubled", doubled),
        ("accepted, but not on the service", lost),
        ("still open", still_open),
        ("called not created, but on the service", wrong),
        ("on the service, not in the history", unknown),
        ("on the service, without a submission", sorted(untold)),
    ):
        report.line(f"{name}: {len(found)} {found[:5] if found else ''}")
    return len(doubled) + len(lost) + len(still_open) + len(wrong) + len(unknown) + len(untold)


class Behind(NamedTuple):
    """How far the history is behind the service."""

    open_submissions: int
    unknown_jobs: int
    other_status: int


def behind(sandbox: SoakSandbox, home: Path) -> Behind:
    """Compare the history with the service as they are now."""
    tables = read_tables(make_folders(home / "qdeck"))
    known = {str(row["id"]): str(row["status"]) for row in tables.get("jobs", {}).values()}
    on_service = sandbox.jobs()
    return Behind(
        sum(row["state"] in _OPEN for row in tables.get("submissions", {}).values()),
        sum(job["id"] not in known for job in on_service),
        sum(known.get(job["id"], "done") != "done" for job in on_service),
    )


async def catch_up(sandbox: SoakSandbox, home: Path, report: Report, seconds: float) -> float:
    """Wait until the history is no longer behind, and report each step; seconds that it took."""
    began, before = time.monotonic(), Behind(-1, -1, -1)
    while (now := behind(sandbox, home)) != (0, 0, 0) and time.monotonic() - began < seconds:
        if now != before:
            report.line(f"behind after {time.monotonic() - began:.0f} s: {now}")
            before = now
        await asyncio.sleep(1)
    took = time.monotonic() - began
    report.line(f"caught up after {took:.0f} s: {now == (0, 0, 0)}")
    return took


def check_history(environ: dict[str, str]) -> str:
    """What `qdeck history check` says."""
    command = [sys.executable, "-m", "tui", "history", "check"]
    said = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return f"exit status {said.returncode}: {said.stdout.strip()} {said.stderr.strip()}"


async def conclude(user: User, sandbox: SoakSandbox, home: Path, report: Report) -> int:
    """End the app and write the verdict; how many jobs are lost or doubled."""
    report.line(f"ended {await user.program.end():.2f} s after SIGTERM, status {user.program.status}")
    report.line(f"requests: {dict(sandbox.network.requests.most_common(12))}")
    wrong = verdict(sandbox, home, report)
    report.line(f"history: {check_history(sandbox.environ(home))}")
    report.line(f"lost, doubled or unknown: {wrong}")
    return wrong
