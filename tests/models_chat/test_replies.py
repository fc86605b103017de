import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.replies import ReplyCleaner, clean_reply


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  Merhaba!  ", "Merhaba!"),
        ("assistant: Merhaba", "Merhaba"),
        ("Assistant:\nMerhaba", "Merhaba"),
        ("assistant\nMerhaba", "Merhaba"),
        ("<|im_start|>assistant\nMerhaba<|im_end|>\n<|im_start|>user\nve?", "Merhaba"),
        ("Merhaba</s>user: yes", "Merhaba"),
        ("[INST] Merhaba [/INST]", "Merhaba"),
        ("<think>secret plan</think>Merhaba", "Merhaba"),
        ("secret plan</think>Merhaba", "Merhaba"),
        ("Merhaba <think>never closed", "Merhaba"),
        ('Merhaba <tool_call>{"name": "balance"}</tool_call>', "Merhaba"),
        ("<answer>Merhaba</answer>", "Merhaba"),
        ("Merhaba #DETECTED_INTENT: balance\nmore", "Merhaba"),
        ("Merhaba\nassistant: nasılsınız", "Merhaba\nnasılsınız"),
        ("The assistant manager can help; ask your assistant.", "The assistant manager can help; ask your assistant."),
        ("Assistants are here", "Assistants are here"),
        ("5 < 6 and <b>bold</b> stay, #1 too", "5 < 6 and <b>bold</b> stay, #1 too"),
        ("Model: X200 costs 5", "X200 costs 5"),
        ("The model: X200", "The model: X200"),
        ("a [link](x) and [1]", "a [link](x) and [1]"),
        ("trailing <", "trailing <"),
        ("您好！余额为5元。", "您好！余额为5元。"),
        ("", ""),
    ],
)
def test_only_what_is_meant_for_a_customer_is_left(text, clean):
    assert clean_reply(text) == clean


MARKS = [
    "<think>",
    "</think>",
    "<|im_end|>",
    "<|im_start|>",
    "assistant",
    ":",
    "\n",
    " ",
    "<",
    "a",
    "b",
    "</s>",
    "[INST]",
]
MARKS += ["#", "DETECTED_INTENT", "<tool_call>", "</tool_call>", "ai", "<answer>", "|>", "İ", "。"]


def test_a_letter_that_grows_in_lower_case_moves_no_marker():
    cleaner = ReplyCleaner()

    assert clean_reply("<think>İİİİ</think>Merhaba") == "Merhaba"
    assert [cleaner.feed(piece) for piece in ("<think>İ<thi", "nk></think>", "Merhaba")][
        -1
    ] + cleaner.finish() == "Merhaba"
    assert clean_reply("<think>İ<think>") == ""


@given(st.lists(st.sampled_from(MARKS), max_size=12).map("".join), st.data())
def test_pieces_join_to_the_same_text_however_they_are_cut(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    whole, cut = ReplyCleaner(), ReplyCleaner()

    expected = whole.feed(text) + whole.finish()
    ends = [*cuts, len(text)]
    pieces = [cut.feed(text[begin:end]) for begin, end in zip([0, *cuts], ends, strict=True)]

    assert "".join(pieces) + cut.finish() == expected


def test_words_are_not_held_back():
    cleaner = ReplyCleaner()

    assert cleaner.feed("Your balance") == "Your balance"
    assert cleaner.feed(" is 5") == " is 5"
    assert cleaner.feed(" <") == ""
    assert cleaner.feed(" 6") == " < 6"
