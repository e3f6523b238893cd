"""Figures as people read them."""

import json
from collections.abc import Mapping
from typing import Any

NO_BREAK = "\N{NO-BREAK SPACE}"
UNDEFINED = "undefined"


def percent(share: float) -> str:
    """Return a share in per cent, with as many digits as keep 0 and 100 for none and all.

    >>> [percent(share).replace(NO_BREAK, " ") for share in (0.5, 1.0, 0.9996)]
    ['50.0 %', '100 %', '99.96 %']
    """
    if share in (0, 1):
        return f"{share * 100:.0f}{NO_BREAK}%"
    digits = 1
    while digits < 6 and float(f"{share * 100:.{digits}f}") in (0, 100):
        digits += 1
    return f"{share * 100:.{digits}f}{NO_BREAK}%"


def interval(low: float, high: float) -> str:
    """Return an interval of shares in per cent.

    >>> interval(0.612, 0.671).replace(NO_BREAK, " ")
    '61.2 % to 67.1 %'
    """
    return f"{percent(low)} to {percent(high)}"


def figure(value: float | None) -> str:
    """Return a figure with three decimals, or with two digits where it is small.

    >>> figure(0.64159), figure(0.000123), figure(0.0), figure(None)
    ('0.642', '0.00012', '0.000', 'undefined')
    """
    if value is None:
        return UNDEFINED
    return f"{value:.2g}" if 0 < abs(value) < 0.005 else f"{value:.3f}"


def whole(count: int) -> str:
    """Return a count with its thousands apart.

    >>> whole(15216)
    '15,216'
    """
    return f"{count:,}"


def duration(seconds: float) -> str:
    """Return a time in the units that suit it.

    >>> [duration(seconds).replace(NO_BREAK, " ") for seconds in (0.25, 12.34, 61, 7325)]
    ['0.25 s', '12.3 s', '1 min 1 s', '2 h 2 min']
    """
    if seconds < 60:
        return f"{seconds:.3g}{NO_BREAK}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{NO_BREAK}min {rest}{NO_BREAK}s"
    return f"{minutes // 60}{NO_BREAK}h {minutes % 60}{NO_BREAK}min"


def setting(value: Any) -> str:
    """Return the value of a setting in words: plain where it is plain, as JSON where it is nested.

    >>> [setting(value) for value in (True, None, 0.01, "adam", (256, 64), {"type": "step"})]
    ['yes', 'none', '0.01', 'adam', '256, 64', '{"type": "step"}']
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list | tuple):
        return ", ".join(setting(one) for one in value) or "none"
    return str(value)
