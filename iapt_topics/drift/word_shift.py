"""Which words are said more or less often in one wave than in another.

The log-odds of each word among all words said, under an informative Dirichlet prior [1]_. A count
is of those who use a word, not of its uses, so that one who repeats a word counts once.

References
----------
.. [1] Monroe BL, Colaresi MP, Quinn KM (2008). Fightin' Words: lexical feature selection and
   evaluation for identifying the content of political conflict. *Political Analysis* 16:372-403.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iapt_topics._base.arrays import Floats, Ints
from iapt_topics.stats.intervals import normal_quantile
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.survey.redaction import safe_texts
from iapt_topics.topics.words import clean

if TYPE_CHECKING:
    from iapt_topics.survey.responses import Responses

_WORD = r"(?u)\b[^\W\d_][\w'\u2019-]*\w\b"
#: Fewest responses of both waves together that use a word of the exact table.
LEAST = 5


def log_odds_shift(
    count: Floats, count_against: Floats, prior: Floats, *, rounding: float = 0.0,
    effect: tuple[float, float] = (1.0, 1.0),
) -> tuple[Floats, Floats]:  # fmt: skip
    """Change of the log-odds of each word under a Dirichlet prior, and its standard error.

    Monroe BL, Colaresi MP, Quinn KM (2008). *Political Analysis* 16:372-403, equations 16, 20.
    ``rounding`` is the variance that rounding gives each count but 0, ``effect`` the design effect
    of each side.
    """
    parts, variance = [], np.zeros(len(prior))
    for y, times in zip((count, count_against), effect, strict=True):
        own = np.asarray(y, float) + prior
        parts.append(np.log(own / (own.sum() - own)))
        variance += times / own + rounding * (np.asarray(y) > 0) / own**2
    return parts[0] - parts[1], np.sqrt(variance)


def word_uses(texts: list[str]) -> tuple[NDArray[Any], Any]:
    """Words of the texts and which text uses which (sparse, 0/1); stop words are left out."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(stop_words="english", token_pattern=_WORD, binary=True)
    try:
        uses = counter.fit_transform(texts)
    except ValueError:  # no word at all
        from scipy.sparse import csr_matrix

        return np.array([], object), csr_matrix((len(texts), 0))
    return counter.get_feature_names_out(), uses.tocsr()


def people_using(uses: Any, person: Ints) -> Floats:
    """How many respondents use each word."""
    from scipy.sparse import csr_matrix

    who, place = np.unique(person, return_inverse=True)
    by = csr_matrix((np.ones(len(place)), (place, np.arange(len(place)))), (len(who), len(place)))
    return np.asarray(((by @ uses) > 0).sum(axis=0), float).ravel()


def word_shift(
    count: Floats, against: Floats, everyone: Floats, vocabulary: ArrayLike, least: int,
    *, rounding: float = 0.0, effect: tuple[float, float] = (1.0, 1.0),
) -> pd.DataFrame:  # fmt: skip
    """Shift of each word said by ``least`` or more on both sides together, the most moved first.

    The prior is the share of each word among ``everyone``'s, with a weight of one a word.
    """
    from scipy.special import erfc

    if len(count) < 2:  # a word among no others has no odds
        count, against, everyone, vocabulary = count[:0], against[:0], everyone[:0], []
    prior = everyone * (len(everyone) / max(everyone.sum(), 1))
    shift, error = log_odds_shift(count, against, prior, rounding=rounding, effect=effect)
    z, half = shift / error, normal_quantile() * error
    table = pd.DataFrame(
        {
            "word": np.asarray(vocabulary, dtype=object),
            "count": count.astype(int),
            "count_against": against.astype(int),
            "estimate": shift,
            "low": shift - half,
            "high": shift + half,
            "z": z,
            "p": erfc(np.abs(z) / np.sqrt(2)),
        }
    )
    table = table[table["count"] + table["count_against"] >= least]
    table = table.assign(p_bh=benjamini_hochberg(table["p"].to_numpy()))
    order = table["z"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def survey_words(responses: Responses, baseline: int) -> pd.DataFrame:
    """Words of the last wave against those of the baseline, over all responses.

    Returns
    -------
    DataFrame
        Key ``word``; ``year``, ``against``; ``count``, ``count_against``: responses that use it;
        ``n``, ``n_against``: kept responses of each year; ``estimate``: change of the log-odds,
        above 0 for a word that rose, ``low``, ``high`` (95 %), ``z``, ``p``, ``p_bh`` over all
        words of the table; ``n_respondents``, ``n_respondents_against``: who use it; ``effect``,
        ``effect_against``: responses of the year for each of its respondents, by which the
        variance is multiplied, as if all responses of a person used the same words. Empty with one
        year. Words of fewer than 5 responses are left out.
    """
    kept, years = responses.kept, responses.years
    last = years[-1]
    if last == baseline:
        return pd.DataFrame(columns=[*("word", "year", "against", "count", "count_against"),
                                     *("n", "n_against", "estimate", "low", "high", "z", "p"),
                                     *("p_bh", "n_respondents", "n_respondents_against"),
                                     *("effect", "effect_against")])  # fmt: skip
    rows = kept[kept["year"].isin([baseline, last])]
    ids = rows["response_id"].tolist()
    vocabulary, uses = word_uses([clean(t) for t in safe_texts(responses, ids)])
    person = pd.factorize(responses.cluster_id.reindex(ids))[0]
    year = rows["year"].to_numpy()
    sides = [np.flatnonzero(year == y) for y in (last, baseline)]
    counts = [np.asarray(uses[at].sum(axis=0), float).ravel() for at in sides]
    people = [people_using(uses[at], person[at]) for at in sides]
    effects = [len(at) / max(len(np.unique(person[at])), 1) for at in sides]
    table = word_shift(
        counts[0], counts[1], counts[0] + counts[1], vocabulary, LEAST,
        effect=(effects[0], effects[1]),
    )  # fmt: skip
    where = np.searchsorted(vocabulary.astype(str), table["word"].to_numpy(str))
    return table.assign(
        year=last, against=baseline, n=len(sides[0]), n_against=len(sides[1]),
        n_respondents=people[0][where].astype(int),
        n_respondents_against=people[1][where].astype(int),
        effect=effects[0], effect_against=effects[1],
    )  # fmt: skip
