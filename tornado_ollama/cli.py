"""The command line: commands, their flags, and how flags reach the settings.

Exit codes: 0 success, 1 the check or the command failed, 2 wrong usage or configuration, 130
interrupted. Commands are imported when they are called, so that `--help` and `token` need not load
the server.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from . import __version__, console
from .commands import token_flags
from .commands.durations import duration
from .commands.launch_flags import LAUNCH, add_flags, split_at_dashes
from .commands.service_flags import add_service
from .config import SETTINGS, SettingsReader
from .errors import ConfigError
from .resources import CONFIG_FILE, commit

DESCRIPTION = "A gateway for Ollama: tokens, OpenAI API, WebSocket and chat page in one process."
DEFAULT_CONFIG = Path("config.yaml")

SERVE = """\
Runs the gateway in the foreground, until SIGTERM or Ctrl-C. SIGHUP reads the
configuration again."""

SERVE_MORE = f"""\
A configuration file with every key, its default and what it means, to copy:
  {CONFIG_FILE}"""

INTERRUPTED = 130


class _Version(argparse.Action):
    """Prints the version, and the commit where that is known."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        built_of = commit()
        console.say(f"tornado-ollama {__version__}" + (f" ({built_of})" if built_of else ""))
        parser.exit()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    console.hold_descriptors()
    try:
        try:
            words, agents_own = split_at_dashes(sys.argv[1:] if argv is None else argv)
            args = _parser().parse_args(words, argparse.Namespace(arguments=agents_own))
            _read_dotenv(Path(".env"))
            return int(args.command(args))
        finally:
            console.flush_output()
    except ConfigError as error:
        console.complain(f"tornado-ollama: {error}")
        return 2
    except console.OutputLost as error:
        console.complain(f"tornado-ollama: {error}")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def settings_reader(
    args: argparse.Namespace,
    *,
    serving: bool,
    holds_tokens: Callable[[Path], bool] | None = None,
) -> SettingsReader:
    """Makes a reader that reads the settings with these flags, each time it is called.
    `holds_tokens`: see `load`."""
    flags = {key: getattr(args, key, None) for key, setting in SETTINGS.items() if setting.row.flag}
    path = args.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    return SettingsReader(path, os.environ, flags, serving=serving, holds_tokens=holds_tokens)


def _read_dotenv(path: Path) -> None:
    """The variables of the `.env` file that the environment does not set."""
    try:
        if path.is_file():
            from dotenv import load_dotenv  # few have such a file

            load_dotenv(path)
    except (OSError, ValueError):
        raise ConfigError(f"{path}: cannot be read as text") from None


def _serve(args: argparse.Namespace) -> int:
    from .commands import serve

    reader = settings_reader(args, serving=True, holds_tokens=serve.holds_tokens)
    return serve.run(args, reader)


def _embedded(args: argparse.Namespace) -> int:
    from .commands import embedded

    return embedded.run(args)


def _check(args: argparse.Namespace) -> int:
    from .commands import check

    return check.run(args, settings_reader(args, serving=False))


def _doctor(args: argparse.Namespace) -> int:
    from .commands import doctor

    return doctor.run(args, settings_reader(args, serving=False))


def _monitor(args: argparse.Namespace) -> int:
    from .commands import monitor

    return monitor.run(args, settings_reader(args, serving=False))


def _usage(args: argparse.Namespace) -> int:
    from .commands import usage

    return usage.run(args, settings_reader(args, serving=False))


def _launch(args: argparse.Namespace) -> int:
    from .commands import launch

    return launch.run(args, settings_reader(args, serving=False))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "tornado-ollama",
        description=DESCRIPTION,
        epilog="`tornado-ollama COMMAND --help` says more about a command.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="the version and its commit")
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="configuration; default: config.yaml of this directory if there, else the defaults",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands, config)
    token_flags.add_token(commands, config, partial(settings_reader, serving=False))
    _add_probes(commands, config)
    _add_doctor(commands, config)
    _add_usage(commands, config)
    _add_launch(commands, config)
    add_service(commands)
    _add_embedded(commands)
    return parser


Commands = argparse._SubParsersAction  # the only name argparse has for it


