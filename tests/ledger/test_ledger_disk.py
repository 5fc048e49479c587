from __future__ import annotations

from pathlib import Path

import pytest
from ledger_given import opened

from engine.core.errors import UserError
from engine.ledger.disk import disk_of

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /srv/shared\\040disk rw - nfs4 server:/x rw
31 30 254:1 / /srv/shared\\040disk/local rw - xfs /dev/vdb rw
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/a/ledger.db", "ext4"),
        ("/srv/shared disk/x/ledger.db", "nfs4"),
        ("/srv/shared disk/local/l.db", "xfs"),
    ],
)
def test_the_disk_under_a_path_is_the_nearest_mount(place: str, kind: str) -> None:
    assert disk_of(Path(place), MOUNTS) == kind


def test_a_network_disk_is_refused(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text("1 0 0:1 / / rw - cifs //server/share rw\n")
    monkeypatch.setattr("engine.ledger.disk.MOUNTS", mounts)
    with pytest.raises(UserError, match="network disk .cifs."):
        opened(path)
    assert not path.parent.exists()
