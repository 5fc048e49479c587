import sys
from pathlib import Path

# `sandbox_process` stands one folder up, `given_account` is shared with the tests of the command line.
sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from given_account import account, far_side, process  # noqa: E402, F401  fixtures, found by name