def _add_serve(
    commands: Commands[argparse.ArgumentParser], config: argparse.ArgumentParser
) -> None:
    serve = commands.add_parser(
        "serve",
        parents=[config],
        help="run the gateway in the foreground",
        description=SERVE,
        epilog=SERVE_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,  # a path is not to be broken
    )
    _add_setting_flags(serve, "serve")
    serve.add_argument(
        "--embedded",
        choices=("auto", "always", "never"),
        default="never",
        help="a small model of our own: where no Ollama answers, always, or never (default)",
    )
    serve.set_defaults(command=_serve)


def _add_setting_flags(parser: argparse.ArgumentParser, command: str) -> None:
    """Adds the flags that set a key of the configuration, as the rows of the settings declare
    them."""
    for key, setting in SETTINGS.items():
        flag = setting.row.flag
        if flag is not None and command in flag.commands:
            words = f"{setting.row.plain_sentence} ({key})".replace("%", "%%")
            word = flag.name.rpartition("-")[2].upper()
            parser.add_argument(flag.name, dest=key, metavar=word, help=words)


def _add_probes(
    commands: Commands[argparse.ArgumentParser], config: argparse.ArgumentParser
) -> None:
    probe = argparse.ArgumentParser(add_help=False, parents=[config])
    probe.add_argument("--model", metavar="M", help="also ask this model for one token")

    check = commands.add_parser(
        "check",
        parents=[probe],
        help="is Ollama there, does a model answer",
        description="Says in one line each whether Ollama is there and whether the model answers. "
        "Exit code 1: something does not.",
    )
    _add_setting_flags(check, "check")
    check.set_defaults(command=_check)

    monitor = commands.add_parser(
        "monitor",
        parents=[probe],
        help="check for ever, one line a round",
        description="Checks for ever, one line with the time a round, until SIGTERM or Ctrl-C.",
    )
    _add_setting_flags(monitor, "monitor")
    monitor.add_argument(
        "--interval",
        type=duration,
        metavar="TIME",
        default=60.0,
        help="between the beginnings of two rounds, as 60 or 5m; default: 60",
    )
    monitor.set_defaults(command=_monitor)


def _add_doctor(
    commands: Commands[argparse.ArgumentParser], config: argparse.ArgumentParser
) -> None:
    doctor = commands.add_parser(
        "doctor",
        parents=[config],
        help="what is unsafe or broken around the gateway, and what to do",
        description="Looks at Ollama, settings, tokens, files, certificates and, with --url, at "
        "what lies between clients and the gateway. Sends no credential and changes nothing. Exit "
        "code 1: there is a problem.",
    )
    doctor.add_argument("--url", metavar="URL", help="the gateway's, as its clients use it")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    doctor.set_defaults(command=_doctor)


def _add_usage(
    commands: Commands[argparse.ArgumentParser], config: argparse.ArgumentParser
) -> None:
    usage = commands.add_parser(
        "usage",
        parents=[config],
        help="what each credential has used",
        description="Prints what was used, from the database of the gateway on this machine.",
    )
    usage.add_argument("--from", metavar="DAY", help="as 2030-01-31; default: the 1st of the month")
    usage.add_argument("--to", metavar="DAY", help="this day included; default: today")
    usage.add_argument("--by", metavar="NAMES", help="of day,credential,model,session,user")
    usage.add_argument("--format", choices=("table", "csv", "json"), default="table")
    usage.set_defaults(command=_usage)


def _add_launch(
    commands: Commands[argparse.ArgumentParser], config: argparse.ArgumentParser
) -> None:
    launch = commands.add_parser(
        "launch",
        parents=[config],
        help="start a coding agent that uses the gateway",
        description=LAUNCH,
    )
    add_flags(launch)
    launch.set_defaults(command=_launch)


def _add_embedded(commands: Commands[argparse.ArgumentParser]) -> None:
    embedded = commands.add_parser(
        "embedded",
        help="run only the embedded backend",
        description="Serves Ollama's API with a small built-in model, on this machine only.",
    )
    embedded.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")
    threads = "processors to use, 1 to 16; default: what suits this machine"
    embedded.add_argument("--threads", type=int, choices=range(1, 17), metavar="N", help=threads)
    embedded.add_argument(
        "--exit-with-stdin", action="store_true", help="end when standard input does"
    )
    embedded.set_defaults(command=_embedded)
