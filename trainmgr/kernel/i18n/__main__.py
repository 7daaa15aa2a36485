"""`python -m trainmgr.kernel.i18n compile|check`: the Chinese catalogue from the command line."""

from __future__ import annotations

import sys

from trainmgr.kernel.i18n import catalogue

if __name__ == "__main__":
    sys.exit(catalogue.main(sys.argv[1:]))
