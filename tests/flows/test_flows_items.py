"""Languages, optional items, checklists and overrides against a real far side and a real ledger."""

from given_account import ASHLEY, Account

HEAD = "name: {en: Welcome, es: Hola}\ndefaults: {responsible: front-desk}\nitems:\n"
CARD = (
    "  - id: card\n    name: {en: Give the card, es: Entregar la tarjeta}\n    notes: {en: Check, es: Mirar}\n"
    "    checklist: [Salto, {en: Scan, es: Leer}]\n    due: 1 day after signup at 10:00\n"
)


def given(account: Account, *items: str, name: str = "spoken") -> None:
    account.write(name, f"tasklist: {name}\n{HEAD}{''.join(items)}")


def speak(account: Account, before: str, now: str) -> None:
    account.edit("organisation", before, now)


def test_a_member_gets_the_texts_of_the_locations_language_and_another_one_makes_nothing_anew(account: Account):
    given(account, CARD)
    speak(account, "since: 2026-11-01\n", "since: 2026-11-01\nlanguage: es-ES\n")
    first = account.run(name="spoken")
    assert (first.outcomes, first.json["task_list_name"]) == ({"card": "created"}, "Hola")
    (made,) = account.commits()
    assert made["record"]["Name"] == "Entregar la tarjeta"
    assert made["record"]["Notes"].startswith("Mirar\n\n- [ ] Salto\n- [ ] Leer\n\nref: ")

    speak(account, "language: es-ES", "language: en")
    again = account.run(name="spoken")
    assert again.outcomes == {"card": "kept"}
    assert len(account.commits()) == 1
    (action,) = again.json["actions"]
    assert {part["field"] for part in action["drift"]} == {"Name", "Notes"}
    account.lose_ledger()
    assert account.run(name="spoken").outcomes == {"card": "adopted"}


def test_another_language_is_another_version_of_the_list(account: Account):
    given(account, CARD)
    before = account.preview(name="spoken").json["version"]
    speak(account, "since: 2026-11-01\n", "since: 2026-11-01\nlanguage: es\n")
    assert account.preview(name="spoken").json["version"] != before


def test_a_list_whose_optional_items_alone_need_a_contract_is_run_for_a_coworker_without_one(account: Account):
    for number in [record["Id"] for record in account.far_side.records("coworkercontracts")]:
        account.far_side.remove_record("coworkercontracts", number)
    given(account, CARD, "  - {id: tour, name: Tour, due: on contract.start, optional: true}\n")
    told = account.run("--location", "barcelona", name="spoken")
    assert (told.code, told.outcomes) == (0, {"card": "created"})
    ((item, reason),) = [(part["item"], part["reason"]) for part in told.json["left_out"]]
    assert item == "tour"
    assert reason.startswith("optional: ")
    assert "no contract" in reason


def test_what_waits_is_made_later_as_it_was_changed(account: Account):
    given(account, CARD, "  - {id: tour, name: Tour, due: on signup, after: card}\n")
    first = account.run("--due", "tour=on 2027-03-01 at 15:30", name="spoken")
    assert first.outcomes == {"card": "created", "tour": "waiting"}
    (card,) = account.commits()
    account.far_side.put_record("coworkertasks", card["record"]["Id"], Completed=True)
    account.cli("resume", "--coworker", ASHLEY, "--format", "json")
    tour = account.commits()[-1]["record"]
    assert tour["Name"] == "Tour"
    assert tour["DueDate"].startswith("2027-03-01T14:30")
    assert len(account.commits()) == 2
