import pytest
from scripted_nexudus import (
    Answer,
    Clock,
    client_for,
    cut,
    data,
    envelope,
    in_turn,
    page,
    reset,
    rows,
    serving,
    throttled_409,
)
from whenever import Instant

from engine.nexudus.calls import Entity
from engine.nexudus.errors import (
    IncompleteList,
    LoginRefused,
    NexudusUnreachable,
    NotTheApi,
    PasswordMustBeReset,
    RequestRefused,
    RoleMissing,
    SecondFactorWanted,
    Throttled,
    UnknownCoworker,
    UnknownRecord,
    UnknownUser,
    UnreadableRecord,
)
from engine.nexudus.rows import why_unfit


def task(task_id, coworker_id=9, **fields):
    row = {"Id": task_id, "BusinessId": 7, "CoworkerId": coworker_id, "Name": f"Task {task_id}"}
    return {**row, "Completed": False, "DueDate": None, "ResponsibleId": 3, **fields}


def paged(all_rows, *, size=100, **odd):
    """A faithful list of `all_rows`; `odd` overrides parts of the envelope."""

    def script(request):
        number = int(request.query["page"])
        part = all_rows[(number - 1) * size : number * size]
        pages = -(-len(all_rows) // size)
        whole = {"Records": part, "CurrentPage": number, "TotalItems": len(all_rows), "TotalPages": pages}
        return data({**whole, "HasNextPage": number < pages, **odd})

    return script


def tasks_of(script, coworker_id=9):
    with serving(script) as server:
        return client_for(server).tasks_of(coworker_id), server


def test_a_list_is_read_to_its_end_in_the_order_of_ids():
    listing, server = tasks_of(paged([task(number) for number in range(250, 0, -1)]))
    assert listing.complete
    assert [each.task_id for each in listing.rows] == list(range(1, 251))
    asked = [each.query for each in server.requests if each.query]
    assert [each["page"] for each in asked] == ["1", "2", "3"]
    assert all(each["orderBy"] == "Id" and each["size"] == "100" for each in asked)
    assert all(each["CoworkerTask_Coworker"] == "9" for each in asked)


def test_an_empty_list_is_complete():
    listing, _ = tasks_of(paged([]))
    assert listing.complete
    assert listing.rows == ()


def test_rows_of_others_are_dropped_when_the_filter_is_ignored():
    listing, _ = tasks_of(paged([task(1), task(2, coworker_id=10), task(3)]))
    assert listing.complete
    assert [each.task_id for each in listing.rows] == [1, 3]


def test_a_row_becomes_a_live_task():
    listing, _ = tasks_of(paged([task(1, DueDate="2026-04-28T00:00:00Z", CreatedOn="2026-08-27T08:46:15.2905774Z")]))
    (row,) = listing.rows
    assert row.due_at == Instant.from_utc(2026, 4, 28)
    assert row.created_at == Instant.from_utc(2026, 8, 27, 8, 46, 15, nanosecond=290577400)
    assert (row.business_id, row.coworker_id, row.responsible_id, row.completed) == (7, 9, 3, False)


HUNDRED = [task(number) for number in range(1, 101)]

LYING = {
    "Records null": lambda _: data({**envelope([]), "Records": None}),
    "no envelope": lambda _: data([task(1)]),
    "count too high": lambda _: rows(task(1), total=3),
    "count too low": lambda _: rows(task(1), task(2), total=1),
    "no count": lambda _: data({"Records": [task(1)], "HasNextPage": False}),
    "pages contradict": paged([task(1)], HasNextPage=True, TotalPages=1),
    "pages contradict the other way": paged([task(1)], HasNextPage=False, TotalPages=4),
    "no paging at all": lambda _: data({"Records": [task(1)], "TotalItems": 1}),
    "page ignored": lambda _: data({"Records": HUNDRED, "CurrentPage": 1, "HasNextPage": True,
                                    "TotalItems": 250, "TotalPages": 3}),
    "page ignored and unnamed": lambda _: data({"Records": HUNDRED, "HasNextPage": True,
                                                "TotalItems": 250, "TotalPages": 3}),
    "a row without Id": lambda _: rows({"Name": "x"}, total=1),
    "a row that is no record": lambda _: data({**envelope([]), "Records": [5], "TotalItems": 1}),
    "a row without its coworker": lambda _: rows(task(1, coworker_id=None)),
    "an unreadable due date": lambda _: rows(task(1, DueDate="next week")),
}


@pytest.mark.parametrize("script", LYING.values(), ids=LYING.keys())
def test_a_list_in_doubt_is_incomplete_with_a_reason(script):
    listing, server = tasks_of(script)
    assert not listing.complete
    assert listing.why_incomplete
    assert len(server.requests) < 15


def test_a_failing_later_page_makes_the_list_incomplete():
    good = paged([task(number) for number in range(1, 251)])
    listing, _ = tasks_of(lambda request: page(500) if request.query["page"] == "2" else good(request))
    assert not listing.complete
    assert "page 2" in listing.why_incomplete


def test_a_failing_first_page_raises_since_nothing_is_known():
    with serving(in_turn(page(503))) as server, pytest.raises(NexudusUnreachable):
        client_for(server).tasks_of(9)


def test_pages_without_end_are_bounded():
    def script(request):
        number = int(request.query["page"])
        return data({"Records": [task(number)], "CurrentPage": number, "HasNextPage": True,
                     "TotalItems": 10**6, "TotalPages": 10**6})

    listing, server = tasks_of(script)
    assert not listing.complete
    assert len(server.requests) <= 202


def test_a_list_that_moves_while_it_is_read_is_read_again():
    before = [task(number) for number in range(1, 151)]
    after = before[1:]
    seen = []

    def script(request):
        seen.append(request.query["page"])
        return paged(before if len(seen) == 1 else after)(request)

    listing, _ = tasks_of(script)
    assert listing.complete
    assert len(listing.rows) == 149


def test_a_removal_that_hides_a_row_behind_an_equal_count_is_noticed():
    # 101 rows; after page 1 the first is removed: page 2 is empty, 100 rows in hand, 100 announced.
    before = [task(number) for number in range(1, 102)]
    flip = []

    def script(request):
        flip.append(request.query["page"])
        return paged(before if len(flip) == 1 else before[1:])(request)

    listing, _ = tasks_of(script)
    assert 101 in {each.task_id for each in listing.rows}
    assert listing.complete


def test_one_record_is_read_and_an_absent_one_is_none():
    with serving(in_turn(data({"Id": 5, "Name": "x"}), data("Not found", 404))) as server:
        client = client_for(server)
        assert client.task(5) == {"Id": 5, "Name": "x"}
        assert client.task(5) is None


def test_another_records_answer_is_not_taken():
    with serving(in_turn(data({"Id": 6}))) as server, pytest.raises(NexudusUnreachable, match="5"):
        client_for(server).task(5)


def test_a_web_page_as_404_is_not_absence():
    with serving(in_turn(page(404))) as server, pytest.raises(NotTheApi, match="NEXUDUS_BASE_URL"):
        client_for(server).task(5)


def test_a_record_that_answers_500_is_neither_there_nor_gone():
    with serving(in_turn(data({"Message": "An error has occurred."}, 500))) as server:
        with pytest.raises(UnreadableRecord, match="5"):
            client_for(server).task(5)
        assert len(server.paths()) == 2


@pytest.mark.parametrize("fault", [reset(), page(502), page(503), cut(b'{"Id"', 50), Answer(200, b"{"),
                                   throttled_409("2"), data({"Message": "Wait 1 seconds"}, 429)])
def test_a_read_gets_over_a_passing_fault(fault):
    with serving(in_turn(fault, data({"Id": 5}))) as server:
        assert client_for(server).task(5) == {"Id": 5}


def test_a_read_gives_up_with_what_to_do():
    with serving(in_turn(page(503))) as server:
        with pytest.raises(NexudusUnreachable) as raised:
            client_for(server).task(5)
        assert len(server.paths()) == 4
        assert raised.value.exit_code == 6
        assert "again later" in raised.value.advice


def test_a_throttled_read_names_the_wait():
    with serving(in_turn(throttled_409("250"))) as server, pytest.raises(Throttled) as raised:
        client_for(server).task(5)
    assert raised.value.seconds == 250


def test_an_unknown_coworker_is_named():
    with serving(in_turn(data("Not found", 404))) as server, pytest.raises(UnknownCoworker, match="42") as raised:
        client_for(server).coworker(42)
    assert raised.value.exit_code == 2


def test_a_coworker_that_answers_500_and_is_in_no_list_is_unknown():
    def script(request):
        return rows() if request.query else data({"Message": "An error has occurred."}, 500)

    with serving(script) as server, pytest.raises(UnknownCoworker, match="trouble"):
        client_for(server).coworker(42)


def test_a_coworker_that_answers_500_and_is_listed_means_trouble():
    def script(request):
        return rows({"Id": 42}) if request.query else data({"Message": "An error has occurred."}, 500)

    with serving(script) as server, pytest.raises(NexudusUnreachable):
        client_for(server).coworker(42)


CONTRACT = {"Id": 1, "CoworkerId": 9, "IssuedById": 7, "StartDate": "2026-11-01T00:00:00Z", "Active": True}
CONTRACT |= {"Cancelled": False, "CancellationDate": None, "MainContract": True}


def test_contracts_of_others_are_dropped_and_partial_rows_are_read_whole():
    partial = {"Id": 2, "CoworkerId": 9, "IssuedById": None, "StartDate": None}

    def script(request):
        if request.query:
            return rows(CONTRACT, partial, {**CONTRACT, "Id": 3, "CoworkerId": 10}, {"Id": 4, "CoworkerId": None})
        number = int(request.path.rpartition("/")[2])
        return data({**CONTRACT, "Id": number, "CoworkerId": 9 if number == 2 else 10})

    with serving(script) as server:
        contracts = client_for(server).contracts_of(9)
        assert [each["Id"] for each in contracts] == [1, 2]
        assert server.paths()[1:] == ["GET /api/billing/coworkercontracts/2", "GET /api/billing/coworkercontracts/4"]


def test_a_list_that_must_be_whole_raises_when_it_is_not():
    with serving(in_turn(rows(CONTRACT, total=2))) as server, pytest.raises(IncompleteList):
        client_for(server).contracts_of(9)


def test_a_location_gives_its_zone():
    with serving(in_turn(data({"Id": 2023, "Name": "Romance Standard Time"}))) as server:
        assert client_for(server).time_zone(2023) == "Europe/Paris"
        assert server.paths() == ["GET /api/sys/simpletimezones/2023"]


ANA = {"Id": 31, "Email": "Ana@Acme.example", "FullName": "Ana", "Active": True, "IsAdmin": True}
ANA |= {"Businesses": [7, 8], "DefaultBusinessId": 7, "AccessToken": "canary-token"}


def test_a_user_is_found_by_e_mail_without_regard_to_case():
    def script(request):
        ben = {**ANA, "Id": 32, "Email": "ben@acme.example"}
        return rows({**ANA, "Businesses": None}, ben) if request.query else data(ANA)

    with serving(script) as server:
        found = client_for(server).user_by_email("ana@acme.EXAMPLE ")
    assert (found.id, found.active, found.is_admin, found.business_ids) == (31, True, True, frozenset({7, 8}))
    assert "Acme" not in repr(found)
    assert why_unfit(found, 7) == ""
    assert "9" in why_unfit(found, 9)


@pytest.mark.parametrize("field", ["Active", "IsAdmin"])
def test_an_inactive_user_or_one_that_is_no_admin_is_unfit(field):
    with serving(in_turn(data({**ANA, field: False}))) as server:
        assert why_unfit(client_for(server).user(31), 7)


def test_one_e_mail_on_two_users_names_both():
    with serving(in_turn(rows(ANA, {**ANA, "Id": 32}))) as server, pytest.raises(UnknownUser, match="31, 32"):
        client_for(server).user_by_email("ana@acme.example")


def test_an_e_mail_of_nobody_is_an_error_of_the_files():
    with serving(in_turn(rows())) as server, pytest.raises(UnknownUser, match="organisation.yaml"):
        client_for(server).user_by_email("eva@acme.example")


@pytest.mark.parametrize("envelop", [data, lambda found: rows(*found)])
def test_a_batch_reads_missing_and_partial_rows_one_by_one(envelop):
    def script(request):
        if request.query:
            assert request.query["id"] == "[1,2,3,4]"
            return envelop([{"Id": 1, "Name": "A1"}, {"Id": 2, "Name": None}, {"Id": 99, "Name": "foreign"}])
        number = int(request.path.rpartition("/")[2])
        return data("Not found", 404) if number == 4 else data({"Id": number, "Name": f"whole {number}"})

    with serving(script) as server:
        desks = client_for(server).desks([1, 2, 3, 4, 2])
    assert [each["Name"] for each in desks] == ["A1", "whole 2", "whole 3"]


def test_an_empty_batch_asks_for_nothing():
    with serving(in_turn(page(500))) as server:
        assert client_for(server).teams([]) == ()
        assert server.requests == []


def test_an_unknown_record_of_another_kind_is_named():
    with serving(in_turn(data("Not found", 404))) as server, pytest.raises(UnknownRecord, match="Team 8"):
        client_for(server).team(8)


def test_any_kind_of_list_can_be_read():
    with serving(in_turn(rows({"Id": 1, "Active": True}))) as server:
        listing = client_for(server).listing(Entity.NATIVE_TASK_LIST, {"TaskList_Business": "7"})
        assert listing.rows == ({"Id": 1, "Active": True},)
        assert server.requests[-1].query["TaskList_Business"] == "7"


def test_a_list_that_nexudus_does_not_know_is_refused_not_empty():
    with serving(in_turn(data("Not found", 404))) as server, pytest.raises(RequestRefused, match="WebHook"):
        client_for(server).listing(Entity.WEBHOOK)


GRANT = {"error": "invalid_grant", "error_description": "The user name or password is incorrect."}


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (GRANT, LoginRefused),
        ({"error": "two_factor_auth_check"}, SecondFactorWanted),
        ({"error": "invalid_grant", "error_description": "two_factor_auth_check"}, SecondFactorWanted),
        ({"error": "must_reset_password"}, PasswordMustBeReset),
    ],
)
def test_a_refused_login_is_final_and_says_what_to_do(status, error, kind):
    with serving(in_turn(data({})), logins=[data(error, status)]) as server:
        client = client_for(server)
        for _ in range(3):
            with pytest.raises(LoginRefused) as raised:
                client.task(5)
            assert type(raised.value) is kind
            assert "NEXUDUS_PASSWORD" in raised.value.advice
            assert "canary" not in str(raised.value)
        assert server.tokens == 1


