from __future__ import annotations

import contextlib
import json
import stat
from pathlib import Path

import pytest

from tests.ibm.mock_network import FIXTURES, KEY
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.config.settings import Folders, folders
from tui.domain.accounts import Account, Channel, Preferences
from tui.ibm.credentials.account_file import SOURCE, forget_account, save_account
from tui.ibm.credentials.discovery import found_accounts, sandbox_account, typed_account
from tui.ibm.transport.endpoints import platform_endpoints


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "QDECK_HOME": str(tmp_path / "qdeck")}


def qiskit_file(home: dict[str, str], text: str, mode: int = 0o600) -> None:
    file = Path(home["HOME"]) / ".qiskit" / "qiskit-ibm.json"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def mine(name: str = "lab", token: str = KEY) -> Account:
    crn = "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2::"
    return Account(name, Channel.PLATFORM, Secret(token), platform_endpoints("eu-de"), crn)


def place(home: dict[str, str]) -> Folders:
    return folders(home)


def test_found_accounts_empty_in_empty_home(home: dict[str, str]) -> None:
    found = found_accounts(home, place(home))
    assert (found.accounts, found.warnings) == ((), ())


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("ibm_quantum_platform", Channel.PLATFORM),
        ("ibm_cloud", Channel.PLATFORM),
        ("", Channel.PLATFORM),
        ("platform", Channel.PLATFORM),
        ("ibm_quantum", Channel.CLASSIC),
        ("classic", Channel.CLASSIC),
    ],
)
def test_found_accounts_include_environment_account(
    home: dict[str, str], name: str, channel: Channel
) -> None:
    environ = home | {"QISKIT_IBM_TOKEN": KEY, "QISKIT_IBM_CHANNEL": name, "QISKIT_IBM_INSTANCE": "a/b/c"}
    (account,) = found_accounts(environ, place(home)).accounts
    assert (account.channel, account.token, account.instance) == (channel, Secret(KEY), "a/b/c")
    assert account.source == "environment"


def test_environment_account_host_follows_region_of_crn(home: dict[str, str]) -> None:
    environ = home | {
        "QISKIT_IBM_TOKEN": KEY,
        "QISKIT_IBM_INSTANCE": "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2::",
    }
    (account,) = found_accounts(environ, place(home)).accounts
    assert account.endpoints.api == "https://eu-de.quantum.cloud.ibm.com/api/v1"


EVIL = "crn:v1:bluemix:public:quantum-computing:evil.example/:a/x:y::"


def test_typed_crn_cannot_name_a_host() -> None:
    for environ, instance in (({}, EVIL), ({"QISKIT_IBM_INSTANCE": EVIL}, "")):
        with pytest.raises(QdeckError) as caught:
            typed_account(Secret(KEY), Channel.PLATFORM, environ, instance=instance)
        assert caught.value.kind is ErrorKind.SETTINGS
        assert "region" in caught.value.message


@pytest.mark.parametrize(
    "entry", [{"instance": EVIL}, {"region": "evil.example/"}, {"region": "a@evil.example"}]
)
def test_saved_crn_or_region_cannot_name_a_host(home: dict[str, str], entry: dict[str, object]) -> None:
    qiskit_file(home, json.dumps({"a": {"channel": "ibm_quantum_platform", "token": KEY} | entry}))
    found = found_accounts(home, place(home))
    assert found.accounts == ()
    (warning,) = found.warnings
    assert "a: " in warning and "region" in warning and KEY not in warning


def test_environment_crn_cannot_name_a_host(home: dict[str, str]) -> None:
    found = found_accounts(home | {"QISKIT_IBM_TOKEN": KEY, "QISKIT_IBM_INSTANCE": EVIL}, place(home))
    assert found.accounts == ()
    (warning,) = found.warnings
    assert "region" in warning and KEY not in warning


@pytest.mark.parametrize(
    ("variable", "value"), [("QISKIT_IBM_CHANNEL", "no_such"), ("QISKIT_IBM_URL", "http://host.example")]
)
def test_environment_account_with_unknown_channel_is_a_warning(
    home: dict[str, str], variable: str, value: str
) -> None:
    found = found_accounts(home | {"QISKIT_IBM_TOKEN": KEY, variable: value}, place(home))
    assert found.accounts == ()
    (warning,) = found.warnings
    assert KEY not in warning


def test_qiskit_file_is_read_default_first(home: dict[str, str]) -> None:
    entries = json.loads((FIXTURES / "qiskit-ibm.json").read_text(encoding="utf-8"))
    for name, entry in entries.items():
        entry["token"] = f"token of {name}"
    qiskit_file(home, json.dumps(entries))
    found = found_accounts(home, place(home))
    flagged = next(name for name, entry in entries.items() if entry.get("is_default_account"))
    assert found.accounts[0].name == flagged
    assert {account.name for account in found.accounts} == set(entries)
    for account in found.accounts:
        entry = entries[account.name]
        assert account.token.reveal() == entry["token"]
        assert account.instance == entry.get("instance", "")
        classic = entry["channel"] == "ibm_quantum"
        assert account.channel is (Channel.CLASSIC if classic else Channel.PLATFORM)
        assert account.source == "~/.qiskit/qiskit-ibm.json"


