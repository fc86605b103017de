"""Takes out of a model's text what was never meant for a customer, piece by piece as it streams.

Hidden thoughts, tool blocks, role markers, chat-template tokens and the intent tag go; ordinary words stay, also the
word "assistant". The pieces let through, joined, are the cleaned text: nothing has to be taken back later.
"""

import re
from typing import Final

_HIDDEN: Final = ("think", "thinking", "reasoning", "tool_call", "tool_calls", "function_call")
"""Tags whose content is hidden too."""
_TAGS: Final = ("answer", "response", "reply", "output", "final", "assistant", "message", "s")
"""Tags that are taken off their content."""
_ENDS: Final = ("im_end", "eot_id", "eom_id", "end", "endoftext", "end_of_text")
_LITERALS: Final = (
    *(f"<{name}>" for name in (*_HIDDEN, *_TAGS)),
    *(f"</{name}>" for name in (*_HIDDEN, *_TAGS)),
    "<end_of_turn>",
    "<start_of_turn>",
    "[inst]",
    "[/inst]",
    "#detected_intent",
    "# detected_intent",
)
_ROLES: Final = ("assistant", "asistan", "model", "bot", "ai")
_MARK: Final = re.compile(
    rf"<(?P<open>{'|'.join(_HIDDEN)})>"
    rf"|(?P<end><\|(?:{'|'.join(_ENDS)})\|>|</s>|<end_of_turn>|\# ?detected_intent)"
    r"|(?P<turn><\|(?:im_start|start_header_id)\|>|<start_of_turn>)(?:assistant|model)?"
    r"|<\|\w{1,30}\|>|\[/?inst\]"
    rf"|</(?:{'|'.join(_HIDDEN)})>|</?(?:{'|'.join(_TAGS)})>",
    re.IGNORECASE | re.ASCII,
)
"""Plain letters only: a capital I with a dot is no part of a marker, and becomes two characters in lower case."""
_ROLE_FIRST: Final = re.compile(rf"\s*(?:{'|'.join(_ROLES)})(?:[ \t]*[:：]|[ \t]*\n)\s*", re.IGNORECASE)
_ROLE_LINE: Final = re.compile(r"\n[ \t]*assistant[ \t]*[:：][ \t]*", re.IGNORECASE)
_ROLE_LINE_PART: Final = re.compile(r"\n[ \t]*(?P<word>[a-z]*)[ \t]*\Z", re.IGNORECASE)
_TURN_PART: Final = re.compile(
    r"(?:<\|(?:im_start|start_header_id)\|>|<start_of_turn>)(?P<word>[a-z]*)\Z", re.IGNORECASE
)
_LONGEST_TOKEN: Final = 34


def clean_reply(text: str) -> str:
    """The words of `text` that are meant for a customer, trimmed."""
    closing = re.search(r"</(?:think|thinking|reasoning)>", text, re.IGNORECASE)
    if closing and not re.search(r"<(?:think|thinking|reasoning)>", text[: closing.start()], re.IGNORECASE):
        # Some chat templates put the opening tag into the prompt, so that only the closing one is in the answer.
        text = text[closing.end() :]
    cleaner = ReplyCleaner()
    return cleaner.feed(text) + cleaner.finish()


def _begins_role(text: str) -> bool:
    word = text.strip().lower()
    return any(role.startswith(word) for role in _ROLES)


class ReplyCleaner:
    """Cleans a reply while it arrives."""

    def __init__(self) -> None:
        self._waiting = ""
        self._hidden: str | None = None
        self._spaces = ""
        self._begun = False
        self._ended = False

    def feed(self, piece: str) -> str:
        """What may be shown now; what could still become a marker waits."""
        self._waiting += piece
        return self._drain(last=False)

    def finish(self) -> str:
        """What waited and turned out to be plain text."""
        return self._drain(last=True)

    def _drain(self, *, last: bool) -> str:
        shown = ""
        while self._waiting and not self._ended:
            if self._hidden is not None:
                if not self._skip_hidden():
                    break
            elif (piece := self._step(last=last)) is None:
                break
            else:
                shown += self._show(piece)
        if self._ended:
            self._waiting = ""
        return shown

    def _skip_hidden(self) -> bool:
        closing = f"</{self._hidden}>"
        found = re.search(closing, self._waiting, re.IGNORECASE | re.ASCII)
        if found is None:
            self._waiting = self._waiting[-(len(closing) - 1) :]
            return False
        self._waiting = self._waiting[found.end() :]
        self._hidden = None
        return True

    def _step(self, *, last: bool) -> str | None:
        """Cut the next stretch of plain text off what waits, with the marker after it; None where we must wait."""
        if not self._begun and (role := _ROLE_FIRST.match(self._waiting)):
            self._waiting = self._waiting[role.end() :]
            return ""
        hold = len(self._waiting) if last else self._hold()
        marks = [found for found in (_MARK.search(self._waiting), _ROLE_LINE.search(self._waiting)) if found]
        mark = min(marks, key=lambda found: found.start(), default=None)
        if mark is None or mark.start() >= hold:
            text, self._waiting = self._waiting[:hold], self._waiting[hold:]
            return text or None
        text, self._waiting = self._waiting[: mark.start()], self._waiting[mark.end() :]
        return text + self._mark(mark, text)

    def _mark(self, mark: re.Match[str], before: str) -> str:
        if mark.re is _ROLE_LINE:
            return "\n"
        if opened := mark["open"]:
            self._hidden = opened.lower()
        elif mark["end"] and (self._begun or before.strip() or mark["end"].startswith("#")):
            self._ended = True
        return ""

    def _hold(self) -> int:
        """Where what waits could be the beginning of a marker."""
        text = self._waiting
        if not self._begun and _begins_role(text):
            return 0
        parts = [found for part in (_ROLE_LINE_PART, _TURN_PART) if (found := part.search(text))]
        starts = [found.start() for found in parts if _begins_role(found["word"])]
        for at in range(max(0, len(text) - _LONGEST_TOKEN), len(text)):
            rest = text[at:].lower()
            if rest[0] in "<[#" and (
                any(literal.startswith(rest) for literal in _LITERALS)
                or (rest[:2] == "<|" and re.fullmatch(r"<\|\w*\|?", rest, re.ASCII))
            ):
                starts.append(at)
                break
        return min(starts, default=len(text))

    def _show(self, text: str) -> str:
        if not self._begun:
            text = text.lstrip()
        whole = self._spaces + text
        shown = whole.rstrip()
        if not shown and not self._begun:
            return ""
        self._spaces = whole[len(shown) :]
        self._begun = self._begun or bool(shown)
        return shown
