from __future__ import annotations

import pytest

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel, Endpoints
from tui.ibm.transport.endpoints import (
    check_url,
    classic_endpoints,
    endpoints_for,
    for_instance,
    hosts_of,
    platform_endpoints,
    sandbox_endpoints,
)

EU = "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2::"


def test_platform_endpoints_default_to_ibm() -> None:
    assert platform_endpoints() == Endpoints(
        iam="https://iam.cloud.ibm.com",
        api="https://quantum.cloud.ibm.com/api/v1",
        search="https://api.global-search-tagging.cloud.ibm.com",
        catalog="https://globalcatalog.cloud.ibm.com",
        resources="https://resource-controller.cloud.ibm.com",
    )


@pytest.mark.parametrize(
    ("region", "url", "api"),
    [
        ("eu-de", "", "https://eu-de.quantum.cloud.ibm.com/api/v1"),
        ("us-east", "https://cloud.ibm.com", "https://quantum.cloud.ibm.com/api/v1"),
        ("eu-de", "https://cloud.ibm.com", "https://eu-de.quantum.cloud.ibm.com/api/v1"),
        ("", "https://eu-de.quantum.cloud.ibm.com/api/v1", "https://eu-de.quantum.cloud.ibm.com/api/v1"),
        ("", "https://quantum.cloud.ibm.com", "https://quantum.cloud.ibm.com/api/v1"),
        ("", "https://test.cloud.ibm.com", "https://quantum.test.cloud.ibm.com/api/v1"),
        ("eu-de", "https://host.example", "https://host.example/api/v1"),
        ("", "https://host.example/api/", "https://host.example/api/v1"),
        ("", "http://127.0.0.1:8/experimental/api/v1", "http://127.0.0.1:8/experimental/api/v1"),
    ],
)
def test_api_url_forms_become_base(region: str, url: str, api: str) -> None:
    assert platform_endpoints(region, url).api == api


def test_private_endpoints_by_region() -> None:
    private = platform_endpoints("eu-de", private=True)
    assert private.api == "https://private.eu-de.quantum.cloud.ibm.com/api/v1"
    assert private.iam == "https://private.iam.cloud.ibm.com"


def test_for_instance_moves_ibm_hosts_only() -> None:
    assert for_instance(platform_endpoints(), EU).api == "https://eu-de.quantum.cloud.ibm.com/api/v1"
    own = sandbox_endpoints("http://127.0.0.1:8")
    assert for_instance(own, EU) == own
    evil = EU.replace("eu-de", "evil.example/")
    assert for_instance(platform_endpoints(), evil) == platform_endpoints()


def test_for_instance_moves_staging_hosts() -> None:
    staging = platform_endpoints(url="https://test.cloud.ibm.com")
    moved = for_instance(staging, EU)
    assert moved.api == "https://eu-de.quantum.test.cloud.ibm.com/api/v1"
    assert (moved.iam, moved.search) == (staging.iam, staging.search)
    private = platform_endpoints("us-east", "https://test.cloud.ibm.com", private=True)
    assert for_instance(private, EU).api == "https://private.eu-de.quantum.test.cloud.ibm.com/api/v1"


@pytest.mark.parametrize(
    "region",
    ["evil.example/", "evil.example#", "evil.example?", "e@evil.example", "a.b", "-a", "a" * 64, "é"],
)
@pytest.mark.parametrize("private", [False, True])
def test_region_that_is_no_label_is_refused(region: str, private: bool) -> None:
    for url in ("", "https://cloud.ibm.com", "https://test.cloud.ibm.com"):
        with pytest.raises(QdeckError) as caught:
            platform_endpoints(region, url, private=private)
        assert caught.value.kind is ErrorKind.SETTINGS
        assert "region" in caught.value.message and "CRN" in caught.value.advice


def test_host_ending_like_ibm_is_another_host() -> None:
    other = platform_endpoints("eu-de", "https://quantum.latest.cloud.ibm.com.example")
    assert (other.api, other.search) == ("https://quantum.latest.cloud.ibm.com.example/api/v1", "")
    assert platform_endpoints(url="https://notcloud.ibm.com").search == ""


def test_environment_overrides_every_endpoint() -> None:
    environ = {"QDECK_ENDPOINT_API": "http://localhost:1", "IAM_URL": "http://localhost:2/identity/token/"}
    found = endpoints_for(Channel.PLATFORM, environ)
    assert (found.api, found.iam) == ("http://localhost:1/api/v1", "http://localhost:2")
    environ["QDECK_ENDPOINT_IAM"] = "https://iam.example"
    assert endpoints_for(Channel.PLATFORM, environ).iam == "https://iam.example"


def test_other_auth_host_drops_ibm_endpoints() -> None:
    platform = endpoints_for(
        Channel.PLATFORM, {"QDECK_ENDPOINT_API": "http://localhost:1", "IAM_URL": "http://localhost:1"}
    )
    assert (platform.search, platform.catalog, platform.resources) == ("", "", "")
    classic = endpoints_for(Channel.CLASSIC, {"QDECK_ENDPOINT_AUTH": "http://localhost:1"})
    assert (classic.auth, classic.runtime, classic.transpiler) == ("http://localhost:1/api", "", "")
    whole = endpoints_for(
        Channel.CLASSIC,
        {
            "QDECK_ENDPOINT_AUTH": "http://localhost:1",
            "QDECK_ENDPOINT_RUNTIME": "http://localhost:1/runtime",
            "QDECK_ENDPOINT_TRANSPILER": "http://localhost:1",
        },
    )
    assert (whole.runtime, whole.transpiler) == ("http://localhost:1/runtime", "http://localhost:1")


@pytest.mark.parametrize("host", ["127.0.0.1:80", "127.9.9.9", "[::1]:5", "localhost", "LOCALHOST:1"])
def test_check_url_allows_http_on_loopback(host: str) -> None:
    check_url(f"http://{host}/api/v1", "api")


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("http://quantum.example", "not encrypted"),
        ("http://127.0.0.1.evil.example", "not encrypted"),
        ("http://localhost.evil.example", "not encrypted"),
        ("http://0.0.0.0", "not encrypted"),
        ("ftp://host", "not a web address"),
        ("quantum.example", "not a web address"),
        ("https://host:notaport", "not a web address"),
        ("https://me:hunter2@host", "more than a host"),
        ("https://host/?apikey=hunter2", "more than a host"),
    ],
)
def test_check_url_refuses_with_reason(url: str, part: str) -> None:
    with pytest.raises(QdeckError) as caught:
        check_url(url, "api")
    assert caught.value.kind is ErrorKind.SETTINGS
    assert part in caught.value.message
    assert "hunter2" not in str(caught.value)


def test_hosts_of_channel() -> None:
    assert hosts_of(platform_endpoints(), Channel.PLATFORM) == ("iam.cloud.ibm.com", "quantum.cloud.ibm.com")
    assert hosts_of(classic_endpoints(), Channel.CLASSIC) == (
        "auth.quantum-computing.ibm.com",
        "api.quantum-computing.ibm.com",
        "cloud-transpiler.quantum.ibm.com",
    )
