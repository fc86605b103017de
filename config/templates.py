"""Templates of project files: a sandboxed, bounded subset of Jinja.

A project's author writes the templates, a customer only ever supplies values, and values are never read as templates.
What could run long or grow large is not part of the language: no macros, includes, assignments or nested loops, no
calls but a few harmless methods, no `**`, and products and sums of bounded size. What is left is linear in its input.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from math import isfinite
from time import monotonic
from typing import Final, Literal, cast

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, meta, nodes, pass_context
from jinja2.exceptions import FilterArgumentError, SecurityError, TemplateRuntimeError, UndefinedError
from jinja2.filters import FILTERS, do_round
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import htmlsafe_json_dumps
from pydantic import JsonValue

MAX_SOURCE: Final = 50_000
MAX_OUTPUT: Final = 200_000
MAX_SECONDS: Final = 1.0
MAX_PLACES: Final = 15

_FILTERS: Final = frozenset(
    {"abs", "capitalize", "count", "d", "default", "first", "float", "int", "items", "last", "length", "list"}
    | {"lower", "max", "min", "sort", "string", "sum", "title", "trim", "truncate", "unique"}
    | {"upper", "urlencode"}
)
_METHODS: Final[dict[type, frozenset[str]]] = {
    str: frozenset({"upper", "lower", "strip", "title", "capitalize", "startswith", "endswith", "split"}),
    Mapping: frozenset({"items", "keys", "values", "get"}),
    LoopContext: frozenset({"index", "index0", "first", "last", "length"}),
}
_REFUSED_NODES: Final = (
    nodes.Assign,
    nodes.AssignBlock,
    nodes.Block,
    nodes.CallBlock,
    nodes.Extends,
    nodes.FilterBlock,
    nodes.FromImport,
    nodes.Import,
    nodes.Include,
    nodes.Macro,
    nodes.Pow,
    nodes.With,
)
_FINALIZE: Final = "__finalize__"

Finalize = Callable[[object], object]
"""Turns the value of one `{{ … }}` into what is written in its place."""


class TemplateError(ValueError):
    """A template that cannot be read or filled; `name` is the value that is missing, where that is the reason."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.name = name


class _Missing(StrictUndefined):
    """An undefined value whose error carries only its name; the caller words the message."""

    @property
    def _undefined_message(self) -> str:
        return str(self._undefined_name)


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox: keys before attributes, a list of methods, bounded operators."""

    intercepted_binops = frozenset({"*", "+", "%"})

    def getattr(self, obj: object, attribute: str) -> object:
        """A mapping's keys win over its methods, so that a slot may be called `items`."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def wrap_str_format(self, value: object) -> None:  # noqa: ARG002 - Jinja's signature
        """No `str.format`: a width in it makes a text of any length."""
        return

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:  # noqa: ARG002 - Jinja's signature
        """Only the listed methods of texts and mappings."""
        return any(isinstance(obj, kind) and attr in names for kind, names in _METHODS.items())

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
        """Products and remainders of numbers only, sums of bounded size."""
        if operator == "+" and isinstance(left, str | list) and isinstance(right, str | list):
            if len(left) + len(right) > MAX_OUTPUT:
                raise TemplateError("a sum in the template grows too large")
        elif not (isinstance(left, int | float | Undefined) and isinstance(right, int | float | Undefined)):
            raise TemplateError(f"{operator!r} in a template works on numbers only")
        return super().call_binop(context, operator, left, right)


def _replace(value: object, old: str, new: str) -> str:
    text = str(value)
    if not old or len(text) + text.count(old) * len(new) > MAX_OUTPUT:
        raise TemplateError("replace() in the template has nothing to look for or grows too large")
    return text.replace(old, new)


def _join(value: object, between: str = "") -> str:
    pieces = [str(one) for one in cast("Iterable[object]", value)]
    if sum(map(len, pieces)) + len(pieces) * len(between) > MAX_OUTPUT:
        raise TemplateError("join() in the template grows too large")
    return between.join(pieces)


