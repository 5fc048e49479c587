import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "flows")]

from given_account import account, far_side, process  # noqa: E402, F401  fixtures, found by name