def test_qiskit_file_readable_by_others_is_a_warning(home: dict[str, str]) -> None:
    qiskit_file(home, json.dumps({"a": {"channel": "ibm_quantum_platform", "token": KEY}}), mode=0o644)
    found = found_accounts(home, place(home))
    assert len(found.accounts) == 1
    assert "chmod 600" in found.warnings[0]


@pytest.mark.parametrize(
    "text", ["{", "[]", '"x"', "\x00", '{"a": 3}', "[" * 100_000, '{"a": {"token": 5, "channel": []}}', ""]
)
def test_broken_account_file_is_a_warning(home: dict[str, str], text: str) -> None:
    qiskit_file(home, text)
    place(home).create()
    place(home).accounts_file.write_text(text, encoding="utf-8")
    found = found_accounts(home | {"QISKIT_IBM_TOKEN": KEY}, place(home))
    assert [account.source for account in found.accounts] == ["environment"]


def test_saved_account_keeps_proxies_and_verify(home: dict[str, str]) -> None:
    urls = {"https": "http://user:pass@p:3128", "http": "http://p:3128"}
    entry = {
        "channel": "ibm_cloud",
        "token": KEY,
        "verify": False,
        "proxies": {"urls": urls},
        "region": "eu-de",
        "plans_preference": ["premium", "open"],
        "tags": ["team-a"],
        "private_endpoint": True,
    }
    qiskit_file(home, json.dumps({"a": entry}))
    found = found_accounts(home, place(home))
    (account,) = found.accounts
    assert not account.route.verify
    assert {scope: url.reveal() for scope, url in account.route.proxies} == urls
    assert "pass" not in repr(account)
    assert account.preferences == Preferences("eu-de", ("premium", "open"), ("team-a",))
    assert account.endpoints.api == "https://private.eu-de.quantum.cloud.ibm.com/api/v1"
    (warning,) = found.warnings
    assert "certificate" in warning
    save_account(account, place(home))
    kept = next(known for known in found_accounts(home, place(home)).accounts if known.source == SOURCE)
    assert (kept.route, kept.preferences) == (account.route, account.preferences)


def test_channel_strategy_survives_saving(home: dict[str, str]) -> None:
    entry = {"channel": "ibm_quantum", "token": KEY, "channel_strategy": "q-ctrl"}
    qiskit_file(home, json.dumps({"a": entry}))
    (account,) = found_accounts(home, place(home)).accounts
    assert account.channel_strategy == "q-ctrl"
    save_account(account, place(home))
    kept = next(known for known in found_accounts(home, place(home)).accounts if known.source == SOURCE)
    assert kept.channel_strategy == "q-ctrl"


@pytest.mark.parametrize(
    ("proxies", "said"),
    [
        ({"urls": {"https": "http://p"}, "username_ntlm": "me", "password_ntlm": "hidden-pw"}, "NTLM"),
        ({"urls": {"https": "socks5://me:hidden-pw@p"}}, "SOCKS"),
        ({"urls": {"https": "hidden-pw@p"}}, "web address"),
        ({"urls": {"https": "http://p:port"}}, "web address"),
        ({"urls": {"gopher": "http://p"}}, "web address"),
        ({"urls": ["http://p"]}, "written"),
        ("http://p", "written"),
    ],
)
def test_saved_account_with_unusable_proxy_is_a_warning(
    home: dict[str, str], proxies: object, said: str
) -> None:
    qiskit_file(home, json.dumps({"a": {"channel": "ibm_cloud", "token": KEY, "proxies": proxies}}))
    found = found_accounts(home, place(home))
    assert found.accounts == ()
    (warning,) = found.warnings
    assert said in warning
    assert "hidden-pw" not in warning


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (("zeta", "default-ibm-quantum-platform", "default-ibm-cloud"), "default-ibm-quantum-platform"),
        (("zeta", "default-ibm-cloud"), "default-ibm-cloud"),
        (("zeta!", "default-ibm-quantum-platform"), "zeta"),
        (("zeta", "alpha"), "alpha"),
    ],
)
def test_qiskit_accounts_keep_qiskits_order(home: dict[str, str], names: tuple[str, ...], first: str) -> None:
    entries = {
        name.rstrip("!"): {
            "channel": "ibm_quantum_platform",
            "token": f"of {name}",
            **({"is_default_account": True} if name.endswith("!") else {}),
        }
        for name in names
    }
    qiskit_file(home, json.dumps(entries))
    assert found_accounts(home, place(home)).accounts[0].name == first


def test_qiskit_accounts_of_other_channels_are_left_out(home: dict[str, str]) -> None:
    qiskit_file(home, json.dumps({"a": {"channel": "local", "token": KEY}, "b": {"channel": "ibm_cloud"}}))
    assert found_accounts(home, place(home)).accounts == ()


def test_saved_account_is_found_again_in_private_file(home: dict[str, str]) -> None:
    save_account(mine(), place(home))
    file = place(home).accounts_file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    found = found_accounts(home, place(home))
    (account,) = found.accounts
    assert found.warnings == ()
    assert account == Account("lab", mine().channel, mine().token, mine().endpoints, mine().instance, SOURCE)


