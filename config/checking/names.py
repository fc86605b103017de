"""Names that point nowhere, guards that can never be true, and intents that nobody can reach."""

from collections.abc import Iterator

from config.checking.report import Report, one_of
from config.project import Intent, Project
from config.templates import TemplateError, evaluate, names_in_expression

_ALWAYS_KNOWN = {"locale": "en"}


def check_names(report: Report) -> None:
    """Everything about names."""
    for name, intent in report.project.intents.items():
        _intent(report, name, intent)
    for name in report.project.actions:
        _action(report, name)
    _unused(report)
    _guards(report)
    _folder_name(report)


def set_variables(project: Project) -> dict[str, set[str]]:
    """The session's variables with the intents that set them: by a shared slot, or by their action's result."""
    setters: dict[str, set[str]] = {}
    for name, intent in project.intents.items():
        for variable in _variables_of(project, name, intent):
            setters.setdefault(variable, set()).add(name)
    return setters


def _variables_of(project: Project, name: str, intent: Intent) -> Iterator[str]:
    for slot_name, slot in project.slots_of(name).items():
        if slot.variable:
            yield slot.variable
        elif slot_name in project.slots:
            yield slot_name
    if intent.action in project.actions:
        yield from project.actions[str(intent.action)].result


def _intent(report: Report, name: str, intent: Intent) -> None:
    path = ("intents", name)
    actions = report.project.actions
    if intent.action is not None and intent.action not in actions:
        report.error((*path, "action"), f"there is no action {intent.action!r}", one_of(intent.action, actions))
    if intent.confirm and intent.action is None:
        report.warn((*path, "confirm"), "there is nothing to confirm: the intent has no action")
    if intent.action is None and intent.reply is None and not intent.transfer:
        report.warn(path, "the intent does nothing", "an action, a reply, or transfer: true")
    if intent.undo_with is not None:
        _reversal(report, name, intent.undo_with)
    _reachable(report, name, intent)
    for slot_name, slot in intent.slots.items():
        if not slot.model_fields_set and slot_name not in report.project.slots:
            expected = one_of(slot_name, report.project.slots) if report.project.slots else "a type"
            report.error((*path, "slots", slot_name), f"there is no shared slot {slot_name!r} to refer to", expected)
    _dependencies(report, name)


def _reversal(report: Report, name: str, other: str) -> None:
    path, intents = ("intents", name, "undo_with"), report.project.intents
    if other not in intents or other == name:
        report.error(path, f"there is no other intent {other!r}", one_of(other, intents.keys() - {name}))
        return
    action = report.project.actions.get(str(intents[name].action))
    if action is None or not action.writes:
        report.warn(path, "the intent changes nothing that could be taken back", "an action whose effect is write")
    if intents[other].action is None and not intents[other].transfer:
        report.warn(path, f"the intent {other!r} takes nothing back", "an intent with an action or with transfer: true")


def _reachable(report: Report, name: str, intent: Intent) -> None:
    if any(intent.examples.values()) or any(one.undo_with == name for one in report.project.intents.values()):
        return
    by_model = report.project.understanding != "embedded" and (intent.description or intent.title)
    if by_model:
        report.warn(
            ("intents", name),
            "without examples the intent is found by a language model only",
            "examples in each locale",
        )
    else:
        report.error(("intents", name), "the intent cannot be reached: it has no examples", "examples in each locale")


def _dependencies(report: Report, name: str) -> None:
    slots = report.project.slots_of(name)
    for slot_name, slot in slots.items():
        path = ("intents", name, "slots", slot_name, "depends_on")
        for other in slot.depends_on:
            if other not in slots:
                report.error(path, f"the intent has no slot {other!r}", one_of(other, slots.keys() - {slot_name}))
        if _depends_on_itself(slot_name, {each: set(spec.depends_on) for each, spec in slots.items()}):
            report.error(path, f"the slot {slot_name!r} depends on itself, directly or through others")


