"""Texts by language: which one a coworker gets, and what `check` says of languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import ORGANISATION, expanded, facts, item, organisation, ready
from pydantic import ValidationError

from engine.core.model import Item, TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Finding
from engine.core.preparing import prepare
from engine.core.text import compile_text
from engine.core.wordings import ReadyWording, Wording, compiled, is_tag

GIVE = {"en": "Give the card", "es": "Entregar la tarjeta", "pt-BR": "Entregar o cartão"}


def named(*texts: Any) -> list[dict[str, Any]]:
    return [item(f"card-{number}", name=text) for number, text in enumerate(texts)]


def spoken(place: str | None = None, own: str | None = None) -> Organisation:
    locations: dict[str, Any] = {name: dict(told) for name, told in ORGANISATION["locations"].items()}
    if place:
        locations["barcelona"]["language"] = place
    return organisation(locations=locations, **({"language": own} if own else {}))


def name_for(of: Organisation, text: Any, **changes: Any) -> str:
    prepared = ready(item(name=text), of=of, **changes)
    return expanded(prepared).wanted[0].name


def warnings(*items: dict[str, Any], **changes: Any) -> list[tuple[tuple[Any, ...], str]]:
    told = {"tasklist": "new-member", "name": "Welcome", "items": list(items)} | changes
    prepared, findings = prepare(TaskList.model_validate(told), organisation())
    assert prepared is not None
    return [(finding.path, finding.fault.what) for finding in findings if finding.warning]


def errors(*items: dict[str, Any], **changes: Any) -> list[Finding]:
    told = {"tasklist": "new-member", "name": "Welcome", "items": list(items)} | changes
    prepared, findings = prepare(TaskList.model_validate(told), organisation())
    assert prepared is None
    return [finding for finding in findings if not finding.warning]


@pytest.mark.parametrize(
    ("place", "own", "wanted"),
    [
        ("es", "en", "Entregar la tarjeta"),
        ("es-MX", "en", "Entregar la tarjeta"),
        ("ES", None, "Entregar la tarjeta"),
        ("pt-BR", "en", "Entregar o cartão"),
        ("pt", "es", "Entregar la tarjeta"),
        ("de", "es-AR", "Entregar la tarjeta"),
        (None, "es", "Entregar la tarjeta"),
        ("de", None, "Give the card"),
        (None, None, "Give the card"),
    ],
)
def test_a_text_is_in_the_locations_language_by_tag_then_by_its_first_part_then_the_organisations_then_the_first(
    place: str | None, own: str | None, wanted: str
) -> None:
    assert name_for(spoken(place, own), GIVE) == wanted


def test_a_list_may_have_a_language_of_its_own() -> None:
    assert name_for(spoken("es", "en"), GIVE, language="pt-BR") == GIVE["pt-BR"]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [("es", GIVE["es"]), (" pt_BR ", GIVE["pt-BR"]), ("", GIVE["en"]), ("Spanish, please", GIVE["en"])],
)
def test_a_language_may_come_from_the_members_own_data(field: str, wanted: str) -> None:
    of = organisation(language="en", custom_fields={"language": {"field": "Custom9"}})
    prepared = ready(item(name=GIVE), of=of, language="coworker.custom.language")
    assert ("coworker", "custom", "language") in prepared.facts_named()
    found = expanded(prepared, facts(coworker={"Custom9": field}))
    assert found.wanted[0].name == wanted
    odd = [text for text in found.warnings if "language" in text]
    is_odd = field == "Spanish, please"
    assert odd == (["coworker.custom.language holds no language tag for this coworker"] if is_odd else [])


def test_every_text_has_languages_and_a_plain_one_is_for_all() -> None:
    card = item(
        name=GIVE | {"es": "Tarjeta de {{ coworker.full_name }}"},
        notes={"en": "Check", "es": "Mirar"},
        phase={"en": "First day", "es": "Primer día"},
        checklist=["Salto", {"en": "Scan", "es": "Leer"}, {"line": {"en": "Test", "es": "Probar"}}],
    )
    found = expanded(ready(card, of=spoken("es"), name={"en": "Welcome", "es": "Hola {{ coworker.full_name }}"}))
    (task,) = found.wanted
    assert (found.task_list_name, task.name) == ("Hola Ada Lovelace", "Tarjeta de Ada Lovelace")
    assert task.notes == "Mirar\n\n- [ ] Salto\n- [ ] Leer\n- [ ] Probar"
    assert task.phase == "Primer día"


def test_the_language_of_a_text_is_no_part_of_a_tasks_identity() -> None:
    mine = [expanded(ready(item(name=GIVE), of=spoken(tag))).wanted[0].identity for tag in ("en", "es", "pt-BR")]
    assert len(set(mine)) == 1


def test_a_text_that_lacks_a_language_of_the_others_is_a_warning_at_its_place() -> None:
    found = warnings(*named(GIVE, {"en": "Tour", "ES": "Visita"}, "WiFi"))
    assert found == [(("items", 1, "name"), "this text is not written in pt-BR, as 1 other text of the list")]


def test_texts_in_the_same_languages_are_no_warning() -> None:
    assert warnings(*named({"en": "A", "es": "B"}, {"es": "C", "en": "D"}, "Plain")) == []


def test_a_mistake_in_one_language_is_told_at_its_place() -> None:
    (fault,) = errors(item(name={"en": "Card", "es": "Tarjeta de {{ coworker.ful_name }}"}))
    assert fault.path == ("items", 0, "name", "es")
    assert fault.fault.nearest == "full_name" or "full_name" in fault.fault.corrected


@pytest.mark.parametrize("language", ["spanish language", "location", "coworker.active", "coworker.langage"])
def test_a_language_that_is_neither_a_tag_nor_a_text_fact_is_an_error(language: str) -> None:
    assert [fault.path for fault in errors(item(name=GIVE), language=language)] == [("language",)]


@pytest.mark.parametrize("tag", ["english", "en_GB", "e", "", "es-", "1a", "en GB"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError, match="no language tag"):
        Item.model_validate(item(name={tag: "Card"}))


@pytest.mark.parametrize(("written", "meant"), [("en_GB", "en-GB"), ("pt BR", "pt-BR"), ("Spanish", "es")])
def test_a_tag_in_other_words_is_told_with_the_one_that_was_meant(written: str, meant: str) -> None:
    with pytest.raises(ValidationError) as told:
        Item.model_validate(item(name={written: "Card"}))
    assert told.value.errors()[0]["ctx"]["nearest"] == meant
    with pytest.raises(ValidationError) as said:
        organisation(language=written)
    assert said.value.errors()[0]["ctx"]["corrected"] == meant


def test_a_language_given_twice_and_none_at_all_are_refused() -> None:
    with pytest.raises(ValidationError, match="given twice"):
        Item.model_validate(item(name={"es": "A", "ES": "B"}))
    with pytest.raises(ValidationError, match="at least one language"):
        Item.model_validate(item(name={}))


@pytest.mark.parametrize(
    "tag", ["en", "ast", "pt-BR", "zh-Hant-TW", "es-419", "sl-rozaj", "de-CH-1996", "en-u-ca-buddhist"]
)
def test_the_shapes_of_bcp_47_are_tags(tag: str) -> None:
    assert is_tag(tag)


def built(texts: dict[str, str]) -> ReadyWording:
    found = compiled(Wording(texts=texts), lambda _, text: compile_text(text, {}))
    assert found is not None
    return found


TAGS = st.sampled_from(["en", "es", "pt", "pt-BR", "es-MX", "zh-Hant", "zh"])


@settings(derandomize=True, max_examples=200)
@given(st.dictionaries(TAGS, st.text(max_size=3), min_size=1), st.lists(TAGS, max_size=3))
def test_whoever_asks_gets_one_of_the_texts_and_the_exact_language_wherever_it_is_written(
    texts: dict[str, str], wanted: list[str]
) -> None:
    found = built({tag: f"{tag}:{text}".replace("{", "(") for tag, text in texts.items()}).chosen(wanted).source
    assert found.partition(":")[0] in texts
    if wanted and wanted[0] in texts:
        assert found.startswith(f"{wanted[0]}:")
    if not {tag.partition("-")[0] for tag in wanted} & set(texts) and not set(wanted) & set(texts):
        assert found.startswith(f"{next(iter(texts))}:")


def test_the_locations_language_is_a_fact_too() -> None:
    said = "In {{ location.language | default('any') }}"
    assert name_for(spoken("es", "en"), said) == "In es"
    assert name_for(spoken(None, "en"), said) == "In en"
    assert name_for(spoken(), said) == "In any"
