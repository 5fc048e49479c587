import sys
from pathlib import Path

# `sandbox_process` stands one folder up, for the tests of every room.
sys.path.insert(0, str(Path(__file__).parent.parent))
