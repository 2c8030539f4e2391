"""Puts the page and the default configuration, which live at the top level, into the wheel.

Everything else is in setup.cfg."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent


class BuildWithPage(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        shipped = Path(self.build_lib) / "tornado_ollama" / "_shipped"
        shutil.copytree(HERE / "static", shipped / "static", dirs_exist_ok=True)
        shutil.copy(HERE / "config.yaml", shipped / "config.yaml")


setup(cmdclass={"build_py": BuildWithPage})