def test_a_portal_that_answers_the_login_with_a_page_is_told_apart():
    with serving(in_turn(data({})), logins=[page(), page()]) as server, pytest.raises(NotTheApi):
        client_for(server).task(5)


@pytest.mark.parametrize("bad", [data({"access_token": ""}), data({"access_token": "a\nb"}), data({}), data([])])
def test_a_login_without_a_usable_token_is_no_login(bad):
    with serving(in_turn(data({"Id": 5})), logins=[bad] * 4) as server, pytest.raises(NexudusUnreachable):
        client_for(server).task(5)


def test_a_login_gets_over_a_throttle():
    with serving(in_turn(data({"Id": 5})), logins=[throttled_409("2")]) as server:
        assert client_for(server).task(5) == {"Id": 5}


def test_a_token_is_replaced_before_its_time_is_over():
    clock = Clock()
    short = data({"access_token": "short", "expires_in": 100})
    with serving(in_turn(data({"Id": 5})), logins=[short]) as server:
        client = client_for(server, clock)
        client.task(5)
        clock.skip(85)
        client.task(5)
        assert server.tokens == 1
        clock.skip(10)
        client.task(5)
        assert server.tokens == 2


def test_a_token_without_a_life_is_kept_until_it_is_refused():
    clock = Clock()
    with serving(in_turn(data({"Id": 5})), logins=[data({"access_token": "t"})]) as server:
        client = client_for(server, clock)
        client.task(5)
        clock.skip(10**7)
        client.task(5)
        assert server.tokens == 1


