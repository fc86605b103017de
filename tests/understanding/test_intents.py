"""The intent classifier: what it learns from, what it measures on, and what the nearest examples add."""

import numpy as np
import pytest

from config.project import Intent, Project
from models.ports import Vectors
from understanding.calibration import Blend, fit_blend
from understanding.intents import train_intents, training_texts
from understanding.linear import cross_validate
from understanding.neighbours import neighbours_of
from understanding.space import unit


def project_of(**intents: Intent) -> Project:
    return Project(name="shop", locales=["en"], intents=intents)


def test_an_intent_is_known_by_its_titles_or_else_by_the_words_of_its_key():
    examples = {"en": ["where is my parcel"]}
    project = project_of(
        track_parcel=Intent(examples=examples),
        cancel=Intent(examples={"en": ["stop it"]}, title="give up the order"),
        i_7=Intent(examples={"en": ["hello"]}),
        bare=Intent(title="returns", description="Send things back."),
    )

    texts, labels = training_texts(project)

    assert texts == [
        "where is my parcel",
        "track parcel",
        "stop it",
        "give up the order",
        "hello",
        "returns",
        "Send things back.",
    ]
    assert labels == [0, 0, 1, 1, 2, 3, 3]


def test_scores_are_of_messages_that_belong_and_certainty_is_of_any(encoder):
    project = project_of(
        track_parcel=Intent(examples={"en": ["where is my parcel", "track my delivery", "has it been shipped"]}),
        cancel_order=Intent(examples={"en": ["cancel my order", "I do not want it any more", "stop the order"]}),
    )

    model, _ = train_intents(project, encoder)
    near, far = (model.read(row) for row in encoder.encode_now(["where's my package?", "how tall is Everest"], "query"))

    assert near.best == "track_parcel"
    assert near.certainty <= near.ranking[0]["score"]
    assert far.certainty < near.certainty
    assert far.logit < near.logit


def two_rings(count: int) -> tuple[Vectors, list[int]]:
    """Two classes that no plane sets apart: each stands on two opposite sides."""
    draw = np.random.default_rng(3)
    places = draw.integers(0, 4, count)
    corners = np.array([[1, 1, 0.2], [-1, -1, 0.2], [1, -1, 0.2], [-1, 1, 0.2]])
    rows = (corners[places] + draw.normal(0, 0.15, (count, 3))).astype(np.float32)
    return unit(rows), [int(place > 1) for place in places]


def test_the_nearest_examples_are_listened_to_only_where_they_know_more():
    rings, sides = two_rings(80)
    straight = [int(row[0] > 0) for row in rings]

    listened = [
        fit_blend(held.logits, held.votes, held.labels)
        for held in (cross_validate(rings, labels, folds=4, strength=10) for labels in (sides, straight))
    ]

    assert listened[0].share > 0
    assert listened[1].share == 0


def test_names_are_never_held_out():
    rings, sides = two_rings(40)

    held = cross_validate(rings, sides, folds=4, strength=10, kept=[place < 30 for place in range(40)])

    assert len(held.labels) == 10


def test_votes_are_logarithms_of_shares_whatever_the_order_of_the_examples():
    rows = unit(np.array([[1, 0, 0], [0, 1, 0], [1, 0.1, 0]], dtype=np.float32))

    votes = neighbours_of(rows, [2, 0, 2]).votes(rows[:2], 4)

    assert votes.argmax(axis=1).tolist() == [2, 0]
    assert np.exp(votes).sum(axis=1) == pytest.approx([1, 1], abs=1e-4)
    assert np.exp(votes[:, 1]).max() < 1e-6


def test_without_a_share_votes_change_nothing():
    logits = np.array([[1.0, 2.0, 0.5]], dtype=np.float32)

    chances = Blend(0.5).chances(logits, np.array([[0.0, -9.0]], dtype=np.float32))

    assert chances.argmax() == 1
