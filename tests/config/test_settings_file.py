"""Changes of settings.toml: checked by its own reader, everything else in the file kept."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tui.common.errors import ErrorKind, QdeckError
from tui.config.settings import SETTINGS, Settings, load_settings
from tui.config.settings_file import remove_value, set_value, setting_values, write_preset
from tui.domain.jobs import Primitive
from tui.domain.presets import Preset

BEFORE = """# of mine
kept_mib = 10  # enough

[presets.careful]
shots = 10000
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "settings.toml"
    path.parent.mkdir()
    path.write_text(BEFORE)
    return path


@pytest.mark.parametrize(
    ("name", "text", "there"),
    [
        ("readonly", "true", True),
        ("search_seconds", "2.5", 2.5),
        ("program", "legacy", "legacy"),
        ("on_finish", "notify-send qdeck", "notify-send qdeck"),
        ("on_finish", "5", "5"),
        ("on_finish_variables", '["A", "B"]', ["A", "B"]),
        ("ca_file", "1\nreadonly = true", "1\nreadonly = true"),
        ("kept_mib", "20", 20),
    ],
)
def test_setting_is_written_and_the_rest_of_the_file_stays(
    file: Path, name: str, text: str, there: object
) -> None:
    settings = set_value(file, name, text)
    written = file.read_text()
    values = tomllib.loads(written)
    assert values.pop(name) == there
    assert values.pop("presets") == {"careful": {"shots": 10000}} and values.keys() <= {"kept_mib"}
    assert written.startswith("# of mine\n") and "# enough" in written
    assert settings == load_settings(file)


def test_option_of_a_preset_is_named_by_its_place(file: Path) -> None:
    set_value(file, "presets.careful.tags", '["paper"]')
    assert set_value(file, "presets.quick.level", "1").presets["quick"].level == 1
    careful = load_settings(file).presets["careful"]
    assert (careful.shots, careful.tags) == (10000, ("paper",))
    remove_value(file, "presets.quick.level")
    remove_value(file, "presets.nowhere.level")
    assert load_settings(file).presets["quick"].level is None


def test_removed_setting_has_its_default_again(file: Path) -> None:
    assert remove_value(file, "kept_mib").kept_mib is None
    assert remove_value(file, "kept_mib") == load_settings(file)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("readonly", "maybe", "true or false"),
        ("kept_mib", "0", "at least 1"),
        ("kept_mib", "many", "at least 1"),
        ("nonsense", "1", "There is no setting 'nonsense'"),
        ("presets.careful.level", "9", "level must be 0 to 3"),
        ("presets.careful.nonsense", "9", "nonsense"),
        ("kept_mib.x", "9", "does not take"),
        ("presets.careful.shots.x", "9", "does not take"),
        ("search_seconds", "[" * 5000, "more than 0"),
    ],
)
def test_what_the_reader_refuses_is_not_written(file: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(QdeckError) as caught:
        set_value(file, name, text)
    assert caught.value.kind is ErrorKind.SETTINGS and said in f"{caught.value}"
    assert file.read_text() == BEFORE


def test_file_that_cannot_be_read_is_not_written_over(file: Path) -> None:
    file.write_text("kept_mib = ")
    with pytest.raises(QdeckError, match="cannot be read"):
        set_value(file, "readonly", "true")
    assert file.read_text() == "kept_mib = "


def test_every_setting_is_listed_with_its_value(tmp_path: Path, file: Path) -> None:
    values = {one.name: one for one in setting_values(file)}
    assert values.keys() == SETTINGS.keys() == set(Settings.__struct_fields__)
    assert (values["kept_mib"].value, values["kept_mib"].default, values["kept_mib"].in_file) == (
        10,
        None,
        True,
    )
    assert values["presets"].value == {"careful": {"shots": 10000}}
    assert not any(one.in_file for one in setting_values(tmp_path / "none" / "settings.toml"))


def test_preset_is_written_beside_the_others_and_read_by_name(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("# mine\n[presets.quick]\nshots = 100\n")
    preset = Preset(primitive=Primitive.ESTIMATOR, precision=0.1, twirl=("gates",), tags=("a", "b"))
    assert write_preset(path, "long-1", preset).presets == {"quick": Preset(shots=100), "long-1": preset}
    assert path.read_text().startswith("# mine\n") and "private" not in path.read_text()
    for name in ("", "a b", "a.b", "ä", "x" * 41):
        with pytest.raises(QdeckError, match="no name for a preset"):
            write_preset(path, name, preset)
