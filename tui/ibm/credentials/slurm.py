"""Accounts that a batch system gives a job: QRMI's variables, which its plugins for Slurm set.

`QRMI_JOB_QPU_RESOURCES` names the QPUs of the job, with commas between; each has variables of its own,
`{name}_QRMI_IBM_QCS_ENDPOINT`, `_IAM_ENDPOINT`, `_IAM_APIKEY`, `_SERVICE_CRN` and `_SESSION_ID`. The key of a
QPU goes to the hosts that are named with it, whatever else the environment says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from tui.common.errors import QdeckError
from tui.common.safe_text import Secret, plain
from tui.domain.accounts import Account, Channel
from tui.ibm.transport.endpoints import DEFAULT_REGION, IAM_VARIABLE, endpoints_for

RESOURCES = "QRMI_JOB_QPU_RESOURCES"
TYPES = "QRMI_JOB_QPU_TYPES"
DELIMITER = "QRMI_LIST_DELIMITER"
SOURCE = "Slurm (QRMI)"
NAME_PREFIX = "slurm:"
"""Before the name of a QPU: what its account is called."""
_IBM = {"", "ibm-quantum-compute-service", "qiskit-runtime-service"}
"""Types of QPUs that IBM's service has; one that is not told is taken to be one."""
_MOST = 64
_PREFIX, _OLD_PREFIX = "_QRMI_IBM_QCS_", "_QRMI_IBM_QRS_"


def slurm_accounts(environ: Mapping[str, str], warnings: list[str]) -> Iterator[Account]:
    """Yield the account of each QPU of the batch job that qdeck runs in.

    Args:
        environ: the environment.
        warnings: gets a sentence about each QPU that cannot be used; never a key.
    """
    delimiter = environ.get(DELIMITER, "") or ","
    names = [name.strip() for name in environ.get(RESOURCES, "").split(delimiter)[:_MOST]]
    types = [kind.strip() for kind in environ.get(TYPES, "").split(delimiter)[:_MOST]]
    for name, kind in zip_longest(names, types, fillvalue=""):
        if not name or kind not in _IBM:
            continue
        try:
            account = _account(name, environ)
        except QdeckError as error:
            warnings.append(f"{SOURCE}: {plain(name, limit=60)}: {error}")
            continue
        if account is None:
            missing = _missing(name, environ)
            warnings.append(f"{SOURCE}: {plain(name, limit=60)} cannot be used: {missing}")
        else:
            yield account


def _missing(name: str, environ: Mapping[str, str]) -> str:
    if environ.get(f"{name}{_OLD_PREFIX}IAM_APIKEY"):
        return "its variables have the names of QRMI before November 2026 (QRS, not QCS). Update its plugin."
    return f"{plain(name, limit=60)}{_PREFIX}IAM_APIKEY is not set."


def _account(name: str, environ: Mapping[str, str]) -> Account | None:
    """Return the account of a QPU; `None`: there is no key for it.

    Raises:
        QdeckError: `SETTINGS` for a host that is not allowed.
    """

    def said(what: str) -> str:
        return environ.get(f"{name}{_PREFIX}{what}", "").strip()

    key, crn = said("IAM_APIKEY"), said("SERVICE_CRN")
    if not key:
        return None
    parts = crn.split(":")
    region = parts[5] if crn.startswith("crn:") and len(parts) > 5 and parts[5] else DEFAULT_REGION
    endpoints = endpoints_for(
        Channel.PLATFORM, {IAM_VARIABLE: said("IAM_ENDPOINT")}, url=said("ENDPOINT"), region=region
    )
    return Account(
        f"{NAME_PREFIX}{name}",
        Channel.PLATFORM,
        Secret(key),
        endpoints,
        crn,
        SOURCE,
        backend=name,
        session_id=said("SESSION_ID"),
    )
