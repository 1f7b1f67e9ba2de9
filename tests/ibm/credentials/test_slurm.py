"""Accounts of a batch job by QRMI's variables: one a QPU, keys to their own hosts alone, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.samples import make_folders
from tui.commands.shared.output import UsageFault
from tui.commands.shared.selection import ServiceChoice, choose_account, only_qpu, require_one_qpu
from tui.ibm.credentials.discovery import found_accounts
from tui.ibm.credentials.save import token_place
from tui.ibm.credentials.slurm import slurm_accounts

CRN = "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2::"


def variables(
    name: str, *, key: str = "k3y", crn: str = CRN, session: str = "", url: str = ""
) -> dict[str, str]:
    """What QRMI's plugin sets for a QPU."""
    return {
        f"{name}_QRMI_IBM_QCS_ENDPOINT": url or "https://quantum.cloud.ibm.com/api",
        f"{name}_QRMI_IBM_QCS_IAM_ENDPOINT": url or "https://iam.cloud.ibm.com",
        f"{name}_QRMI_IBM_QCS_IAM_APIKEY": key,
        f"{name}_QRMI_IBM_QCS_SERVICE_CRN": crn,
        f"{name}_QRMI_IBM_QCS_SESSION_ID": session,
    }


def test_account_of_a_qpu_has_its_hosts_its_session_and_no_one_elses() -> None:
    environ = {
        "QRMI_JOB_QPU_RESOURCES": "ibm_fez, FRESNEL,ibm_cusco",
        "QRMI_JOB_QPU_TYPES": "ibm-quantum-compute-service,pasqal-cloud,ibm-quantum-compute-service",
        "QDECK_ENDPOINT_IAM": "https://elsewhere.example",
        "QDECK_ENDPOINT_API": "https://elsewhere.example",
        **variables("ibm_fez", session="s-1"),
        **variables("ibm_cusco", url="https://qcs.lab.example/api/v1", key="other"),
    }
    warnings: list[str] = []
    fez, cusco = slurm_accounts(environ, warnings)
    assert (fez.name, fez.backend, fez.session_id, fez.instance) == ("slurm:ibm_fez", "ibm_fez", "s-1", CRN)
    assert (fez.endpoints.iam, fez.endpoints.api) == (
        "https://iam.cloud.ibm.com",
        "https://eu-de.quantum.cloud.ibm.com/api/v1",
    )
    assert (cusco.endpoints.iam, cusco.endpoints.api) == (
        "https://qcs.lab.example/api/v1",
        "https://qcs.lab.example/api/v1",
    )
    assert cusco.token.reveal() == "other" and not cusco.endpoints.search
    assert not warnings and "k3y" not in repr((fez, cusco))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ibm_fez_QRMI_IBM_QCS_IAM_APIKEY": ""}, "ibm_fez_QRMI_IBM_QCS_IAM_APIKEY is not set"),
        (
            {"ibm_fez_QRMI_IBM_QCS_IAM_APIKEY": "", "ibm_fez_QRMI_IBM_QRS_IAM_APIKEY": "k3y"},
            "Update its plugin",
        ),
        ({"ibm_fez_QRMI_IBM_QCS_ENDPOINT": "http://far.example"}, "not encrypted"),
    ],
)
def test_qpu_that_cannot_be_used_is_a_warning_without_the_key(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    environ = {"HOME": str(tmp_path), "QRMI_JOB_QPU_RESOURCES": "ibm_fez", **variables("ibm_fez"), **changes}
    found = found_accounts(environ, make_folders(tmp_path))
    assert not found.accounts
    (warning,) = found.warnings
    assert said in warning and "k3y" not in warning


def test_qpu_is_chosen_by_backend_or_by_account(tmp_path: Path) -> None:
    environ = {
        "HOME": str(tmp_path),
        "QRMI_JOB_QPU_RESOURCES": "ibm_fez,ibm_cusco",
        "QISKIT_IBM_TOKEN": "own",
    }
    environ |= variables("ibm_fez") | variables("ibm_cusco", key="other")
    found = found_accounts(environ, make_folders(tmp_path)).accounts
    assert [one.name for one in found] == ["slurm:ibm_fez", "slurm:ibm_cusco", "environment"]

    def chosen(**said: str) -> str:
        account = choose_account(found, ServiceChoice(**said))  # type: ignore[arg-type]
        assert account is not None
        return account.name

    assert chosen(backend="ibm_cusco") == "slurm:ibm_cusco"
    assert chosen(account="slurm:ibm_fez") == "slurm:ibm_fez"
    assert chosen(account="environment", backend="ibm_other") == "environment"
    with pytest.raises(UsageFault, match=r"ibm_fez, ibm_cusco\. Choose one by -b"):
        chosen()
    with pytest.raises(UsageFault, match=r"not ibm_other\. --account environment takes"):
        chosen(backend="ibm_other")
    assert only_qpu(found) is None and only_qpu(found[:1]) == found[0]


def test_qpus_of_one_instance_need_no_choice_to_list_its_jobs(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "QRMI_JOB_QPU_RESOURCES": "ibm_fez,ibm_cusco"}
    environ |= variables("ibm_fez", session="a") | variables("ibm_cusco", session="b")
    found = found_accounts(environ, make_folders(tmp_path)).accounts
    assert len(found) == 2 and choose_account(found, ServiceChoice()) == found[0]
    with pytest.raises(UsageFault, match="several QPUs"):
        require_one_qpu(found, ServiceChoice())
    require_one_qpu(found, ServiceChoice(backend="ibm_fez"))
    require_one_qpu(found[:1], ServiceChoice())
    assert token_place(found[0]) == "environment"
