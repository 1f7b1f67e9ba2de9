"""`qdeck sandbox`: the embedded service alone, in the foreground."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tui.commands.shared.output import Exit, emit_line, say
from tui.config.settings import folders


def serve(
    environ: Mapping[str, str],
    *,
    port: int,
    as_json: bool,
    queue: int,
    pace: float,
    limits: str,
    archive: bool,
    recalibrate: float,
    seed: int,
    faults: Sequence[str] = (),
) -> int:
    """Serve until Ctrl+C or SIGTERM.

    Args:
        port: 0 for a free one.
        as_json: print nothing but the first line.
        queue: jobs of others ahead of each job.
        pace: simulated seconds a second.
        limits: `none` or `ibm`.
        archive: with an archived instance as well.
        recalibrate: simulated hours from one drifted calibration to the next; 0: the recorded one for good.
        seed: of the noise of the calibrations.
        faults: faults on demand, each as `tui.sandbox.faults.plan.GRAMMAR` says.

    Returns:
        The exit status.

    Raises:
        OutputClosed: whoever read stdout went away.
        QdeckError: `STORAGE`: it cannot be written.
    """
    try:
        from tui.sandbox.main import main
    except ImportError as error:
        say(
            f"qdeck: the sandbox needs {error.name or 'more libraries'}, which is not installed. "
            "Install qdeck with its extra `local`: pip install 'qdeck[local]'."
        )
        return Exit.FAILED

    def ready(info: dict[str, Any]) -> None:
        emit_line(json.dumps(info))
        if not as_json:
            for line in (
                f"SANDBOX, simulated: listening on {info['url']} until Ctrl+C.",
                "From another shell, with the key above in QISKIT_IBM_TOKEN:",
                f"  export QISKIT_IBM_INSTANCE={info['crn']}",
                f"  export QDECK_ENDPOINT_IAM={info['url']} QDECK_ENDPOINT_API={info['url']}",
                "or, for its classic face, with the token above in QISKIT_IBM_TOKEN:",
                f"  export QISKIT_IBM_CHANNEL=ibm_quantum QISKIT_IBM_INSTANCE={info['instance']}",
                f"  export QDECK_ENDPOINT_AUTH={info['classic']['auth']} "
                f"QDECK_ENDPOINT_RUNTIME={info['classic']['runtime']} "
                f"QDECK_ENDPOINT_TRANSPILER={info['classic']['transpiler']}",
            ):
                say(line)

    state = folders(environ).sandbox
    words = ["--port", str(port), "--state", str(state), "--queue", str(queue)]
    words += [word for fault in faults for word in ("--fault", fault)]
    words += ["--archive"] if archive else []
    words += ["--recalibrate", str(recalibrate), "--seed", str(seed)]
    status = main([*words, "--pace", str(pace), "--limits", limits], on_ready=ready)
    return Exit.FAILED if status else Exit.DONE
