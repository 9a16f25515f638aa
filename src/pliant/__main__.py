"""`python -m pliant` is the command line."""

from __future__ import annotations

import sys

from pliant.apps.cli.main import main

sys.exit(main())
