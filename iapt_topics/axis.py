"""The frame's two poles, such as identity and system: a response speaks of one, both or neither."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics._checks import InputError
from iapt_topics.codes import Codes
from iapt_topics.frame import ThemeFrame


def axis_classes(frame: ThemeFrame) -> tuple[str, str, str, str]:
    """Names of the four classes: first pole only, second pole only, both, neither.

    Parameters
    ----------
    frame : ThemeFrame
        A frame that names two domains as its axis.

    Returns
    -------
    tuple of str

    Raises
    ------
    InputError
        If the frame has no axis.

    Examples
    --------
    >>> from iapt_topics import load_frame
    >>> axis_classes(load_frame("iapt_identity_system"))
    ('Identity only', 'System only', 'both', 'neither')
    """
    if frame.axis is None:
        raise InputError(
            f"frame {frame.name!r}",
            "must name two domains as its axis",
            "none",
            'Add axis = ["first", "second"] to the frame.',
        )
    first, second = (frame[pole].label for pole in frame.axis)
    return f"{first} only", f"{second} only", "both", "neither"


def axis_codes(codes: Codes, frame: ThemeFrame) -> Codes:
    """Put every response that was seen into exactly one of the four classes of the axis.

    Parameters
    ----------
    codes : Codes
        Coding by the themes of ``frame``.
    frame : ThemeFrame
        A frame that names two domains as its axis.

    Returns
    -------
    Codes
        Of the same coder, with the themes of :func:`axis_classes`. A response belongs to a pole
        when it was given at least one theme of that domain; being given many adds nothing.

    Raises
    ------
    InputError
        If the frame has no axis.
    """
    names = axis_classes(frame)
    ids = codes.seen["response_id"]
    given = codes.table["response_id"]
    domain = codes.table["theme"].map(frame.domain_of)
    first, second = (ids.isin(given[domain == pole]).to_numpy() for pole in frame.axis or ())
    which = np.select([first & ~second, second & ~first, first & second], [0, 1, 2], default=3)
    table = pd.DataFrame(
        {
            "response_id": ids.to_numpy(dtype=object),
            "theme": np.array(names, dtype=object)[which],
            "score": np.nan,
        }
    )
    return replace(codes, themes=names, table=table)
