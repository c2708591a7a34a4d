"""The numbers of a page as text; a number that is not known stays None."""


def percent(share: float | None) -> str | None:
    """Returns a share in percent.

    Args:
        share: from 0 to 1.
    """
    return None if share is None else f"{100 * share:.2f} %"


def interval(low: float, high: float) -> str:
    """Returns the ends of an interval of shares in percent.

    Args:
        low: from 0 to 1.
        high: likewise.
    """
    return f"{100 * low:.1f}–{100 * high:.1f} %"


def number(value: float | None) -> str | None:
    """Returns a number without decimals.

    Args:
        value: a count or a rate.
    """
    return None if value is None else f"{value:,.0f}"


def loss(value: float | None) -> str | None:
    """Returns a loss with four decimals.

    Args:
        value: a mean cross entropy.
    """
    return None if value is None else f"{value:.4f}"


def duration(seconds: float | None) -> str | None:
    """Returns a duration in its two largest units.

    Args:
        seconds: how long it took.
    """
    if seconds is None:
        return None
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
