import sys
from collections.abc import Iterator
from pathlib import Path

# `sandbox_process` stands one folder up, the tools of the proof stand here.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import pytest  # noqa: E402  the path comes first
from processes import Nursery  # noqa: E402
from proof_world import World, world  # noqa: E402


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as warm:
        yield warm


@pytest.fixture(scope="module")
def far_world(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A sandbox for the tests of one file; each makes its own members."""
    with world(tmp_path_factory.mktemp("world"), nursery) as one:
        yield one


@pytest.fixture
def one_world(far_world: World) -> Iterator[World]:
    """The same, with faults and modes put back after each test."""
    yield far_world
    far_world.far_side.clear_faults()
    for name, value in {"S51.hold-seconds": 5, "S51.slow-seconds": 3, "S51.hang-seconds": 120}.items():
        far_world.far_side.set_mode(name, value)
