"""`python -m chalkwork.cli`: the command line."""

import sys

from chalkwork.cli import main

sys.exit(main())
