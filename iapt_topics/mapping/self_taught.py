"""What a survey teaches of the themes by itself: its plainest sentences are examples of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from iapt_topics._base.arrays import Floats, Floats32, Ints
from iapt_topics.topics.consensus import spread

#: A sentence teaches its theme if it is as likely as this to mention it.
PLAIN = 0.9
#: Sentences that teach, at most; more are taken evenly from all.
MOST = 10_000


class SelfTaught(NamedTuple):
    """A classifier of themes, and the words that it knows beside the sentences' vectors."""

    words: Any  # None where no word stands in two texts
    model: Any

    def log_odds(self, texts: Sequence[str], vectors: Floats32) -> Floats:
        """Log-odds of each theme for each text, shape (n, themes)."""
        # In two sums: side by side, words and vectors would be held as one sparse table.
        d = vectors.shape[1]
        margins = vectors @ self.model.coef_[:, :d].T + self.model.intercept_
        if self.words is not None:
            margins += self.words.transform(texts) @ self.model.coef_[:, d:].T
        return of_each_theme(margins)


def teach_by_sentences(
    anchors: tuple[Sequence[str], Floats32, Ints],
    sentences: Sequence[str],
    vectors: Floats32,
    theme: Ints,
    likely: Floats,
) -> SelfTaught:
    """Teach a classifier with a codebook's anchors and the sentences most likely to mention each.

    Parameters
    ----------
    anchors : tuple of list of str, ndarray of float32 and ndarray of int
        Text, unit vector and theme (its place) of each anchor; two themes or more.
    sentences : sequence of str, length n
    vectors : ndarray of float32, shape (n, d)
        Unit vectors of the sentences.
    theme : ndarray of int, shape (n,)
        The best theme of each sentence.
    likely : ndarray, shape (n,)
        How likely it is to mention it, 0 to 1.

    Returns
    -------
    SelfTaught
        Logistic regression over the vectors and TF-IDF of words. Anchors and sentences of a theme
        weigh the same together, and all themes do.

    Notes
    -----
    Self-training [1]_: what the codebook's words find surely shows how respondents speak of a
    theme, so that less sure sentences are found by these words too. A text that stands in many
    responses teaches once.

    References
    ----------
    .. [1] Meng et al. (2020), "Text classification using label names only", EMNLP.
    """
    from scipy.sparse import csr_array, hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    # Of a text that stands in many responses, where it is most likely to mention its theme.
    rising = np.argsort(likely, kind="stable")
    plainest = {sentences[i]: i for i in rising[likely[rising] >= PLAIN].tolist()}
    # In the order of the texts: that of the rows does not matter.
    ordered = [plainest[text] for text in sorted(plainest)]
    plain = np.array([ordered[i] for i in spread(len(ordered), MOST)], dtype=np.intp)
    texts, anchor_vectors, of = anchors
    taught = [*texts, *(sentences[i] for i in plain.tolist())]
    label = np.concatenate([of, theme[plain]])
    weight = np.ones(len(label))
    for part in (slice(len(of)), slice(len(of), None)):
        weight[part] /= np.bincount(label[part], minlength=label.max() + 1)[label[part]]
    words = TfidfVectorizer(sublinear_tf=True, min_df=2, dtype=np.float32)
    try:
        words.fit(taught)
    except ValueError:  # no word stands in two texts
        words = None
    features: Any = np.vstack([anchor_vectors, vectors[plain]])
    if words is not None:
        features = hstack([csr_array(features), words.transform(taught)], format="csr")
    both = np.isin(label, theme[plain])  # a theme that no sentence teaches has its anchors alone
    weight = np.where(both, weight / 2, weight)
    weight *= len(weight) / weight.sum()
    model = LogisticRegression(max_iter=1000)
    return SelfTaught(words, model.fit(features, label, sample_weight=weight))


def of_each_theme(margins: Floats) -> Floats:
    """Log-odds of each theme from a logistic regression's, which has one column for two themes."""
    margins = np.asarray(margins, dtype=np.float64).reshape(len(margins), -1)
    return np.hstack([-margins, margins]) / 2 if margins.shape[1] == 1 else margins
