"""A project that marks enough examples teaches its own names of things, and what was taught is kept."""

from config.project import Intent, Project, Slot
from tests.understanding.conftest import at, make_version
from understanding.embedded import EmbeddedUnderstanding

STREETS = ["Elm", "Oak", "Mill", "Church", "Station", "Park", "Lake", "Hill", "Castle", "River", "Garden", "Market"]
SAID = ["pick me up at [{}](place)", "a cab from [{}](place) please", "I am waiting at [{}](place) now"]
KINDS = ["Street", "Road", "Lane", "Square", "Gate"]


async def test_marked_examples_are_learnt_kept_and_used(encoder, tmp_path):
    places = [f"{street} {kind}" for street in STREETS for kind in KINDS]
    examples = [SAID[at % len(SAID)].format(place) for at, place in enumerate(places * 3)]
    intents = {"cab": Intent(examples={"en": examples}, slots={"place": Slot(type="text")})}
    version = make_version(Project(name="cabs", locales=["en"], intents=intents))

    for _ in range(2):  # learnt, then read back
        understood = await EmbeddedUnderstanding(encoder, tmp_path).understand(
            version, at("a cab from Harbour Lane please")
        )
        values = {command["slot"]: command["value"] for command in understood.commands if command["command"] == "fill"}

        assert values == {"place": "Harbour Lane"}
    assert len(list(tmp_path.glob("*.npz"))) == 1
