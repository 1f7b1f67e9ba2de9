"""A job's circuit in the editor again, with the choices it was run with, for the next run of it."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Mapping
from typing import Final

from tui.common.errors import QdeckError
from tui.common.safe_text import shorten
from tui.domain.circuits import Maker, TranspileOptions
from tui.domain.jobs import Job, Primitive
from tui.domain.primitives import Decoupling, PrimitiveOptions, nested_options
from tui.domain.pubs.inputs import PubInputs, decode_inputs
from tui.domain.pubs.sweeps import Sweep
from tui.domain.submissions import OWN_TAG, Submission, slurm_tag
from tui.monitor.state.events import Severity
from tui.screens.base import SectionScreen
from tui.widgets.forms.form_values import FormValues, fields_of_options

_MOST_VALUES: Final = 200
"""Values of a parameter that are typed again; a longer list was a file."""


async def ask_edit(screen: SectionScreen, job: Job, pub: int = 0) -> None:
    """Open the job's circuit in the editor, beside what is there, with the choices it was run with.

    Args:
        screen: from which it is asked.
        job: the job.
        pub: which of its circuits, from 0.
    """
    whole = await screen.services.jobs.with_texts(job.id) or job
    text = (whole.source or whole.circuit) if not pub else ""
    if not text:
        # The service may still have it.
        with contextlib.suppress(QdeckError):
            text = (await screen.services.jobs.circuits(job.id))[pub]
    if not text:
        screen.shell.show_notice("The circuit of this job is not known here.", Severity.WARNING)
        return
    inputs = decode_inputs(job.inputs)
    one = inputs[pub] if pub < len(inputs) else PubInputs(job.name, job.observables)
    workspace = screen.workspace
    workspace.open(one.name or job.name or "untitled", text)
    workspace.candidate = None
    workspace.candidate_source = ""
    given = screen.services.jobs.submission(job.id)
    workspace.front.run = _form_values(job, given, one)
    troubles = [_take_backend(screen, job), _take_session(screen, job)]
    if not _typed_again(one.sweep):
        troubles.append("Name the file of its parameters again.")
    trouble = " ".join(filter(None, troubles))
    choices = ", ".join(filter(None, (workspace.backend, *_take_options(screen, job), *_words(job, given))))
    alone = "in its session" if workspace.session_id else "alone"
    screen.shell.show_notice(
        f"{trouble} As the job ran: {shorten(choices, 120)}, {alone}.".lstrip(),
        Severity.WARNING if trouble else Severity.INFORMATION,
    )
    screen.shell.go("editor")


def _take_backend(screen: SectionScreen, job: Job) -> str:
    """Choose the job's backend; returns what to tell where it is not there."""
    if job.backend not in {backend.name for backend in screen.services.backends.all()}:
        return f"{shorten(job.backend, 40)} is not offered now: choose another backend."
    screen.workspace.backend, screen.workspace.backend_picked = job.backend, True
    screen.workspace.choices_given = True
    return ""


def _take_options(screen: SectionScreen, job: Job) -> list[str]:
    """Choose how the circuit was transpiled, as far as the review can ask for it; returns it in words."""
    made = screen.services.jobs.transpilation(job.id)
    if made is None:
        return []
    options, workspace = made.options, screen.workspace
    identity = screen.services.connection.identity
    if options.cloud and not (identity is not None and identity.cloud_transpiler):
        options = TranspileOptions(options.optimization_level)
    workspace.choices_given = True
    workspace.search = not options.cloud and options.maker is not Maker.QISKIT
    if workspace.search:
        return [f"level best (it was made by {options.maker.word})"]
    workspace.options = options
    seed = "" if options.seed is None else f" seed {options.seed}"
    return [f"level {options.optimization_level}{seed}{' in the cloud' if options.cloud else ''}"]


def _take_session(screen: SectionScreen, job: Job) -> str:
    """Choose the job's session as long as it takes jobs, else none; returns what to tell then."""
    there = {session.id for session in screen.services.sessions.all() if session.takes_jobs}
    open_now = job.session_id in there
    screen.workspace.use_session(job.session_id if open_now else "")
    return "Its session takes no more jobs." if job.session_id and not open_now else ""


def _words(job: Job, given: Submission | None) -> list[str]:
    """What the form is filled with, in a few words."""
    shots = job.shots if given is None else given.shots
    options = _options(job, given).words
    precision = _precision(job, given)
    return [
        f"{shots:,} shots" if shots is not None and job.primitive != Primitive.ESTIMATOR else "",
        f"precision {precision:g}" if precision is not None and job.primitive == Primitive.ESTIMATOR else "",
        options,
        f"at most {given.max_seconds} s" if given is not None and given.max_seconds is not None else "",
    ]


def _form_values(job: Job, given: Submission | None, inputs: PubInputs) -> FormValues:
    estimator = job.primitive == Primitive.ESTIMATOR
    precision = _precision(job, given)
    own = {slurm_tag({"SLURM_JOB_ID": job.slurm_job})}
    tags = [tag for tag in job.tags if not OWN_TAG.fullmatch(tag) and tag not in own]
    fields: dict[str, Hashable] = {
        "primitive": Primitive.ESTIMATOR if estimator else Primitive.SAMPLER,
        "tags": ", ".join(tags),
        "private": job.private,
        **fields_of_options(_options(job, given)),
    }
    shots = job.shots if given is None else given.shots
    if shots is not None:
        fields["shots"] = str(shots)
    if precision is not None:
        fields["precision"] = str(precision)
    if estimator:
        fields["observables"] = ", ".join(inputs.observables or job.observables)
    if given is not None and given.max_seconds is not None:
        fields["max-seconds"] = str(given.max_seconds)
    sweep = inputs.sweep
    if sweep is None or not _typed_again(sweep):
        return FormValues(fields)
    if len(sweep.shape) < 2:
        fields["combine"] = len(sweep.columns) > 1 and bool(sweep.shape)
    return FormValues(fields, _parameters(sweep))


def _parameters(sweep: Sweep) -> Mapping[str, str]:
    return {column.name: ", ".join(map(repr, column.values)) for column in sweep.columns}


def _typed_again(sweep: Sweep | None) -> bool:
    """Return whether the form's fields can say a sweep: all values of an axis of their own, or all of one."""
    if sweep is None:
        return True
    axes = [column.axis for column in sweep.columns if column.axis is not None]
    short = all(len(column.values) <= _MOST_VALUES for column in sweep.columns)
    return short and (len(set(axes)) == len(axes) or len(set(axes)) < 2)


def _options(job: Job, given: Submission | None) -> PrimitiveOptions:
    """Error suppression and mitigation as asked for from here, else as the service tells."""
    if given is not None:
        return given.options
    told = nested_options(job.options)
    twirling, decoupling = _group(told, "twirling"), _group(told, "dynamical_decoupling")
    level = told.get("resilience_level")
    sequence = decoupling.get("sequence_type", Decoupling.XX)
    decouples = decoupling.get("enable") is True and sequence in set(Decoupling)
    return PrimitiveOptions(
        twirl_gates=_switch(twirling.get("enable_gates")),
        twirl_measures=_switch(twirling.get("enable_measure")),
        decoupling=Decoupling(str(sequence)) if decouples else Decoupling.NONE,
        resilience=level if isinstance(level, int) and level in range(3) else None,
    )


def _group(told: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def _switch(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _precision(job: Job, given: Submission | None) -> float | None:
    if given is not None:
        return given.precision
    told = nested_options(job.options)
    value = told.get("precision", told.get("default_precision"))
    return float(value) if isinstance(value, int | float) and 0 < value < 1 else None
