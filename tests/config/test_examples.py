import pytest

from config.examples import Mark, marks, plain


@pytest.mark.parametrize(
    ("example", "text", "found"),
    [
        ("no marks [here] (or here)", "no marks [here] (or here)", ()),
        ("[500 lira](amount) gönder", "500 lira gönder", (Mark("amount", 0, 8),)),
        ("从[北京](from)到[上海](to)", "从北京到上海", (Mark("from", 1, 3), Mark("to", 4, 6))),
        ("[a]( b )", "a", (Mark("b", 0, 1),)),
    ],
)
def test_marks_are_taken_out_of_an_example(example, text, found):
    assert plain(example) == text
    assert marks(example) == found
