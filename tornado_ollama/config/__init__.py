"""The configuration: what can be set, and one `load` that reads it.

    settings.py     all settings, by topic
    topics/         the rows of each topic: type, rule, default, variable, flag, sentence
    rows.py         what a row is
    rules.py        rules of single values, which rows share
    formats.py      those of texts with a form of their own
    layers.py       file, environment, flags into one tree that knows where each value is from
    read.py         the tree into settings, key by key
    credentials.py  token entries and JWT keys: files read, secrets hashed
    load.py         the order of all this, and the rules that bind several keys
    files.py        the files of one reading, and whether they hold still
    reload.py       what settings may not follow which, while the process runs
    widened.py      which credentials a reload lets do more

A later layer wins: defaults < config.yaml < environment < flags.
"""

from .load import load
from .reload import SettingsReader
from .settings import SETTINGS, Settings

__all__ = ["SETTINGS", "Settings", "SettingsReader", "load"]
