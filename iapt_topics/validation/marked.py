"""The sentence of a response that a rater of a theme is to read first.

Where the machine applied the theme it is the sentence that carried it. To mark these alone would
give the machine's codes away, so a response without the code has one as well: the sentence that
shares most words with the theme's own, else one drawn at random.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from iapt_topics.frame.theme import Theme
from iapt_topics.study.study import Study
from iapt_topics.survey.redaction import redacted_part
from iapt_topics.survey.sentences import sentence_spans

#: Letters of a word that tell what it is of; shorter words are of any subject.
_STEM, _SHORTEST = 6, 4


def marked_sentences(
    study: Study,
    pairs: Sequence[tuple[str, str]],
    safe: dict[str, str],
    rng: np.random.Generator,
) -> list[str]:
    """The sentence to read first of each pair of theme and response, redacted.

    Parameters
    ----------
    study : Study
        Whose codes name the sentence that carried each.
    pairs : sequence of (str, str)
        Theme and response id.
    safe : dict of str to str
        Redacted text of each response.
    rng : numpy.random.Generator
        Draws where nothing speaks for a sentence.

    Returns
    -------
    list of str
        "" for a response of one sentence, and for all where the codes name no sentence.
    """
    evidence = study.codes.evidence
    if evidence is None:
        return [""] * len(pairs)
    keys = zip(evidence["theme"], evidence["response_id"], strict=True)
    carried = dict(zip(keys, zip(evidence["start"], evidence["end"], strict=True), strict=True))
    texts = study.responses.table.set_index("response_id")["text"]
    frame = study.mapping.frame
    own = {theme: _theme_words(frame[theme]) for theme in dict.fromkeys(t for t, _ in pairs)}
    out = []
    for theme, response in pairs:
        text = str(texts[response])
        spans = sentence_spans(text)
        if len(spans) < 2:
            out.append("")
            continue
        span = carried.get((theme, response))
        if span is None:
            shared = np.array([len(_words(text[a:b]) & own[theme]) for a, b in spans])
            best = np.flatnonzero(shared == shared.max())
            span = spans[int(rng.choice(best))]
        part = redacted_part(text, safe[response], int(span[0]), int(span[1]))
        out.append(part if part in safe[response] else "")
    return out


def _theme_words(theme: Theme) -> set[str]:
    """First letters of the words by which the codebook tells what a theme is."""
    said = (theme.label, theme.definition, theme.include, *theme.synonyms, *theme.examples)
    return _words(" ".join(said))


def _words(text: str) -> set[str]:
    found = re.findall(r"\w+", text.casefold())
    return {word[:_STEM] for word in found if len(word) >= _SHORTEST}
