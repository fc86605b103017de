"""Documents that are not for everybody: by channel, by label, from the folder and from uploads."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from dialogue.audience import EVERYBODY, Audience, audience_of
from ingest.run import add_document, ingest_project
from ingest.sources import Meant
from tests.knowledge.conftest import OpenKnowledge, everywhere
from tests.knowledge.documents import document
from tests.knowledge.fakes import make_version
from tools.knowledge import ChromaKnowledge, scope_of

BUSINESS = Audience(channel="web", labels=frozenset({"business"}))
PRIVATE = Audience(channel="web", labels=frozenset({"private"}))


@pytest.mark.parametrize(
    ("channels", "labels", "audience", "admitted"),
    [
        ([], [], PRIVATE, True),
        (["phone"], [], Audience(channel="phone"), True),
        (["phone"], [], Audience(channel="web"), False),
        (["phone"], [], EVERYBODY, True),
        ([], ["business", "partner"], BUSINESS, True),
        ([], ["business"], PRIVATE, False),
        ([], ["business"], Audience(channel="web"), True),
        (["phone"], ["business"], BUSINESS, False),
    ],
)
def test_a_document_is_for_its_channels_and_labels_and_one_without_for_everybody(
    channels: Collection[str], labels: Collection[str], audience: Audience, admitted: bool
) -> None:
    assert audience.admits(channels=channels, labels=labels) is admitted


def test_labels_come_from_the_metadata_of_a_turn_and_anything_else_there_is_none() -> None:
    assert audience_of("web", {"labels": ["business"], "page": "/fees"}) == BUSINESS
    assert audience_of("web", {"labels": "business"}) == Audience(channel="web")
    assert audience_of("web", {"labels": [1, None]}) == Audience(channel="web")


@everywhere
@pytest.mark.parametrize("second", [False, True], ids=["owner of the index", "second process"])
async def test_however_many_documents_are_for_others_ones_own_is_found(
    open_here: OpenKnowledge, tmp_path, second: bool
) -> None:
    owner = open_here()
    version = make_version(tmp_path / "bank")
    add = [
        replace(document(f"{at}.md", f"A transfer fee of {at} lira for businesses."), labels=("business",))
        for at in range(100)
    ]
    own = replace(document("own.md", "Whoever sends money pays a small fee."), labels=("private",))
    owner.write(scope_of(version), add=[*add, own], remove=(), locales=["en"])
    knowledge = open_here() if second else owner

    found = await knowledge.search(version, "transfer fee of 7 lira", locale="en", audience=PRIVATE)
    all_of_them = await knowledge.search(version, "transfer fee of 7 lira", locale="en")

    assert [passage["source"] for passage in found["passages"]] == ["own.md"]
    assert all_of_them["passages"][0]["source"] != "own.md"


@everywhere
async def test_a_folder_and_an_upload_say_for_whom_they_are(knowledge: ChromaKnowledge, tmp_path) -> None:
    folder = tmp_path / "bank"
    (folder / "knowledge" / "trade").mkdir(parents=True)
    (folder / "knowledge" / "fees.md").write_text("# Fees\n\nA transfer fee is five lira.")
    (folder / "knowledge" / "trade" / "fees.md").write_text("# Trade fees\n\nA business transfer fee is two lira.")
    plain = make_version(folder)
    trade = {"path": "knowledge/trade/", "labels": ["business"], "channels": ["web"]}
    version = make_version(folder, knowledge={"sources": ["knowledge/", trade]})

    ingest_project(plain, knowledge=knowledge)
    again = ingest_project(version, knowledge=knowledge)
    text = b"# Card\n\nA private card costs 1 lira."
    added = add_document(version, "card.md", text, knowledge=knowledge, meant=Meant(labels=("private",)))

    assert (again.changed, again.unchanged) == (["knowledge/trade/fees.md"], ["knowledge/fees.md"])
    assert added.labels == ("private",)
    sources = {
        name: [one["source"] for one in (await knowledge.search(version, "fee", locale="en", audience=who))["passages"]]
        for name, who in {"business": BUSINESS, "private": PRIVATE, "phone": Audience(channel="phone")}.items()
    }
    assert {name: sorted(found) for name, found in sources.items()} == {
        "business": ["knowledge/fees.md", "knowledge/trade/fees.md"],
        "private": ["card.md", "knowledge/fees.md"],
        "phone": ["card.md", "knowledge/fees.md"],
    }


@everywhere
async def test_a_rebuild_keeps_for_whom_a_document_is(knowledge: ChromaKnowledge, tmp_path) -> None:
    version = make_version(tmp_path / "bank")
    own = replace(document("own.md", "Businesses pay two lira."), labels=("business",), channels=("web",))
    knowledge.write(scope_of(version), add=[own], remove=(), locales=["en"])
    knowledge.write(scope_of(version), add=(), remove=(), locales=["en"], rebuild=True)

    [kept] = knowledge.documents(scope_of(version))

    assert (kept.labels, kept.channels) == (("business",), ("web",))
    found = await knowledge.search(version, "what do businesses pay", locale="en", audience=PRIVATE)
    assert found["hits"] == 0
