"""`python -m nst_helpers` is `nst`."""

import sys

from .cli import main

sys.exit(main())
