"""Whatever stands in a project file, it is read, or it is explained; nothing else is ever raised."""

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.reading import Reading, read_text
from config.templates import TemplateError, names_in, render_text
from tests.config.projects import GOOD, problems_of

LINES = GOOD.splitlines()
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

WORDS = st.sampled_from(
    [
        "null",
        "[]",
        "{}",
        "yes",
        "1",
        "-1.5",
        '"{{ slots.x }}"',
        "{{ x }}",
        "${X}",
        "&a",
        "*a",
        "!!x y",
        "? ",
        "'",
        "\t",
        "é",
        "0x",
        "1e999",
    ]
)


@st.composite
def damaged_projects(draw):
    """The good project with a few lines cut, doubled, moved in, or given another value."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["cut", "double", "indent", "value", "word"])):
            case "cut":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "indent":
                lines[at] = "  " + lines[at]
            case "value":
                lines[at] = lines[at].split(":")[0] + ": " + draw(WORDS)
            case _:
                lines[at] = lines[at] + draw(WORDS)
        if not lines:
            break
    return "\n".join(lines)


@QUICK
@given(text=damaged_projects())
def test_a_damaged_project_is_explained(tmp_path, text):
    assert all(str(problem).startswith("project.yaml") for problem in problems_of(tmp_path / "demo", text))


@QUICK
@given(text=st.text(max_size=200))
def test_any_text_is_read_or_explained(text):
    reading = read_text(text, "project.yaml")

    assert isinstance(reading, Reading)
    assert reading.data is not None or reading.problems or text.strip()


@QUICK
@given(text=st.text(alphabet="{}%#[]()|.'\" abx01+*~-\n", max_size=60))
def test_any_template_is_filled_or_refused(text):
    with suppress(TemplateError):
        names_in(text)
        assert isinstance(render_text(text, {"a": 1, "b": {"x": "y"}}), str)


@QUICK
@given(said=st.text(max_size=100))
def test_what_a_customer_says_is_never_a_template(said):
    assert render_text("<{{ said }}>", {"said": said}) == f"<{said}>"