def test_a_missing_role_is_named_and_other_calls_go_on():
    def script(request):
        return data({}, 401) if "users" in request.path else data({"Id": 5})

    with serving(script) as server:
        client = client_for(server)
        for _ in range(3):
            assert client.task(5) == {"Id": 5}
            with pytest.raises(RoleMissing) as raised:
                client.user(3)
            assert raised.value.role == "User-Read"
        assert server.tokens == 2


def test_basic_authentication_asks_for_no_token():
    with serving(in_turn(data({"Id": 5}))) as server:
        client_for(server, auth="basic", username="a", password="b").task(5)
        assert server.tokens == 0
        assert server.requests[0].headers["authorization"] == "Basic YTpi"


@pytest.mark.parametrize("login", [{"auth": "basic"}, {"token": "given"}])
def test_a_fixed_login_that_is_refused_everywhere_is_a_refused_login(login):
    with serving(in_turn(data({}, 401))) as server, pytest.raises(LoginRefused):
        client_for(server, **login).task(5)
    assert server.tokens == 0


def test_a_fixed_login_that_works_elsewhere_lacks_a_role():
    def script(request):
        return data({"FullName": "x"}) if request.path == "/en/user/me" else data({}, 401)

    with serving(script) as server, pytest.raises(RoleMissing, match="CoworkerTask-Read"):
        client_for(server, token="given").task(5)


def test_a_read_that_nexudus_calls_wrong_is_shown():
    refusal = data({"Message": "Missing required filter: Invoice", "WasSuccessful": False}, 400)
    with serving(in_turn(refusal)) as server, pytest.raises(RequestRefused, match="Missing required filter"):
        client_for(server).listing(Entity.TARIFF)


def test_nothing_secret_is_in_any_error_or_repr():
    with serving(in_turn(data({**ANA, "Message": "canary"}, 500))) as server:
        client = client_for(server, token="canary-token")
        with pytest.raises(UnreadableRecord) as raised:
            client.user(31)
    assert "canary" not in f"{raised.value!r} {raised.value} {raised.value.__cause__!r}"


def test_an_unknown_host_is_unreachable_with_exit_code_6():
    from engine.nexudus.client import NexudusReader, NoPace
    from engine.nexudus.settings import NexudusSettings

    clock = Clock()
    settings = NexudusSettings("http://127.0.0.1:1", token="t")
    reader = NexudusReader(settings, pace=NoPace(), sleep=clock.sleep, clock=clock)
    with pytest.raises(NexudusUnreachable, match="127.0.0.1:1") as raised:
        reader.me()
    assert raised.value.exit_code == 6
