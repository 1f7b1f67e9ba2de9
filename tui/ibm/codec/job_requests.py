"""What is sent of jobs: the body of a submission and the filters of a list (contract 3.2, 5.6, 5.7)."""

from __future__ import annotations

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.jobs import JobQuery, Primitive
from tui.domain.pubs.inputs import Pub
from tui.domain.pubs.observables import parse_observable
from tui.domain.submissions import MAX_SECONDS, MAX_TAG_LENGTH, MAX_TAGS, Submission
from tui.ibm.codec.decoding import stamp
from tui.ibm.codec.jobs import EXECUTOR


def query_parameters(query: JobQuery) -> list[tuple[str, str]]:
    """Return the filters as query parameters; tags repeat the key."""
    parameters: list[tuple[str, str]] = [
        ("limit", str(max(1, min(query.limit, 200)))),
        ("offset", str(max(0, query.offset))),
        ("exclude_params", "true"),
        ("sort", "DESC"),
    ]
    if query.pending is not None:
        parameters.append(("pending", "true" if query.pending else "false"))
    for name, value in (
        ("backend", query.backend),
        ("program", query.program),
        ("session_id", query.session_id),
        ("created_after", stamp(query.created_after) if query.created_after else ""),
        ("created_before", stamp(query.created_before) if query.created_before else ""),
    ):
        if value:
            parameters.append((name, value))
    parameters.extend(("tags", tag) for tag in query.tags)
    return parameters


def job_body(submission: Submission) -> dict[str, object]:
    """Return the body that both generations take; the classic one adds where to bill it.

    A submission with params was prepared: as a program of the executor, as IBM's client does (5.16), or as
    the service's own primitive. Of others the params are written as the REST interface takes them (OpenQASM
    text, Pauli strings, `null` for no parameter values), and results are asked for in the plain form:
    `support_qiskit` is false, so neither needs Qiskit. It and `version` are always sent, for the sources give
    two defaults (contract 5.6).
    `start_session` is never sent: without it a job starts none, and since March 2024 the service refuses it;
    sessions are opened by `POST /sessions`.

    Raises:
        QdeckError: `INVALID` for what the service would refuse.
    """
    check_tags(submission.tags)
    body: dict[str, object] = {
        "program_id": EXECUTOR if submission.runs_executor else submission.primitive.value,
        "backend": submission.backend,
        "params": msgspec.Raw(submission.params.encode()) if submission.params else own_params(submission),
    }
    if submission.tags:
        body["tags"] = list(submission.tags)
    if submission.session_id:
        body["session_id"] = submission.session_id
    if submission.max_seconds is not None:
        if not 1 <= submission.max_seconds <= MAX_SECONDS:
            raise QdeckError(ErrorKind.INVALID, f"A job may run 1 to {MAX_SECONDS} QPU seconds.")
        body["cost"] = submission.max_seconds
    if submission.private:
        body["private"] = True
    if submission.log_level is not None:
        body["log_level"] = submission.log_level.value
    return body


def check_tags(tags: tuple[str, ...]) -> None:
    """Refuse tags that the service would refuse.

    Raises:
        QdeckError: `INVALID`.
    """
    if len(tags) > MAX_TAGS:
        raise QdeckError(ErrorKind.INVALID, f"A job takes at most {MAX_TAGS} tags, not {len(tags)}.")
    if any(not tag or len(tag) > MAX_TAG_LENGTH for tag in tags):
        raise QdeckError(ErrorKind.INVALID, f"A tag has 1 to {MAX_TAG_LENGTH} characters.")


def own_params(submission: Submission) -> dict[str, object]:
    """Return the params of the service's own primitive (contract 3.2, 5.6).

    Values of parameters are arrays of shape `(*sweep, parameters)`, as IBM's client sends them: by name, an
    array's last axis could be the sweep's or that of a vector of parameters. Several observables stand before
    the axes of the sweep, one alone is broadcast over it.

    Raises:
        QdeckError: `INVALID` for what the service would refuse, `CIRCUIT` for parameters without values.
    """
    if submission.primitive is Primitive.SAMPLER and submission.shots is not None and submission.shots < 1:
        raise QdeckError(ErrorKind.INVALID, "A sampler needs at least 1 shot.")
    if submission.precision is not None and not submission.precision > 0:
        raise QdeckError(ErrorKind.INVALID, "The precision must be greater than 0.")
    pubs = [_pub(submission, pub) for pub in submission.pubs]
    return {"pubs": pubs, "version": 2, "support_qiskit": False}


def encoded_params(submission: Submission) -> str:
    """Return the params of the service's own primitive as JSON text, as `own_params` has them."""
    return msgspec.json.encode(own_params(submission)).decode()


def _pub(submission: Submission, pub: Pub) -> list[object]:
    rest: list[object] = [_values(pub)]
    if submission.primitive is Primitive.SAMPLER:
        rest.append(submission.shots)
        written: list[object] = [pub.qasm]
    else:
        if not pub.observables:
            message = "An estimator needs at least one observable."
            raise QdeckError(ErrorKind.INVALID, message, "Give one, e.g. ZZ.")
        rest.append(submission.precision)
        written = [pub.qasm, _observables(pub)]
    while rest and rest[-1] is None:
        rest.pop()
    return written + rest


def _values(pub: Pub) -> list[object] | None:
    given = pub.sweep.names if pub.sweep is not None else ()
    if missing := [name for name in pub.parameters if name not in given]:
        raise QdeckError(
            ErrorKind.CIRCUIT,
            f"The circuit has free parameters without values: {plain(', '.join(missing), limit=200)}.",
            "Give each a value, a list or a range.",
        )
    return None if pub.sweep is None or not pub.parameters else pub.sweep.nested(pub.parameters)


def _observables(pub: Pub) -> object:
    written: list[object] = []
    for text in pub.observables:
        terms = dict(parse_observable(text).terms)
        written.append(text if terms == {text: 1.0} else terms)
    axes = len(pub.sweep.shape) if pub.sweep is not None and pub.parameters else 0
    if axes and len(written) == 1:
        return written[0]
    for _ in range(axes):
        written = [[one] for one in written]
    return written
