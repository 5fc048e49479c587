from hypothesis import given, settings
from hypothesis import strategies as st

from engine.nexudus.paging import MOST_PAGES, Reading, id_list


def served(ids, number, size):
    part = ids[(number - 1) * size : number * size]
    pages = -(-len(ids) // size)
    return {
        "Records": [{"Id": each} for each in part],
        "CurrentPage": number,
        "HasNextPage": number < pages,
        "TotalItems": len(ids),
        "TotalPages": pages,
    }


def read(states, size):
    """Read a list that is `states[n]` when page n is asked for, the last state for ever."""
    reading = Reading()
    while not reading.done:
        now = states[min(reading.next_page - 1, len(states) - 1)]
        reading.add(served(now, reading.next_page, size))
    return reading


IDS = st.lists(st.integers(1, 10**9), unique=True, max_size=30)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(IDS, st.integers(1, 12))
def test_a_list_at_rest_is_read_whole_in_any_order_and_page_size(ids, size):
    reading = read([ids], size)
    assert not reading.moved
    assert reading.listing().complete
    assert [row["Id"] for row in reading.listing().rows] == sorted(ids)


@settings(derandomize=True, max_examples=500, deadline=None)
@given(IDS, st.integers(1, 6), st.data())
def test_no_removal_while_reading_is_taken_for_a_whole_list(ids, size, data):
    states = [ids]
    for _ in range(4):
        gone = data.draw(st.sets(st.sampled_from(states[-1]), max_size=3)) if states[-1] else set()
        states.append([each for each in states[-1] if each not in gone])
    reading = read(states, size)
    if reading.listing().complete:
        assert {row["Id"] for row in reading.listing().rows} >= set(states[-1])


@settings(derandomize=True, max_examples=500, deadline=None)
@given(IDS, st.integers(1, 6), st.data())
def test_no_creation_while_reading_hides_an_older_row(ids, size, data):
    states = [ids]
    for _ in range(4):
        fresh = data.draw(st.lists(st.integers(2 * 10**9, 3 * 10**9), max_size=2))
        where = data.draw(st.integers(0, len(states[-1])))
        added = [each for each in dict.fromkeys(fresh) if each not in states[-1]]
        states.append(states[-1][:where] + added + states[-1][where:])
    reading = read(states, size)
    if reading.listing().complete:
        assert {row["Id"] for row in reading.listing().rows} >= set(ids)


PAGE = st.fixed_dictionaries(
    {},
    optional={
        "Records": st.none() | st.lists(st.none() | st.dictionaries(st.just("Id"), st.none() | st.integers(-1, 5))),
        "CurrentPage": st.integers(1, 3) | st.none(),
        "HasNextPage": st.booleans() | st.none(),
        "TotalItems": st.integers(-1, 6) | st.none() | st.booleans(),
        "TotalPages": st.integers(-1, 6) | st.none() | st.just("2"),
    },
)


@settings(derandomize=True, max_examples=500, deadline=None)
@given(st.lists(PAGE | st.none() | st.lists(st.integers()), min_size=1, max_size=4))
def test_no_page_crashes_the_reader_and_a_complete_list_has_its_count(pages):
    reading = Reading()
    for number in range(MOST_PAGES + 2):
        if reading.done:
            break
        reading.add(pages[min(number, len(pages) - 1)])
    assert reading.done
    listing = reading.listing()
    assert listing.complete == (not listing.why_incomplete)
    last = pages[min(number - 1, len(pages) - 1)]
    if listing.complete:
        assert len(listing.rows) == last["TotalItems"]


def test_a_batch_in_either_form_gives_rows_by_id():
    assert id_list([{"Id": 5}, {"Id": "6"}, None]) == {5: {"Id": 5}}
    assert id_list({"Records": [{"Id": 5}]}) == {5: {"Id": 5}}
    assert id_list({"Records": None}) == {}
    assert id_list("Not found") == {}
