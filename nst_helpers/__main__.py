"""`python -m nst_helpers` is `nst`."""

import sys

from .commands.cli import main

sys.exit(main())