def test_save_replaces_and_forget_removes_one_account(home: dict[str, str]) -> None:
    for account in (mine("a"), mine("b", "other"), mine("a", "newer")):
        save_account(account, place(home))
    assert {a.name: a.token.reveal() for a in found_accounts(home, place(home)).accounts} == {
        "a": "newer",
        "b": "other",
    }
    assert forget_account("a", place(home))
    assert not forget_account("a", place(home))
    assert [a.name for a in found_accounts(home, place(home)).accounts] == ["b"]
    leftovers = {file.name for file in place(home).config.iterdir()}
    assert leftovers <= {"accounts.json", "accounts.lock"}


def test_save_moves_broken_account_file_away(home: dict[str, str]) -> None:
    place(home).create()
    place(home).accounts_file.write_text('{"lab": {"token": "only-copy"', encoding="utf-8")
    save_account(mine(), place(home))
    assert "only-copy" in place(home).accounts_file.with_suffix(".broken").read_text(encoding="utf-8")
    assert [a.name for a in found_accounts(home, place(home)).accounts] == ["lab"]


def test_save_keeps_every_broken_account_file(home: dict[str, str]) -> None:
    place(home).create()
    for text in ('{"first', '{"second'):
        place(home).accounts_file.write_text(text, encoding="utf-8")
        assert "set aside" in " ".join(found_accounts(home, place(home)).warnings)
        save_account(mine(), place(home))
    aside = {file.read_text(encoding="utf-8") for file in place(home).config.glob("accounts.broken*")}
    assert aside == {'{"first', '{"second'}


def test_save_does_not_open_a_closed_folder(home: dict[str, str]) -> None:
    place(home).create()
    place(home).config.chmod(0o555)
    with contextlib.suppress(QdeckError):  # root writes there all the same
        save_account(mine(), place(home))
    assert stat.S_IMODE(place(home).config.stat().st_mode) == 0o500


def test_found_accounts_differ_by_route(home: dict[str, str]) -> None:
    entry = {"channel": "ibm_cloud", "token": KEY}
    ways: list[dict[str, object]] = [{}, {"verify": False}, {"plans_preference": ["open"]}]
    qiskit_file(home, json.dumps({str(number): entry | way for number, way in enumerate(ways)}))
    assert len(found_accounts(home, place(home)).accounts) == 3


def test_save_to_unwritable_folder_is_a_storage_error(home: dict[str, str]) -> None:
    Path(home["QDECK_HOME"]).write_text("a file", encoding="utf-8")
    with pytest.raises(QdeckError) as caught:
        save_account(mine(), place(home))
    assert caught.value.kind is ErrorKind.STORAGE


def test_save_refuses_sandbox_account(home: dict[str, str]) -> None:
    with pytest.raises(QdeckError) as caught:
        save_account(sandbox_account(Channel.PLATFORM, Secret(KEY), "", "http://127.0.0.1:1"), place(home))
    assert caught.value.kind is ErrorKind.SETTINGS


def test_found_accounts_are_distinct_with_unique_names(home: dict[str, str]) -> None:
    qiskit_file(
        home,
        json.dumps(
            {
                "lab": {"channel": "ibm_quantum_platform", "token": "another"},
                "again": {"channel": "ibm_quantum_platform", "token": KEY, "url": "https://cloud.ibm.com"},
            }
        ),
    )
    save_account(Account("lab", Channel.PLATFORM, Secret(KEY), platform_endpoints()), place(home))
    found = found_accounts(home, place(home)).accounts
    assert [account.name for account in found] == ["lab", "lab (2)"]


def test_typed_account_uses_instance_and_hosts_of_environment() -> None:
    environ = {"QISKIT_IBM_INSTANCE": "h/g/p", "QDECK_ENDPOINT_AUTH": "http://127.0.0.1:1/auth/api"}
    account = typed_account(Secret(KEY), Channel.CLASSIC, environ)
    assert (account.instance, account.endpoints.auth) == ("h/g/p", "http://127.0.0.1:1/auth/api")
    assert typed_account(Secret(KEY), Channel.CLASSIC, environ, instance="a/b/c").instance == "a/b/c"


def test_typed_account_ignores_hosts_of_other_channel() -> None:
    environ = {
        "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
        "QISKIT_IBM_URL": "https://platform.example",
        "QISKIT_IBM_INSTANCE": "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2::",
    }
    own = typed_account(Secret("t"), Channel.PLATFORM, environ)
    other = typed_account(Secret("t"), Channel.CLASSIC, environ)
    assert "platform.example" in own.endpoints.api and own.instance == environ["QISKIT_IBM_INSTANCE"]
    assert "platform.example" not in repr(other.endpoints) and other.instance == ""


@pytest.mark.parametrize("channel", list(Channel))
def test_typed_account_uses_environment_without_channel(channel: Channel) -> None:
    account = typed_account(Secret("t"), channel, {"QISKIT_IBM_URL": "https://own.example"})
    assert "own.example" in repr(account.endpoints)
