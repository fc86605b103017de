"""Texts read as they were meant, not as they were laid out."""

import pytest

from ingest.layout import readable, with_headings


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["A sentence that is wrapped by its author at a fixed column goes", "on in the next line. Then it ends."],
            ["A sentence that is wrapped by its author at a fixed column goes on in the next line. Then it ends."],
        ),
        (
            ["退货时请保持商品完好，配件齐全，并且在签收后的七天之内提交申请，", "逾期不予受理。"],
            ["退货时请保持商品完好，配件齐全，并且在签收后的七天之内提交申请，逾期不予受理。"],
        ),
        (["Bring:", "- a card", "- a phone"], ["Bring:", "- a card", "- a phone"]),
        (["Ends here.", "Begins here."], ["Ends here.", "Begins here."]),
        (["Ankara", "İzmir"], ["Ankara", "İzmir"]),
    ],
)
def test_wrapped_prose_is_joined_and_lists_are_not(lines: list[str], expected: list[str]) -> None:
    assert readable(lines) == expected


def test_a_table_row_is_told_with_its_column_names() -> None:
    table = [
        "| Transfer | App | Branch |",
        "|---|:--:|---|",
        "| Inside | free | 45 TL |",
        "| EFT | 2.50 TL | |",
        "After.",
    ]

    assert readable(table) == ["Inside — App: free; Branch: 45 TL", "EFT — App: 2.50 TL", "After."]


def test_a_table_whose_header_is_not_marked_as_one_is_told_with_it_where_it_looks_like_one() -> None:
    table = ["|  |  |", "| --- | --- |", "| City | Travel cost |", "| Ankara | 0 TL |", "| Van | 600 TL |"]
    names_and_values = ["|  |  |", "| --- | --- |", "| Address | Konak, İzmir |", "| Telephone | 0850 222 |"]

    assert readable(table) == ["Ankara — Travel cost: 0 TL", "Van — Travel cost: 600 TL"]
    assert readable(["|---|---|", "|---|---|"]) == []
    assert readable(names_and_values) == ["Address — Konak, İzmir", "Telephone — 0850 222"]


def test_short_lines_above_prose_are_headings_of_plain_text() -> None:
    text = (
        "OPENING HOURS\n\nWeekdays\nWe open at nine and close at five.\n\nNot a heading, but a sentence.\nMore of it."
    )

    assert [line for line in with_headings(text).splitlines() if line.startswith("#")] == [
        "# OPENING HOURS",
        "## Weekdays",
    ]
