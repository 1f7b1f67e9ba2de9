"""Forms of an export and the names of its files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from tui.common.values import Value
from tui.domain.export.snippets import SnippetForm
from tui.domain.jobs import Job

_LONGEST_STEM: Final = 80


class ExportForm(StrEnum):
    """Forms in which a job is written to a file."""

    JSON = "json"
    """Everything: facts, circuits, result, and the service's own answer."""
    CSV = "csv"
    """A table of its result."""
    QASM = "qasm"
    """Its circuit as it was submitted, OpenQASM."""
    QPY = "qpy"
    """Its circuits in Qiskit's binary form."""
    PYTHON = "py"
    """A program for IBM's client."""
    SVG = "svg"
    """A picture."""
    PNG = "png"
    """A picture."""

    @property
    def suffix(self) -> str:
        """The end of a file's name."""
        return f".{self.value}"

    @property
    def binary(self) -> bool:
        """True for what is no text."""
        return self in {ExportForm.QPY, ExportForm.PNG}

    @property
    def picture(self) -> bool:
        """True for pictures."""
        return self in {ExportForm.SVG, ExportForm.PNG}

    @property
    def holds_several(self) -> bool:
        """True when one file takes several jobs."""
        return self not in {ExportForm.QASM, ExportForm.PYTHON}


class TableKind(StrEnum):
    """Tables of a result."""

    COUNTS = "counts"
    """A row a bit string, register and place of a sweep, with the values of its parameters."""
    VALUES = "values"
    """A row a value and step of error mitigation, with the values of its parameters."""
    SHOTS = "shots"
    """A row a shot, in their order, with a column a register."""


class PictureKind(StrEnum):
    """What a picture shows."""

    HISTOGRAM = "histogram"
    SWEEP = "sweep"
    MAP = "map"
    TIMING = "timing"


class ExportChoice(Value, frozen=True):
    """What is written of a job.

    Attributes:
        form: of the file.
        table: of CSV; `None`: counts where there are any, else values.
        picture: of SVG and PNG; `None`: the sweep where there is one, else the histogram.
        snippet: of Python.
    """

    form: ExportForm
    table: TableKind | None = None
    picture: PictureKind | None = None
    snippet: SnippetForm = SnippetForm.FETCH


def file_name(job: Job, form: ExportForm) -> str:
    """Suggest a file name for the export of a job.

    Returns:
        The job's name and id in letters that every system takes, with the suffix of the form.
    """
    stem = "-".join(part for part in (job.name, job.id) if part) or "job"
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.") or "job"
    return f"{safe[:_LONGEST_STEM]}{form.suffix}"


def file_names(jobs: Iterable[Job], form: ExportForm) -> dict[str, str]:
    """Suggest a file name for each of some jobs; no two are the same, where case does not count either.

    Returns:
        The names by the jobs' ids, in order.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for job in jobs:
        name, number = file_name(job, form), 1
        while name.casefold() in taken:
            number += 1
            name = f"{file_name(job, form).removesuffix(form.suffix)}-{number}{form.suffix}"
        names[job.id] = name
        taken.add(name.casefold())
    return names


def workload_link(job: Job) -> str:
    """Return the address of a job's page on IBM Quantum Platform; empty for a job of another service.

    The form of the address is inferred: IBM documents its API, not the addresses of its pages.
    """
    if job.service != "platform" or not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", job.id):
        return ""
    return f"https://quantum.cloud.ibm.com/workloads/{job.id}"
