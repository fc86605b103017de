"""How many tokens a text costs a language model, without any vocabulary to download.

The weights are a least-squares fit of character classes to the o200k vocabulary on English, Turkish and Chinese
text: 0.825 a CJK character, 0.205 an ASCII character, 1.10 any other. Over whole documents the total errs by about
one percent; single short strings can be far under, hence the reserve.
"""

_CJK = 0.825
_ASCII = 0.205
_OTHER = 1.10
_SHORT_CHARS = 200
"""Below this length the estimate carries a reserve."""
_SHORT_RESERVE = 1.15

_CJK_RANGES = (
    (0x1100, 0x11FF),
    (0x2E80, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)


def is_cjk(char: str) -> bool:
    """Whether `char` is written without spaces between words: Chinese, Japanese, Korean and their punctuation."""
    code = ord(char)
    return code >= _CJK_RANGES[0][0] and any(first <= code <= last for first, last in _CJK_RANGES)


def estimate_tokens(text: str) -> int:
    """Estimated tokens of `text`, rounded up; 0 only for the empty text."""
    if not text:
        return 0
    ascii_chars = sum(map(str.isascii, text))
    cjk_chars = 0 if ascii_chars == len(text) else sum(map(is_cjk, text))
    other_chars = len(text) - ascii_chars - cjk_chars
    estimate = _CJK * cjk_chars + _ASCII * ascii_chars + _OTHER * other_chars
    if len(text) < _SHORT_CHARS:
        estimate *= _SHORT_RESERVE
    return max(1, -int(-estimate // 1))