def _round(value: float, precision: int = 0, method: Literal["common", "ceil", "floor"] = "common") -> float:
    if abs(precision) > MAX_PLACES:
        raise TemplateError(f"round() in the template takes at most {MAX_PLACES} places")
    return do_round(value, precision, method)


def as_text(value: object) -> object:
    """What a value looks like in a text unless the caller says otherwise: JSON spelling, None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool | Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


@pass_context
def _finalize(context: Context, value: object) -> object:
    if isinstance(value, Undefined):
        str(value)  # raises the error that names it
    finalize = cast("Finalize", context.resolve(_FINALIZE))
    return finalize(value)


def _tojson(value: object) -> str:
    return htmlsafe_json_dumps(value)


_OURS: Final = {"join": _join, "replace": _replace, "round": _round, "tojson": _tojson}
"""Filters that Jinja's own would let grow without bounds."""


@cache
def _environment() -> _Environment:
    environment = _Environment(undefined=_Missing, finalize=_finalize, autoescape=False, keep_trailing_newline=True)
    environment.globals.clear()
    environment.filters = {name: FILTERS[name] for name in _FILTERS} | _OURS
    return environment


def _nested_loop(tree: nodes.Template) -> bool:
    return any(inner is not loop for loop in tree.find_all(nodes.For) for inner in loop.find_all(nodes.For))


def _checked(tree: nodes.Template) -> nodes.Template:
    """The tree, if it keeps to the subset."""
    for node in tree.find_all(_REFUSED_NODES):
        raise TemplateError(f"{type(node).__name__.lower()!r} is not part of the template language")
    if _nested_loop(tree):
        raise TemplateError("a loop inside a loop is not part of the template language")
    for used in tree.find_all(nodes.Filter):
        if used.name not in _environment().filters:
            raise TemplateError(f"there is no filter {used.name!r}")
    return tree


def _parse(source: str) -> nodes.Template:
    if len(source) > MAX_SOURCE:
        raise TemplateError(f"the template is longer than {MAX_SOURCE} characters")
    try:
        return _checked(_environment().parse(source))
    except TemplateSyntaxError as error:
        raise TemplateError(f"the template cannot be read: {error.message}") from error
    except RecursionError as error:
        raise TemplateError("the template is nested too deeply") from error


def _compile(tree: nodes.Template) -> Template:
    for loop in tree.find_all(nodes.For):
        # Every round writes something, and what is written is where the time is looked at.
        loop.body.insert(0, nodes.Output([nodes.TemplateData("")]))
    try:
        return _environment().from_string(tree)
    except (TemplateSyntaxError, RecursionError, SyntaxError) as error:
        raise TemplateError(f"the template cannot be read: {error}") from error


@lru_cache(maxsize=4096)
def _text_template(source: str) -> Template:
    return _compile(_parse(source))


@lru_cache(maxsize=4096)
def _lone_expression(source: str) -> Template | None:
    """The compiled expression of a template that is nothing but one `{{ … }}`; None for any other."""
    body = _parse(source.strip()).body
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        return None
    expression = body[0].nodes[0]
    if isinstance(expression, nodes.TemplateData):
        return None
    result = nodes.Assign(nodes.Name("result", "store", lineno=1), expression, lineno=1)
    return _compile(nodes.Template([result], lineno=1))


def _undefined(error: UndefinedError, source: str, values: Mapping[str, object]) -> TemplateError:
    last = str(error.message)
    paths = (name.split(".") for name in sorted(names_in(source)))
    name = next((".".join(path[: path.index(last) + 1]) for path in paths if last in path), last)
    if isinstance(error, SecurityError):
        return TemplateError(f"{name!r} may not be used in a template", name)
    top = name.split(".")[0]
    offered = "" if top in values else f"; on offer: {', '.join(sorted(values))}"
    return TemplateError(f"{name!r} has no value{offered}", name)


_FAULTS: Final = (
    TemplateRuntimeError,
    FilterArgumentError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    NameError,
    RecursionError,
)


def _guarded(source: str, values: Mapping[str, object], run: Callable[[], object]) -> object:
    """`run`, with everything a template can raise turned into TemplateError."""
    try:
        return run()
    except TemplateError:
        raise
    except UndefinedError as error:
        raise _undefined(error, source, values) from error
    except SecurityError as error:
        raise TemplateError(f"not allowed in a template: {error.message}") from error
    except _FAULTS as error:
        raise TemplateError(f"the template cannot be filled: {error}") from error


