"""Which quotes a report may print, and what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.door import Checked
from iapt_topics._base.errors import InputError, listed, require_columns
from iapt_topics._base.text import clean, shorten
from iapt_topics.publish.quotes_sheet import OTHER_WORDS, words_said
from iapt_topics.study.study import Study

if TYPE_CHECKING:
    from iapt_topics.survey.responses import Responses


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Checked):
    """A quote that may be published, with its year, topic and themes.

    Attributes
    ----------
    text : str
        The words.
    paraphrase : bool
        Whether the words are not the respondent's own.
    year : str
        What the wave is called.
    topic : int
        Its topic, -1 if it has none to name.
    themes : tuple of str
        Ids of its themes.
    support : float
        Consensus support of its topic, 0 to 1.
    """

    text: str
    paraphrase: bool
    year: str
    topic: int
    themes: tuple[str, ...]
    support: float


def choose_quotes(
    study: Study, tables: Mapping[str, pd.DataFrame], quotes: pd.DataFrame | bool | None
) -> tuple[Quote, ...]:
    """Quotes by topic, at most one for each person.

    Parameters
    ----------
    study : Study
        Whose responses are quoted.
    tables : mapping of str to DataFrame
        Its published tables: nothing stands beside a quote that they do not show.
    quotes : DataFrame or bool or None
        As for :func:`iapt_topics.publish.publish`.
    """
    responses, rows = study.responses, study.topics.assignments.set_index("response_id")
    if quotes is None:
        quotes = responses.synthetic
    if isinstance(quotes, pd.DataFrame):
        texts, reworded = _approved(quotes, responses)
    elif quotes:
        texts, reworded = _exemplars(study), set()
    else:
        return ()
    topics = tables["topics"]
    small = set(topics.loc[topics["label"] == "", "topic"])
    who = responses.cluster_id
    topic_of, support = rows["topic"].to_dict(), rows["support"].to_dict()
    years = responses.kept.set_index("response_id")["year"].to_dict()
    given = study.codes.table.groupby("response_id", sort=False)["theme"].agg(tuple)
    shares, by_year = tables["theme_shares"], tables["drift_shares"]
    allowed = set(shares.loc[shares["count"].notna(), "theme"])
    suppressed = by_year[by_year["estimate"].isna() & (by_year["n"] != 0)]
    hidden = set(zip(suppressed["theme"], suppressed["year"], strict=True))
    used: set[object] = set()
    said: set[str] = set()
    out = []
    for response_id, text in texts.items():
        topic, year = int(topic_of[response_id]), int(years[response_id])
        if who[response_id] in used or topic in small or text in said:
            continue
        used.add(who[response_id])
        said.add(text)
        # The theme of a cell that is suppressed would say that somebody is in it.
        themes = (t for t in given.get(response_id, ()) if t in allowed and (t, year) not in hidden)
        out.append(
            Quote(
                text=text,
                paraphrase=response_id in reworded,
                year=study.about.wave(year),
                topic=topic,
                themes=tuple(themes),
                support=float(support[response_id]),
            )
        )
    return tuple(sorted(out, key=lambda q: (q.topic < 0, q.topic)))


def _exemplars(study: Study) -> dict[str, str]:
    """The typical responses of each topic, redacted and shortened."""
    from iapt_topics.survey.redaction import safe_texts

    ids = [str(i) for of in study.topics.topics["exemplars"] for i in of]
    safe = safe_texts(study.responses, ids)
    return {i: clean(shorten(t)) for i, t in zip(ids, safe, strict=True)}


def _approved(quotes: pd.DataFrame, responses: Responses) -> tuple[dict[str, str], set[str]]:
    """The quotes that somebody approved, as they are to be printed, and which are paraphrases."""
    what = "the approved quotes"
    require_columns(quotes, ("response_id", "text", "approved_by", "paraphrase"), what)
    cells = quotes.fillna("").astype(str)
    cells = cells[cells["approved_by"].str.strip() != ""]
    ids = cells["response_id"].tolist()
    kept = set(responses.kept["response_id"])
    if other := [i for i in ids if i not in kept]:
        raise InputError(
            what, "must be of responses that were kept", listed(other), "Check the ids."
        )
    said = words_said(responses, ids, cells["text"].tolist())
    rows = zip(cells.index, ids, said, strict=True)
    if faults := [f"row {at}: {i!r}" for at, i, words in rows if words is None]:
        got = f"other words in {', '.join(faults[:20])}"
        raise InputError(what, "must have the words of their responses as text", got, OTHER_WORDS)
    texts, reworded = {}, set()
    for i, own, other_words in zip(ids, said, cells["paraphrase"], strict=True):
        if words := clean(other_words).strip():
            reworded.add(i)
        else:
            words = clean(own).strip()
        if words:
            texts[i] = words
    return texts, reworded
