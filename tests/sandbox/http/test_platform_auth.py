"""Authentication on the platform: IAM, API keys, instances, versions."""

from __future__ import annotations

import base64
import json

import pytest

from tests.sandbox.http.conftest import LATEST, Sandbox

GRANT = "urn:ibm:params:oauth:grant-type:apikey"


async def test_iam_token_is_a_jwt_with_issue_and_expiry_times(sandbox: Sandbox) -> None:
    reply = await sandbox.http.post(
        "/identity/token",
        data={"grant_type": GRANT, "apikey": sandbox.secrets.api_key, "response_type": "cloud_iam"},
    )
    body = reply.json()
    parts = body["access_token"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    assert len(parts) == 3
    assert claims["exp"] - claims["iat"] == 3600 == body["expires_in"]
    assert body["token_type"] == "Bearer"
    assert body["expiration"] == claims["exp"]
    assert body["scope"] == "ibm openid"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": GRANT, "apikey": "wrong"}, "BXNIM0415E"),
        ({"grant_type": GRANT}, "BXNIM0109E"),
        ({"apikey": "x"}, "BXNIM0109E"),
    ],
)
async def test_iam_refuses_bad_keys_with_its_own_error_codes(
    sandbox: Sandbox, form: dict[str, str], code: str
) -> None:
    reply = await sandbox.http.post("/identity/token", data=form)
    assert reply.status_code == 400
    assert reply.json()["errorCode"] == code


async def test_secrets_have_real_lengths_and_no_repr(sandbox: Sandbox) -> None:
    assert len(sandbox.secrets.api_key) == 44
    assert len(sandbox.secrets.api_token) == 128
    assert sandbox.secrets.api_key not in repr(sandbox.secrets)


@pytest.mark.parametrize("header", [None, "Bearer x.y.z", "Bearer", "Basic abc", "Bearer .."])
async def test_platform_without_a_valid_token_is_401_with_1219(sandbox: Sandbox, header: str | None) -> None:
    headers = {"Service-CRN": sandbox.service.identity.crn} | ({"Authorization": header} if header else {})
    reply = await sandbox.http.get("/api/v1/backends", headers=headers)
    assert reply.status_code == 401
    assert reply.json()["errors"][0]["code"] == 1219
    assert reply.json()["trace"]


async def test_platform_refuses_a_token_with_changed_claims(sandbox: Sandbox) -> None:
    headers = await sandbox.platform_headers()
    head, _, signature = headers["Authorization"].rpartition(".")
    forged = head[:-3] + ("AAA" if head[-3:] != "AAA" else "BBB") + "." + signature
    reply = await sandbox.http.get("/api/v1/backends", headers={**headers, "Authorization": forged})
    assert reply.status_code == 401


async def test_platform_token_expires_after_an_hour(sandbox: Sandbox) -> None:
    headers = await sandbox.platform_headers()
    assert (await sandbox.http.get("/api/v1/backends", headers=headers)).status_code == 200
    sandbox.clock.advance(3601)
    reply = await sandbox.http.get("/api/v1/backends", headers=headers)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (401, 1219)


async def test_platform_accepts_the_api_key_with_the_apikey_scheme(sandbox: Sandbox) -> None:
    headers = await sandbox.platform_headers() | {"Authorization": f"apikey {sandbox.secrets.api_key}"}
    assert (await sandbox.http.get("/api/v1/backends", headers=headers)).status_code == 200
    wrong = headers | {"Authorization": "apikey nonsense"}
    reply = await sandbox.http.get("/api/v1/backends", headers=wrong)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (401, 1201)


async def test_platform_refuses_other_instances_with_404_or_403(sandbox: Sandbox) -> None:
    headers = await sandbox.platform_headers()
    account = sandbox.service.identity.account
    sibling = (
        f"crn:v1:bluemix:public:quantum-computing:us-east:a/{account}:00000000-0000-4000-8000-000000000000::"
    )
    foreign = sibling.replace(account, "f" * 32)
    for crn, status in ((sibling, 404), (foreign, 403), ("", 403), ("nonsense", 403)):
        reply = await sandbox.http.get("/api/v1/backends", headers={**headers, "Service-CRN": crn})
        assert reply.status_code == status, crn


async def test_version_list_needs_no_token(sandbox: Sandbox) -> None:
    body = (await sandbox.http.get("/api/v1/versions")).json()
    assert body["versions"][-1] == {"version": LATEST, "status": "live"}
    assert {"version": "2025-05-01", "sunset_date": "2027-01-01", "status": "deprecated"} in body["versions"]
    assert (await sandbox.http.get("/experimental/api/v1/versions")).json() == body


async def test_ibm_cloud_services_find_the_instance(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {await sandbox.bearer()}"}
    found = await sandbox.http.post(
        "/global-search/v3/resources/search",
        headers=headers,
        params={"limit": "100"},
        json={"query": "service_name:quantum-computing", "fields": ["crn", "name"]},
    )
    item = found.json()["items"][0]
    assert item["crn"] == sandbox.service.identity.crn
    assert "extensions" in item["doc"]
    plan = await sandbox.http.get(f"/globalcatalog/api/v1/{item['service_plan_unique_id']}", headers=headers)
    assert plan.json()["overview_ui"]["en"]["display_name"] == "Open"
    assert plan.json()["metadata"]["pricing"]["type"] == "free"
    path = "/resource-controller/v2/resource_instances"
    named = await sandbox.http.get(path, headers=headers, params={"name": item["name"]})
    assert (named.json()["rows_count"], named.json()["resources"][0]["crn"]) == (1, item["crn"])
    other = await sandbox.http.get(path, headers=headers, params={"name": "another"})
    assert other.json()["rows_count"] == 0
    assert (await sandbox.http.get(path)).status_code == 401
