"""Lets `python -m tornado_ollama` run the same command line as `tornado-ollama`."""

import sys

from .entry import main

sys.exit(main())
