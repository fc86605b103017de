import pytest

from evals.slots import FOLDER, score_file

FILES = sorted(path.name for path in FOLDER.glob("slots*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_values_in_customers_sentences_are_found(name):
    score = score_file(FOLDER / name)

    assert score.f1 >= 0.97, score.errors
