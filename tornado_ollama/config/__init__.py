"""The configuration: what can be set, and one `load` that reads it.

    settings.py     the settings as the program sees them, by topic
    layers.py       file, environment, flags into one tree that knows where each value is from
    read.py         the tree into settings, key by key, with the rules of single values
    credentials.py  token entries and JWT keys: files read, secrets hashed
    load.py         the order of all this, and the rules that bind several keys
    files.py        the files of one reading, and whether they hold still
    reload.py       what settings may not follow which, while the process runs
    widened.py      which credentials a reload lets do more

A later layer wins: defaults < config.yaml < environment < flags.
"""

from .load import load
from .reload import SettingsReader
from .settings import Settings

__all__ = ["Settings", "SettingsReader", "load"]
