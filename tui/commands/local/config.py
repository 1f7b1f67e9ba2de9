"""`qdeck config`: the settings, their values and meanings, and changes of them."""

from __future__ import annotations

from collections.abc import Mapping

from tui.commands.shared.listing import Format, Output, Table, emit_listing
from tui.commands.shared.output import Exit, UsageFault, say
from tui.common.safe_text import plain
from tui.config.settings import SETTINGS, folders
from tui.config.settings_file import SettingValue, remove_value, set_value, setting_values, shown_value


def list_settings(environ: Mapping[str, str], listing: Output) -> Exit:
    """Print every setting with its value and meaning.

    Raises:
        QdeckError: `SETTINGS`: the file cannot be read.
    """
    values = setting_values(folders(environ).settings_file)
    facts = [setting_facts(one) for one in values]
    rows = [
        (
            one.name,
            shown_value(one),
            "settings.toml" if one.in_file else "default",
            SETTINGS[one.name].meaning,
        )
        for one in values
    ]
    emit_listing(
        listing,
        answer={"file": str(folders(environ).settings_file), "settings": facts},
        entries=facts,
        tables=[Table(("NAME", "VALUE", "FROM", "MEANING"), rows)],
    )
    return Exit.DONE


def get_setting(environ: Mapping[str, str], name: str, listing: Output) -> Exit:
    """Print the value of a setting; nothing where it is as qdeck thinks fit.

    Raises:
        UsageFault: there is no such setting.
        QdeckError: `SETTINGS`: the file cannot be read.
    """
    values = {one.name: one for one in setting_values(folders(environ).settings_file)}
    if name not in values:
        raise UsageFault(f"There is no setting {plain(name, limit=60)!r}. There are: {', '.join(SETTINGS)}.")
    facts = setting_facts(values[name])
    emit_listing(
        listing, answer=facts, entries=[facts], tables=[Table(("VALUE",), [(shown_value(values[name]),)])]
    )
    return Exit.DONE


def change_setting(environ: Mapping[str, str], name: str, text: str | None, listing: Output) -> Exit:
    """Give a setting a value, or, for `None`, its default; print it as it is then, but for a table.

    Raises:
        QdeckError: `SETTINGS`: there is no such setting, it does not take this value, or the file cannot be
            read; `STORAGE`: it cannot be written.
    """
    path = folders(environ).settings_file
    if text is None:
        remove_value(path, name)
    else:
        set_value(path, name, text)
    say(f"Wrote {path}. It holds for the next start.")
    if listing.format is Format.TABLE:
        return Exit.DONE
    return get_setting(environ, name.partition(".")[0], listing)


def setting_facts(one: SettingValue) -> dict[str, object]:
    """Describe a setting for a JSON answer."""
    about = SETTINGS[one.name]
    return {
        "name": one.name,
        "value": one.value,
        "default": one.default,
        "source": "settings.toml" if one.in_file else "default",
        "form": about.form,
        "meaning": about.meaning,
    }
