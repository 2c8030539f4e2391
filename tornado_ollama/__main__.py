"""`python -m tornado_ollama` is `tornado-ollama`."""

import sys

from .cli import main

sys.exit(main())
