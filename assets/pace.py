"""How far work is, in words: what is done, how fast, and how long the rest takes."""


def so_far(done: int, total: int, unit: str, seconds: float) -> str:
    """What is done of how many, how fast, and how long the rest takes at that rate."""
    counted = f"{done:,} of {total:,} {unit}" if total else f"{done:,} {unit}"
    if not done or seconds <= 0:
        return counted
    said = f"{counted}, {rate(done, seconds)}"
    left = max(total - done, 0) * seconds / done
    return f"{said}, about {duration(left)} left" if total else said


def rate(done: int, seconds: float) -> str:
    """How many a second, a minute or an hour: the first that is one or more."""
    for name, length in (("second", 1.0), ("minute", 60.0)):
        each = done / seconds * length
        if each >= 1:
            return f"{each:,.0f} a {name}" if each >= 10 else f"{each:.1f} a {name}"
    return f"{done / seconds * 3600:.1f} an hour"


def duration(seconds: float) -> str:
    """Roughly: seconds, minutes, or hours and minutes."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
