"""Prints the graph as a Mermaid drawing: `python -m graph.draw`; the README holds it, and a test compares them."""

import sys
from typing import cast

from graph.build import build_graph
from graph.parts import Parts


class _Nothing:
    """Stands for every part: a drawing needs none of them."""

    def __getattr__(self, name: str) -> None:
        return None


def drawing() -> str:
    """The nodes and arrows, as Mermaid draws them."""
    drawn = build_graph(cast(Parts, _Nothing())).get_graph().draw_mermaid(with_styles=False)
    return drawn.strip() + "\n"


def figure() -> tuple[list[str], list[tuple[str, str, bool]]]:
    """The nodes, and the arrows from one to another with whether a route decides on them."""
    drawn = build_graph(cast(Parts, _Nothing())).get_graph()
    return [*drawn.nodes], [(edge.source, edge.target, edge.conditional) for edge in drawn.edges]


if __name__ == "__main__":
    sys.stdout.write(drawing())
