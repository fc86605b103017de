"""How the steps of a turn add up: which were taken, and how long each took."""


def add_timings(old: dict[str, float] | None, new: dict[str, float]) -> dict[str, float]:
    """Milliseconds by step: `open_turn` starts a new count, a step that runs twice is summed."""
    if "open_turn" in new or not old:
        return dict(new)
    return {**old, **{step: old.get(step, 0.0) + ms for step, ms in new.items()}}


def add_steps(old: list[str] | None, new: list[str]) -> list[str]:
    """The steps taken, in order: `open_turn` begins anew."""
    return [*([] if new[:1] == ["open_turn"] else old or []), *new]
