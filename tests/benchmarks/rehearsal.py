"""What a rehearsal costs: goal P13, one list x 400 start dates x 10 locations against the rate of P4.

The list is the shipped `new-member`, the ten locations lie in ten countries or regions with calendars of their own,
so that no two of them share a due. The rate (tasks a CPU second) of each rehearsed location stands against that of
the expansion benchmark's coworkers, measured in turns; the median ratio is printed with its spread. Then the whole
rehearsal once more, by the wall clock, as the command does it. Nothing here asserts a time: a figure is a figure.

    python tests/benchmarks/rehearsal.py [--days 400] [--chunk 500]
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from expansion_given import NOW, members  # noqa: E402 - it stands beside this file
from expansion_given import prepared as thirty_items  # noqa: E402
from whenever import Date  # noqa: E402

from engine.authoring.folder import Folder  # noqa: E402
from engine.core.bulk import Bulk  # noqa: E402
from engine.core.calendar_rules import CalendarRules  # noqa: E402
from engine.core.prepared import Prepared  # noqa: E402
from engine.core.preparing import prepare  # noqa: E402
from engine.flows.rehearse import Asked, rehearse  # noqa: E402

GOAL = 0.8
FIRST = Date(2026, 12, 1)
SHIPPED = Path(__file__).parents[2] / "tasklists"
PLACES = {
    "barcelona": ("ES", "CT", "Europe/Madrid"), "madrid": ("ES", "MD", "Europe/Madrid"),
    "london": ("GB", "ENG", "Europe/London"), "glasgow": ("GB", "SCT", "Europe/London"),
    "berlin": ("DE", "BE", "Europe/Berlin"), "munich": ("DE", "BY", "Europe/Berlin"),
    "paris": ("FR", None, "Europe/Paris"), "lisbon": ("PT", None, "Europe/Lisbon"),
    "new-york": ("US", "NY", "America/New_York"), "toronto": ("CA", "ON", "America/Toronto"),
}  # fmt: skip


def new_member() -> Prepared:
    """Return the shipped list, in an organisation of ten locations that are Barcelona in all but calendar and zone."""
    folder = Folder(SHIPPED, "tasklists")
    shipped = folder.organisation().model
    locations = {
        name: shipped.locations["barcelona"].model_copy(
            update={"business_id": 100 + number, "time_zone": zone, "calendar": name}
        )
        for number, (name, (_, _, zone)) in enumerate(PLACES.items())
    }
    calendars = {
        name: CalendarRules.model_validate(
            {"holidays": {"country": country, "subdivision": region}, "closed": ["2026-12-24", "2026-12-31"]}
        )
        for name, (country, region, _) in PLACES.items()
    }
    organisation = shipped.model_copy(update={"locations": locations, "calendars": calendars})
    made, findings = prepare(folder.tasklist("new-member").model, organisation)
    assert made is not None, findings
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--chunk", type=int, default=500)
    given = parser.parse_args()
    prepared, bulk = new_member(), Bulk(thirty_items(), version="0" * 12)
    rehearse(prepared, Asked(FIRST, 1))  # reads the holidays of all ten
    gc.freeze()  # as the command does: modules are not looked through again and again
    ratios, rates = [], []
    for number, place in enumerate(PLACES):
        facts = list(members(given.chunk, number * given.chunk))
        before = time.process_time()
        expanded = sum(len(bulk.bodies(one, NOW).bodies) for one in facts)
        between = time.process_time()
        told = rehearse(prepared, Asked(FIRST, given.days, (place,)))
        after = time.process_time()
        rates.append(told.tasks / (after - between))
        ratios.append(rates[-1] / (expanded / (between - before)))
    ratios.sort()
    begun = time.perf_counter()
    whole = rehearse(prepared, Asked(FIRST, given.days))
    seconds = time.perf_counter() - begun
    middle = statistics.median(ratios)
    print(f"{whole.starts} starts, {whole.tasks} tasks at {len(PLACES)} locations in {seconds:.1f} s by the clock")
    print(f"   {statistics.median(rates):.0f} tasks a CPU second")
    print(
        f"P13 rehearsal / expansion  {middle:.2f}x (lowest {ratios[0]:.2f}, highest {ratios[-1]:.2f})"
        f"  goal >= {GOAL}x  {'met' if middle >= GOAL else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
