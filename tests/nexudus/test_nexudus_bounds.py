"""However large an answer, our memory stays small: measured in a process of its own."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripted_nexudus import Answer, in_turn, serving

ROOT = Path(__file__).parent.parent.parent
CALL_SECONDS, SLACK = 3.0, 6.0
MOST_MEGABYTES = 48
"""Growth over what the process has before its first call; an answer may be 5 MiB, decoded and as it came."""

CLIENT = """
import json, resource, sys, time
from engine.nexudus import conversation
from engine.nexudus.client import NexudusClient, NoPace
from engine.nexudus.settings import NexudusSettings
conversation.CALL_SECONDS = float(sys.argv[2])
megabytes = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with NexudusClient(NexudusSettings(sys.argv[1], token="t"), pace=NoPace()) as client:
    before, started = megabytes(), time.monotonic()
    answer = client.create_task(b'{"Name": "Tea"}')
    print(json.dumps([repr(answer), megabytes() - before, time.monotonic() - started]))
"""

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GIGABYTE = 1_000_000_000


def flood(part, size=GIGABYTE):
    def go_on(sock):
        for _ in range(size // len(part)):
            sock.sendall(part)

    return go_on


def packed(size):
    return gzip.compress(b" " * size, 9)


BLOCK = b" " * 65_536
HUGE = {
    "a body with its length": Answer(raw=OK + b"Content-Length: %d\r\n\r\n" % GIGABYTE, then=flood(BLOCK)),
    "a body until the line ends": Answer(raw=OK + b"Connection: close\r\n\r\n", then=flood(BLOCK)),
    "chunks": Answer(raw=OK + b"Transfer-Encoding: chunked\r\n\r\n", then=flood(b"10000\r\n" + BLOCK + b"\r\n")),
    "one chunk": Answer(raw=OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % GIGABYTE, then=flood(BLOCK)),
    "many small chunks": Answer(raw=OK + b"Transfer-Encoding: chunked\r\n\r\n", then=flood(b"1\r\n \r\n" * 9000)),
    "headers": Answer(raw=OK, then=flood(b"X-More: and more\r\n" * 4000)),
    "one header": Answer(raw=OK + b"X-Long: ", then=flood(b"x" * 65_536)),
    "the first line": Answer(raw=b"HTTP/1.1 200 ", then=flood(b"x" * 65_536)),
    "trailers": Answer(raw=OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", then=flood(b"X: y\r\n" * 9000)),
    "a chunk's extension": Answer(raw=OK + b"Transfer-Encoding: chunked\r\n\r\n1;", then=flood(b"x" * 65_536)),
    "a gzip bomb": Answer(200, packed(400_000_000), (("Content-Encoding", "gzip"),)),
    "a bomb in a bomb": Answer(200, gzip.compress(packed(400_000_000)), (("Content-Encoding", "gzip, gzip"),)),
}
JUNK = {
    "spaces": Answer(
        raw=OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % GIGABYTE + gzip.compress(b"{}"),
        then=flood(BLOCK),
    ),
    "empty members": Answer(
        raw=OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % GIGABYTE,
        then=flood(gzip.compress(b"") * 3000),
    ),
    "blocks without content": Answer(
        raw=OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\3" % GIGABYTE,
        then=flood(b"\0\0\0\xff\xff" * 13_000),
    ),
}


def ask(answer):
    with serving(in_turn(answer)) as server:
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, server.url, str(CALL_SECONDS)],
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert len(server.paths()) == 1
        return json.loads(done.stdout)


@pytest.mark.parametrize("answer", HUGE.values(), ids=HUGE.keys())
def test_a_huge_answer_is_dropped_early_and_costs_little_memory(answer):
    said, megabytes, seconds = ask(answer)
    assert said.startswith("Ambiguous(")
    assert megabytes <= MOST_MEGABYTES
    assert seconds <= CALL_SECONDS + SLACK


@pytest.mark.parametrize("answer", JUNK.values(), ids=JUNK.keys())
def test_junk_behind_a_packed_answer_is_not_kept(answer):
    said, megabytes, seconds = ask(answer)
    assert said == "Ambiguous(reason='the answer is too large')"
    assert megabytes <= MOST_MEGABYTES
    assert seconds <= CALL_SECONDS + SLACK
