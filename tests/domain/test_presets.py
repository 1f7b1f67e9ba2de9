"""Presets: read from tables as TOML has them, refused by name, used where the command line says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.commands.circuits.run_request import RunRequest
from tui.commands.shared.output import UsageFault
from tui.common.errors import QdeckError
from tui.config.settings import load_settings
from tui.domain.jobs import Primitive
from tui.domain.presets import read_presets
from tui.domain.primitives import Decoupling, PrimitiveOptions

TOML = """
[presets.careful]
shots = 10000
precision = 0.01
level = 3
twirl = ["gates", "measurements"]
decoupling = "XY4"
resilience = 2
tags = ["paper"]
max_seconds = 300

[presets.vqe]
primitive = "estimator"
"""


def test_settings_hold_presets_by_name(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(TOML)
    presets = load_settings(file).presets
    assert list(presets) == ["careful", "vqe"]
    assert presets["careful"].options == PrimitiveOptions(True, True, Decoupling.XY4, 2)
    assert presets["vqe"].primitive is Primitive.ESTIMATOR


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"shots": 0}, "shots must be at least 1"),
        ({"precision": 1.5}, "precision must be between 0 and 1"),
        ({"level": 4}, "level must be 0 to 3"),
        ({"twirl": ["all"]}, "twirl holds gates or measurements"),
        ({"decoupling": "YY"}, "decoupling"),
        ({"resilience": 3}, "resilience must be 0 to 2"),
        ({"max_seconds": 0}, "max_seconds must be 1 to 10800"),
        ({"tags": ["a"] * 9}, "tags"),
        ({"shot": 1}, "shot"),
        ("fast", "presets.mine"),
    ],
)
def test_preset_that_cannot_be_meant_is_refused_by_name(table: object, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        read_presets({"mine": table})
    assert "presets.mine" in str(refused.value)


def test_settings_with_a_wrong_preset_say_which(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[presets.mine]\nlevel = 9\n")
    with pytest.raises(QdeckError, match=r"presets.mine: .*level must be 0 to 3"):
        load_settings(file)


def test_command_line_goes_before_the_preset() -> None:
    mine = {"shots": 100, "level": 3, "twirl": ["gates"], "tags": ["a"], "resilience": 2}
    presets = read_presets({"mine": mine})
    asked = RunRequest(("a",), preset="mine", shots=7, options=PrimitiveOptions(decoupling=Decoupling.XX))
    request = asked.with_preset(presets)
    assert (request.shots, request.level, request.tags) == (7, 3, ("a",))
    assert request.options == PrimitiveOptions(twirl_gates=True, decoupling=Decoupling.XX)
    request.verify()
    estimator = RunRequest(("a",), preset="mine", primitive=Primitive.ESTIMATOR, observables=("ZZ",))
    request = estimator.with_preset(presets)
    assert (request.shots, request.options.resilience) == (None, 2)
    request.verify()


def test_preset_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UsageFault, match=r"no preset 'x'\. There are: mine"):
        RunRequest(("a",), preset="x").with_preset(read_presets({"mine": {}}))
    with pytest.raises(UsageFault, match=r"settings\.toml has none"):
        RunRequest(("a",), preset="x").with_preset({})
