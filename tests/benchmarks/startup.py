"""What starting costs: goals P1 (--help), P2 (check) and P3 (preview --facts), as ratios to a bare interpreter.

CPU time (user and system) of whole processes, interleaved so that a busy machine strikes all alike; the median
ratio is printed with its spread beside its goal. Nothing here asserts a time: a figure is a figure.

    python tests/benchmarks/startup.py [--rounds 21]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ITEMS = 30
GOALS = {"--help": ("P1", 5.0), "check": ("P2", 20.0), "preview --facts": ("P3", 28.0)}
FORBIDDEN = {
    "--help": ("pydantic", "jinja2", "httpx", "sqlalchemy"),
    "check": ("httpx", "sqlalchemy"),
    "preview --facts": ("httpx", "sqlalchemy", "holidays"),
}

ORGANISATION = """\
owner: acme
since: 2026-11-01
custom_fields:
  wants_locker: {field: Custom7, type: boolean, empty: false}
locations:
  barcelona:
    business_id: 1
    time_zone: Europe/Madrid
    calendar: spain
    roles: {front-desk: ana@acme.example, host: [ana@acme.example, ben@acme.example]}
    vars: {card_system: Salto}
calendars:
  spain: {working_days: mon-fri, hours: "09:00-18:00", closed: [2026-12-24]}
"""


def make_list() -> str:
    """Return a list of 30 items in which each kind of rule, text and condition occurs."""
    head = (
        'tasklist: bench\nname: "Welcome {{ coworker.full_name }}"\nanchor: contract.start\n'
        "defaults: {responsible: front-desk, notify_by_email: true}\nitems:\n"
    )
    rules = ("1 business day before contract.start at 10:00", "on contract.start at 09:00", "2 weeks after signup")
    items = []
    for number in range(ITEMS):
        items.append(
            f"  - id: item-{number}\n"
            f'    name: "Task {number} for {{{{ coworker.guessed_first_name }}}}"\n'
            f"    notes: |\n      Card system: {{{{ location.vars.card_system }}}}.\n"
            f"      Plan {{{{ contract.tariff_name }}}} from {{{{ contract.start }}}}.\n"
            f"    due: {rules[number % 3]}\n"
            + ("    responsible: {role: host, pick: rotate}\n" if number % 2 else "")
            + ("    when: coworker.custom.wants_locker and coworker.active\n" if number % 5 == 0 else "")
        )
    return head + "".join(items)


def make_facts() -> dict[str, object]:
    """Return a facts file for a made-up member."""
    people = {"ana@acme.example": {"id": 10, "name": "Ana"}, "ben@acme.example": {"id": 11, "name": "Ben"}}
    return {
        "facts": 1,
        "coworker": {
            "Id": 7,
            "FullName": "Ada Byron",
            "GuessedFirstName": "Ada",
            "Active": True,
            "Custom7": "yes",
            "RegistrationDate": "2026-11-20T10:00:00Z",
        },
        "contracts": [
            {"Id": 9, "StartDate": "2026-12-03T00:00:00Z", "IssuedById": 1, "TariffName": "Hot Desk"},
        ],
        "contract_id": 9,
        "location": "barcelona",
        "zone": "Europe/Madrid",
        "people": people,
        "calendar": {
            "name": "spain",
            "working_days": [1, 2, 3, 4, 5],
            "opening": "09:00:00",
            "closing": "18:00:00",
            "closed": {"2026-12-08": "Inmaculada", "2026-12-24": "closed", "2026-12-25": "Navidad"},
            "covers": ["2025-10-01", "2029-01-01"],
        },
    }


def cpu_of(command: list[str], folder: Path) -> float:
    """Return user and system seconds of one process. A command that fails ends the benchmark."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode()}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def modules_of(arguments: list[str], folder: Path) -> set[str]:
    """Return the top-level modules that a command has imported when it ends."""
    code = (
        "import sys\nfrom engine.cli.main import run_commands\n"
        "try:\n    run_commands(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lists = folder / "tasklists"
        lists.mkdir()
        (lists / "organisation.yaml").write_text(ORGANISATION)
        (lists / "bench.yaml").write_text(make_list())
        (folder / "facts.json").write_text(json.dumps(make_facts()))
        measure(folder, rounds)


def measure(folder: Path, rounds: int) -> None:
    """Run everything interleaved and print the ratios."""
    program = str(Path(sys.executable).parent / "tasklists")
    offline = ["preview", "bench", "--facts", "facts.json", "--now", "2026-11-23T10:00Z", "--format", "json"]
    arguments = {
        "--help": ["--help"],
        "check": ["check", "bench"],
        "preview --facts": offline,
    }
    samples: dict[str, list[float]] = {name: [] for name in arguments}
    bare: list[float] = []
    for number in range(rounds + 1):
        times = {name: cpu_of([program, *given], folder) for name, given in arguments.items()}
        reference = cpu_of([sys.executable, "-c", "pass"], folder)
        if number == 0:
            continue  # the first round compiles modules to disk
        bare.append(reference)
        for name, taken in times.items():
            samples[name].append(taken)
    base = statistics.median(bare)
    print(f"python -c pass: {base * 1000:.1f} ms CPU, {rounds} interleaved rounds")
    for name, taken in samples.items():
        ratios = sorted(one / base for one in taken)
        low, middle, high = ratios[len(ratios) // 10], statistics.median(ratios), ratios[-1 - len(ratios) // 10]
        goal_name, goal = GOALS[name]
        heavy = [part for part in FORBIDDEN[name] if part in modules_of(arguments[name], folder)]
        print(
            f"{goal_name} {name:16} {middle:5.1f}x (p10 {low:.1f}, p90 {high:.1f})  goal <= {goal:.0f}x"
            f"  {'met' if middle <= goal else 'MISSED'}; imports none of {', '.join(FORBIDDEN[name])}: "
            + ("yes" if not heavy else f"NO, it imports {', '.join(heavy)}")
        )


if __name__ == "__main__":
    main()