def _bounded(pieces: Iterator[str]) -> str:
    until, size, kept = monotonic() + MAX_SECONDS, 0, list[str]()
    for piece in pieces:
        size += len(piece)
        if size > MAX_OUTPUT:
            raise TemplateError(f"the filled template is longer than {MAX_OUTPUT} characters")
        if monotonic() > until:
            raise TemplateError(f"the template took longer than {MAX_SECONDS:g} seconds")
        kept.append(piece)
    return "".join(kept)


def render_text(template: str, values: Mapping[str, object], *, finalize: Finalize | None = None) -> str:
    """The template filled with `values`; `finalize` is applied to the value of every `{{ … }}`, never to the text."""
    if "{" not in template:
        return template
    compiled = _text_template(template)
    offered = {**values, _FINALIZE: finalize or as_text}
    return cast("str", _guarded(template, values, lambda: _bounded(compiled.generate(offered))))


def _run(compiled: Template, values: Mapping[str, object]) -> object:
    context = compiled.new_context(dict(values))
    for _ in compiled.root_render_func(context):
        pass
    result = context.vars["result"]
    if isinstance(result, Undefined):
        str(result)  # raises the error that names it
    return result


def _json(value: object) -> JsonValue:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, Mapping):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json(inner) for inner in value]
    raise TemplateError(f"a template gave {type(value).__name__}, which is not a JSON value")


def render_value(template: JsonValue, values: Mapping[str, object]) -> JsonValue:
    """A JSON value filled by structure; a text that is one lone `{{ … }}` becomes that value with its type."""
    if isinstance(template, dict):
        return {key: render_value(inner, values) for key, inner in template.items()}
    if isinstance(template, list):
        return [render_value(inner, values) for inner in template]
    if not isinstance(template, str) or "{" not in template:
        return template
    lone = _lone_expression(template)
    if lone is None:
        return render_text(template, values)
    return _json(_guarded(template, values, lambda: _run(lone, values)))


def _as_template(expression: str) -> str:
    text = expression.strip()
    return text if text.startswith("{{") else "{{ " + text + " }}"


def evaluate(expression: str, values: Mapping[str, object]) -> JsonValue:
    """The value of a bare expression such as a guard's `slots.customer_id is defined`."""
    source = _as_template(expression)
    compiled = _lone_expression(source)
    if compiled is None:
        raise TemplateError("expected one expression, such as 'slots.amount > 100'")
    return _json(_guarded(source, values, lambda: _run(compiled, values)))


def names_in_expression(expression: str) -> set[str]:
    """The dotted names a bare expression reads."""
    source = _as_template(expression)
    if _lone_expression(source) is None:
        raise TemplateError("expected one expression, such as 'slots.amount > 100'")
    return names_in(source)


def _dotted(node: nodes.Node) -> str | None:
    """`slots.amount` for a chain of constant steps from a name; None for anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    step: object = None
    if isinstance(node, nodes.Getattr):
        step = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        step = node.arg.value
    if not isinstance(node, nodes.Getattr | nodes.Getitem) or not isinstance(step, str):
        return None
    start = _dotted(node.node)
    return None if start is None else f"{start}.{step}"


def _chains(node: nodes.Node) -> Iterator[str]:
    name = _dotted(node)
    if name is not None:
        yield name
        return
    for child in node.iter_child_nodes():
        yield from _chains(child)


def names_in(template: JsonValue) -> set[str]:
    """The dotted names a template reads, such as `slots.amount`; a loop's own variable is not one of them."""
    if isinstance(template, dict):
        return set().union(*(names_in(inner) for inner in template.values()))
    if isinstance(template, list):
        return set().union(*(names_in(inner) for inner in template))
    if not isinstance(template, str) or "{" not in template:
        return set()
    tree = _parse(template)
    free = meta.find_undeclared_variables(tree)
    return {name for name in _chains(tree) if name.split(".")[0] in free}
