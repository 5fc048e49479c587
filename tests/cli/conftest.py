import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "flows"))

from given_account import account, far_side, process  # noqa: E402, F401  fixtures, found by name
