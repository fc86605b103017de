"""Labelled data as people bring it."""

import pytest

from measuring.rows import DataError, read_rows


def test_the_same_rows_come_from_yaml_csv_and_json_lines(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "- {message: kaç para, locale: tr, intent: fees, slots: {amount: 5}, source: fees.md}\n"
        "- {message: x, answerable: false}\n"
    )
    (tmp_path / "a.csv").write_text(
        'message,locale,intent,slots,source,answerable\nkaç para,tr,fees,"{""amount"": 5}",fees.md,\nx,,,,,false\n'
    )
    (tmp_path / "a.jsonl").write_text(
        '{"message": "kaç para", "locale": "tr", "intent": "fees", "slots": {"amount": 5}, "source": ["fees.md"]}\n\n'
        '{"message": "x", "answerable": false}\n'
    )
    read = [read_rows(tmp_path / f"a.{ending}") for ending in ("yaml", "csv", "jsonl")]

    assert read[0] == read[1] == read[2]
    assert [row.asks_knowledge for row in read[0]] == [True, True]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.yaml", "- {message: x\n", "a.yaml:2: not YAML"),
        ("a.yaml", "message: x\n", "expected a list"),
        ("a.yaml", "[]\n", "no rows"),
        ("a.yaml", "- {message: x, intnet: y}\n", "row 1: intnet"),
        ("a.csv", "message,slots\nx,{\n", "a.csv:2: not JSON"),
        ("a.jsonl", '{"message": "x"}\n{\n', "a.jsonl:2: not JSON"),
        ("a.txt", "x", "expected one of .csv"),
        ("a.json", '[{"message": ""}]', "row 1: message"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)

    with pytest.raises(DataError, match="a\\.") as raised:
        read_rows(tmp_path / name)

    assert told in str(raised.value)


def test_a_file_that_is_not_there_is_an_error_too(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_rows(tmp_path / "none.yaml")
