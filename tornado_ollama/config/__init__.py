"""The configuration: the settings, and one `load` that reads them.

    settings.py     all settings, by topic
    topics/         the rows of each topic: type, rule, default, variable, flag, sentence
    rows.py         the declaration of one setting
    rules.py        rules of single values, which rows share
    formats.py      rules of values in a text format: hosts, URLs, networks, durations
    layers.py       merges file, environment and flags into one tree of values and their sources
    read.py         turns the tree into settings, key by key
    credentials.py  token entries: reads their files, hashes the secrets
    token_form.py   token entries that are stored elsewhere
    jwt_keys.py     the keys of JWTs, and the issuers that publish theirs
    file_reader.py  the files that keys of the configuration name
    load.py         calls all these in order, and checks the rules that involve several keys
    secret_files.py the files that hold secrets
    inspection.py   the configuration with the tokens as they are written
    files.py        reads the files of a configuration, and detects whether they change
    reload.py       reads the configuration again, and refuses files that look cut off
    widened.py      finds the credentials that may do more after a reload

A later layer wins: defaults < config.yaml < environment < flags.
"""

from .inspection import Inspection
from .load import load
from .reload import SettingsReader
from .settings import SETTINGS, Settings

__all__ = ["SETTINGS", "Inspection", "Settings", "SettingsReader", "load"]
