"""What the bot says: texts missing in a locale, unknown keys of `texts`, values that a template cannot have."""

from collections.abc import Iterator, Mapping

from config.catalog import built_in_locales, canonical_key, text_keys
from config.checking.names import set_variables
from config.checking.report import Report, one_of
from config.project import LocalizedText
from config.reading import KeyPath
from config.templates import TemplateError, names_in

_IN_TALK = frozenset({"locale"})
_SLOT_SENTENCES = ("ask", "invalid", "wrong_type", "why")


def check_texts(report: Report) -> None:
    """Everything about texts."""
    _overrides(report)
    for path, text, offered in _sentences(report):
        check_localized(report, path, text, sentence=True)
        _names(report, path, text, offered)
    for path, title in _titles(report):
        check_localized(report, path, title, sentence=False)
    _untitled(report)
    for locale in report.project.locales:
        if locale not in built_in_locales() and locale.partition("-")[0] not in built_in_locales():
            report.warn(
                ("locales",),
                f"there is no language data for {locale!r}: its texts are said, and what customers write is read, in "
                f"another language; there is {', '.join(sorted(built_in_locales()))}",
                f"one of these, or a folder config/locales/{locale.partition('-')[0]} with texts.yaml, acts.yaml and "
                "grammar.yaml",
            )


def _titles(report: Report) -> Iterator[tuple[KeyPath, LocalizedText]]:
    project = report.project
    titled: list[tuple[KeyPath, LocalizedText | None]] = [
        *((("intents", name, "title"), intent.title) for name, intent in project.intents.items()),
        *((("slots", name, "title"), slot.title) for name, slot in project.slots.items()),
        *((("actions", name, "title"), action.title) for name, action in project.actions.items()),
        *(
            (("intents", name, "slots", slot_name, "title"), slot.title)
            for name, intent in project.intents.items()
            for slot_name, slot in intent.slots.items()
        ),
        (("persona",), project.persona),
    ]
    yield from ((path, title) for path, title in titled if title)


def _sentences(report: Report) -> Iterator[tuple[KeyPath, LocalizedText, frozenset[str]]]:
    """Every sentence of the project's own, with the names its template may read."""
    project = report.project
    variables = {f"variables.{name}" for name in set_variables(project)}
    for name, intent in project.intents.items():
        slots = {f"slots.{slot}" for slot in intent.slots}
        offered = _IN_TALK | variables | slots
        if intent.reply is not None:
            yield ("intents", name, "reply"), intent.reply, offered
        for slot_name, slot in intent.slots.items():
            path = ("intents", name, "slots", slot_name)
            yield from _of_slot(path, {key: getattr(slot, key) for key in _SLOT_SENTENCES}, offered)
    for name, slot in project.slots.items():
        yield from _of_slot(("slots", name), {key: getattr(slot, key) for key in _SLOT_SENTENCES}, _IN_TALK | variables)


def _of_slot(
    path: KeyPath, texts: Mapping[str, LocalizedText | None], offered: frozenset[str]
) -> Iterator[tuple[KeyPath, LocalizedText, frozenset[str]]]:
    for key, text in texts.items():
        if text is not None:
            yield (*path, key), text, offered


def check_localized(report: Report, path: KeyPath, text: LocalizedText, *, sentence: bool) -> None:
    """A text must be there in every locale of the project; a title may be one word for all."""
    locales = report.project.locales
    if isinstance(text, str):
        if sentence and len(locales) > 1 and text.strip():
            report.warn(path, f"one text for all of {', '.join(locales)}", "one text per locale")
        return
    for locale in sorted(text.keys() - set(locales)):
        report.error((*path, locale), f"{locale!r} is not one of the project's locales", one_of(locale, locales))
    missing = [locale for locale in locales if not text.get(locale, "").strip()]
    if missing:
        report.warn(path, f"no text in {', '.join(missing)}", "a text in every locale of the project")


def localized_variants(path: KeyPath, text: LocalizedText) -> Iterator[tuple[KeyPath, str]]:
    """Each single text with its path."""
    if isinstance(text, str):
        yield path, text
    else:
        yield from (((*path, locale), one) for locale, one in text.items())


def _names(report: Report, path: KeyPath, text: LocalizedText, offered: frozenset[str]) -> None:
    for place, one in localized_variants(path, text):
        check_template(report, place, one, offered)


def check_template(report: Report, path: KeyPath, text: str, offered: frozenset[str]) -> None:
    """The template can be read, and every name in it is on offer, at least by its beginning."""
    try:
        names = names_in(text)
    except TemplateError as error:
        report.error(path, error.message, "a template such as {{ slots.amount }}")
        return
    for name in sorted(names):
        parts = name.split(".")
        if parts[0] in offered or ".".join(parts[:2]) in offered:
            continue
        report.error(path, f"the template reads {name!r}, which is not defined", one_of(".".join(parts[:2]), offered))


def _overrides(report: Report) -> None:
    """The project's own wording of built-in texts."""
    project, keys = report.project, text_keys()
    everywhere = set().union(*(texts for texts in project.texts.values()))
    for locale, texts in project.texts.items():
        path: KeyPath = ("texts", locale)
        if locale not in project.locales:
            report.error(path, f"{locale!r} is not one of the project's locales", one_of(locale, project.locales))
        for key, text in texts.items():
            known = keys.get(canonical_key(key)) if not key.startswith("error.") or key[6:] in keys else None
            if known is None:
                report.error((*path, key), f"there is no built-in text {key!r}", one_of(key, keys))
            else:
                check_template(report, (*path, key), text, frozenset(known.values))
    for key in sorted(everywhere):
        missing = [locale for locale in project.locales if key not in project.texts.get(locale, {})]
        if missing and len(missing) < len(project.locales):
            given = next(locale for locale in project.texts if key in project.texts[locale])
            report.warn(
                ("texts", given, key),
                f"worded anew in {given}, but not in {', '.join(missing)}",
                "a text in every locale",
            )


def _untitled(report: Report) -> None:
    """Names that would be said to a customer as they stand in the file."""
    for name, intent in report.project.intents.items():
        if intent.title is None and (intent.slots or intent.action):
            report.warn(
                ("intents", name), f"without a title it is called {name.replace('_', ' ')!r}", "a title per locale"
            )
        for slot_name, slot in report.project.slots_of(name).items():
            if slot.required and slot.default is None and slot.ask is None and slot.title is None:
                path = ("intents", name, "slots", slot_name)
                report.warn(path, f"it is asked for as {slot_name.replace('_', ' ')!r}", "ask or title per locale")
