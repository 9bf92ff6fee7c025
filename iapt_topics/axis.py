"""The frame's two poles, such as identity and system: a response speaks of one, both or neither."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._checks import InputError
from iapt_topics.codes import Codes
from iapt_topics.frame import ThemeFrame
from iapt_topics.inference import wilson_interval

if TYPE_CHECKING:
    from iapt_topics.topics import Topics


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


def pole_codes(codes: Codes, frame: ThemeFrame) -> Codes:
    """Code every response that was seen on both poles of the axis separately.

    Parameters
    ----------
    codes : Codes
        Coding by the themes of ``frame``.
    frame : ThemeFrame
        A frame that names two domains as its axis.

    Returns
    -------
    Codes
        Of the same coder, with the two poles as themes: a response may have one, both or neither.
        As :class:`Codes`, they go into :func:`measure_drift` (shares by year with intervals),
        :func:`compare_codes` (agreement with a person) and, with hand codes of a random sample,
        :func:`corrected_shares` (shares calibrated by them).

    Raises
    ------
    InputError
        If the frame has no axis.
    """
    axis_classes(frame)
    poles = tuple(frame.axis or ())
    table = codes.table.assign(theme=codes.table["theme"].map(frame.domain_of))
    table = table[table["theme"].isin(poles)]
    table = table.groupby(["response_id", "theme"], sort=False)["score"].max().reset_index()
    labels = {p: frame[p].label for p in poles}
    return replace(codes, themes=poles, table=table, labels=labels)


def axis_scores(scores: pd.DataFrame, codes: Codes, frame: ThemeFrame) -> pd.DataFrame:
    """Score every response on both poles of the axis separately.

    Parameters
    ----------
    scores : DataFrame
        From :func:`iapt_topics.score_themes`.
    codes : Codes
        From :func:`iapt_topics.code_responses` on the same responses.
    frame : ThemeFrame
        The frame of both.

    Returns
    -------
    DataFrame
        One row for each response: ``response_id``; one column for each pole, named by its id: the
        score of the response's best sentence for the pole's best theme, in standard deviations;
        ``class``: the one of :func:`axis_classes` that its codes put it in.

    Raises
    ------
    InputError
        If the frame has no axis, or a response was not seen by the codes.
    """
    names = axis_classes(frame)
    pole = scores["theme"].map(frame.domain_of)
    best = scores.groupby(["response_id", pole], sort=False)["sentence"].max().unstack()
    ids = list(dict.fromkeys(scores["response_id"]))
    which = axis_codes(codes, frame).matrix(ids, names).argmax(axis=1)
    table = best.loc[ids, list(frame.axis or ())].rename_axis(columns=None).reset_index()
    return table.assign(**{"class": np.array(names, dtype=object)[which]})


def axis_by_topic(codes: Codes, frame: ThemeFrame, topics: Topics) -> pd.DataFrame:
    """Share of each topic's responses that speak of each pole, and of each class of the axis.

    Parameters
    ----------
    codes : Codes
        Coding by the themes of ``frame`` of the topics' responses.
    frame : ThemeFrame
        A frame that names two domains as its axis.
    topics : Topics
        Topics of the same responses.

    Returns
    -------
    DataFrame
        One row for each topic and each of the two poles and four classes: ``topic``; ``label``;
        ``theme`` (id of a pole, or name of a class); ``estimate``, ``low``, ``high`` (share of the
        topic's responses that were seen, 0 to 1, with a 95 % Wilson interval); ``n``; ``note``.

    Raises
    ------
    InputError
        If the frame has no axis.
    """
    seen = set(codes.seen["response_id"])
    members = topics.assignments[topics.assignments["response_id"].isin(seen)]
    label = topics.topics.set_index("topic")["label"]
    rows = []
    for topic, part in members[members["topic"] >= 0].groupby("topic"):
        ids = part["response_id"].tolist()
        for coded in (pole_codes(codes, frame), axis_codes(codes, frame)):
            count = coded.matrix(ids).sum(axis=0)
            low, high = wilson_interval(count, np.full(len(count), len(ids)))
            for j, theme in enumerate(coded.themes):
                share = count[j] / len(ids)
                rows.append((topic, label[topic], theme, share, low[j], high[j], len(ids), ""))
    columns = ["topic", "label", "theme", "estimate", "low", "high", "n", "note"]
    return pd.DataFrame(rows, columns=columns)