def _depends_on_itself(name: str, edges: dict[str, set[str]]) -> bool:
    reached: set[str] = set()
    fresh = set(edges.get(name, ()))
    while fresh:
        reached |= fresh
        fresh = {further for each in fresh for further in edges.get(each, ())} - reached
    return name in reached


def _action(report: Report, name: str) -> None:
    action, path = report.project.actions[name], ("actions", name)
    if action.auth is not None and action.auth not in report.project.auth:
        report.error((*path, "auth"), f"there is no auth {action.auth!r}", one_of(action.auth, report.project.auth))
    if action.status is not None:
        told = report.project.actions.get(action.status)
        others = report.project.actions.keys() - {name}
        if told is None or action.status == name:
            report.error(
                (*path, "status"), f"there is no other action {action.status!r}", one_of(action.status, others)
            )
        elif told.writes:
            report.error(
                (*path, "status"), f"the action {action.status!r} changes something", "an action whose effect is read"
            )


def _unused(report: Report) -> None:
    project = report.project
    actions = {intent.action for intent in project.intents.values()} | {a.status for a in project.actions.values()}
    auths = {action.auth for action in project.actions.values()}
    slots = {slot for intent in project.intents.values() for slot in intent.slots}
    for kind, names, used in (
        ("actions", project.actions, actions),
        ("auth", project.auth, auths),
        ("slots", project.slots, slots),
    ):
        for name in names:
            if name not in used:
                report.warn((kind, name), f"{name!r} is used nowhere")


def _guards(report: Report) -> None:
    """Guards that cannot be read, that ask for what nothing sets, or that wait for each other."""
    setters = set_variables(report.project)
    needs: dict[str, set[str]] = {}
    for name, intent in report.project.intents.items():
        if intent.when is not None:
            variables = _guard_variables(report, name, intent.when, setters)
            needs[name] = set() if _open_at_first(intent.when) else variables & setters.keys()
    for name in _never(report.project, needs, setters):
        waits = ", ".join(sorted(needs[name]))
        report.error(
            ("intents", name, "when"),
            f"circular guard: it waits for {waits}, which only intents set that wait for each other",
            "a guard that can be true at some time",
        )


def _guard_variables(report: Report, name: str, guard: str, setters: dict[str, set[str]]) -> set[str]:
    """The session's variables that a guard reads; what it cannot read is a problem."""
    path = ("intents", name, "when")
    try:
        read = {each for each in names_in_expression(guard) if each.split(".")[0] not in _ALWAYS_KNOWN}
    except TemplateError as error:
        report.error(path, error.message, "an expression such as slots.customer_id is defined")
        return set()
    variables = {each.split(".")[1] for each in read if each.startswith(("slots.", "variables."))}
    for each in sorted(read):
        if not each.startswith(("slots.", "variables.")):
            report.error(path, f"{each!r} is not on offer", "slots.…, variables.…, locale")
    for variable in sorted(variables - setters.keys()):
        report.warn(
            path, f"nothing in this project sets {variable!r}", "a shared slot or an action's result of that name"
        )
    return variables


def _open_at_first(guard: str) -> bool:
    try:
        return bool(evaluate(guard, {"slots": {}, "variables": {}, **_ALWAYS_KNOWN}))
    except TemplateError:
        return False


def _never(project: Project, needs: dict[str, set[str]], setters: dict[str, set[str]]) -> list[str]:
    """Guarded intents that no order of conversation can open."""
    closed = {name for name, variables in needs.items() if variables}
    opened = project.intents.keys() - closed
    while True:
        fresh = {name for name in closed if any(setters[variable] & opened for variable in needs[name])}
        if not fresh:
            return sorted(closed)
        closed -= fresh
        opened |= fresh


def _folder_name(report: Report) -> None:
    folder, name = report.folder.resolve().name, report.project.name
    if folder != name:
        report.warn(("name",), f"the project is called {name!r} and its folder {folder!r}", "one name for both")
