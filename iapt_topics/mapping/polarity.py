"""Whether the sentence behind a code says its theme, denies it or only mentions it, in English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Floats32
from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import POLARITIES, POLARITY, Codes
from iapt_topics.encoders.encoder import Encoder, encode_themes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.anchors import theme_anchors
from iapt_topics.mapping.polarity_cues import (
    Clause,
    Past,
    affirm,
    are_english,
    cut,
    last_part,
    load_cues,
    past_parts,
    plain,
)
from iapt_topics.mapping.views import NEAREST
from iapt_topics.survey.responses import Responses

SAID, DENIED, MENTIONED = POLARITIES
#: Tone from -1 to 1 that a sentence must share with its theme for the theme to be said; and that a
#: negated clause must share with it, once its negation is taken out, for the theme to be denied.
LEAST_SAID, LEAST_DENIED = 0.2, 0.4
#: ... and that what is over must share with it for its end to be one of the theme.
LEAST_PAST = 0.1
#: Cosine of that clause to the theme's nearest anchors, and how much nearer another theme may be.
LEAST_NEAR, MOST_NEARER = 0.3, 0.05
#: A theme has a side where its texts lean one way by this many standard errors, and this share of
#: them do, unless its facets say which; themes of half a side are scored, and never marked.
FIRM_SIDE, FIRM_SHARE = 4.0, 0.75
#: Inverse strength of the penalty in the classifier of tone, and how near a taught sentence must be
#: to count: better than a straight line on the tone of the example and of patients' comments.
PENALTY, GAMMA = 3.0, 1.0
#: How fast a clause that is farther from its theme counts for less; what nearness adds to the
#: score; and what is taken off it by a cue of the past, the possible or others, and by one that
#: sets the writer apart.
NEARNESS_SCALE = 0.1
NEARNESS_WEIGHT, CUE_WEIGHT, APART_WEIGHT = 0.5, 1.0, 0.3
#: What is taken off the score by a weak sign of the past and of the possible, each, and how much
#: the tone of the last part counts where it goes against the theme. They move no mark.
WEAK_WEIGHT, LAST_WEIGHT = 0.3, 0.5
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[\r\n]")


def mark_polarity(
    codes: Codes, responses: Responses, frame: ThemeFrame, encoder: Encoder
) -> pd.DataFrame:
    """Mark whether the sentence behind each code says the theme, denies it, or only mentions it.

    Parameters
    ----------
    codes : Codes
        With evidence: from :func:`iapt_topics.code_responses` or
        :func:`iapt_topics.mapping.learn_codes`.
    responses : Responses
        The survey.
    frame : ThemeFrame
        The codebook of the codes.
    encoder : Encoder
        Of the survey.

    Returns
    -------
    DataFrame
        One row for each code, in the order of its evidence: ``response_id``, ``theme``;
        ``polarity``: "said", "denied", or "mentioned" where neither is clear; ``polarity_reason``:
        "negated" for what is denied, and for what is mentioned "past", "hypothetical" or "others"
        where a cue says so, else ``""``; ``polarity_score``: the higher, the more the theme is
        affirmed. It orders sentences and is no probability; NaN where nothing was read.

    Raises
    ------
    InputError
        If the codes have no evidence.

    Notes
    -----
    It is read sentence by sentence, from cues as in ConText [1]_ and from tone. A negation is taken
    out of its clause, and the tone of what is left is turned round. Tone is told by a support
    vector machine taught with pairs of sentences in ``mapping/polarity_cues.toml``. The side of a
    theme, good or bad, is that of its facets or else of its own texts; one whose texts lean neither
    way is never said or denied, only mentioned. A theme is denied where the main verb of a clause
    is negated and the clause without its negation says the theme. The opposite in other words
    ("calm" for "anxious") is not marked as denied, only not as said: on real text such marks were
    mostly wrong. Accuracy is in ``docs/laboratory.md``. Text that is not English is "mentioned"
    throughout.

    References
    ----------
    .. [1] Harkema, Dowling, Thornblade and Chapman (2009), "ConText: an algorithm for determining
       negation, experiencer, and temporal status from clinical reports", Journal of Biomedical
       Informatics 42:839-851.
    """
    if codes.evidence is None:
        raise InputError(
            f"codes of {codes.coder!r}", "must name the sentence behind each code", "none",
            "Pass codes of code_responses() or learn_codes().",
        )  # fmt: skip
    marks = read_polarity(codes.evidence, responses, frame, encoder)
    return pd.concat([codes.evidence[["response_id", "theme"]], marks], axis=1)


def read_polarity(
    evidence: pd.DataFrame,
    responses: Responses,
    frame: ThemeFrame,
    encoder: Encoder,
    known: Mapping[str, Floats32] | None = None,
    anchors_known: Mapping[str, Floats32] | None = None,
    reader: PolarityReader | None = None,
) -> pd.DataFrame:
    """The columns of polarity for rows of evidence.

    ``known`` has vectors of some sentences, and ``anchors_known`` those of anchors; a ``reader`` is
    one that was taught before.
    """
    text_of = dict(zip(responses.kept["response_id"], responses.kept["text"], strict=True))
    places = zip(evidence["response_id"], evidence["start"], evidence["end"], strict=True)
    passages = [passage(text_of[i], start, end) for i, start, end in places]
    polarity = np.full(len(evidence), MENTIONED, dtype=object)
    reason = np.full(len(evidence), "", dtype=object)
    score = np.full(len(evidence), np.nan)
    english = np.flatnonzero(are_english(passages))
    if len(english):
        themes = evidence["theme"].to_numpy(dtype=object)[english]
        reader = reader or PolarityReader.of(frame, encoder, anchors_known)
        readings = reader.read([passages[i] for i in english], themes, known or {})
        for i, one in zip(english, readings, strict=True):
            polarity[i], reason[i], score[i] = one
    values = (polarity, reason, score)
    return pd.DataFrame(dict(zip(POLARITY, values, strict=True)), index=evidence.index)


def passage(text: str, start: int, end: int) -> str:
    """The sentence that carried a code to its full stop, and the next where it goes on about it."""
    stop = _SENTENCE_END.search(text, max(start, end - 1))
    upto = stop.end() if stop else len(text)
    rest = text[upto:].lstrip()
    asked = stop is not None and stop.group(0) == "?"
    if rest and (asked or load_cues().goes_on.match(plain(rest[:200]))):
        after = _SENTENCE_END.search(rest)
        upto = len(text) - len(rest) + (after.end() if after else len(rest))
    return text[start:upto].strip()


def is_of_oneself(theme: Theme) -> bool:
    """Whether a theme is told of the writer alone: by its examples, if it has any."""
    examples = [plain(e) for e in theme.examples]
    first = sum(bool(re.search(r"\b(?:i|me|my|myself)\b", e)) for e in examples)
    others = any(load_cues().subject.match(e) for e in examples)
    return bool(examples) and first > len(examples) / 2 and not others


class Reading(NamedTuple):
    """What one passage says of one theme."""

    polarity: str
    reason: str
    score: float


@dataclass(frozen=True, eq=False, slots=True)
class PolarityReader:
    """Tone, the side of each theme, and the texts that stand for it."""

    encoder: Encoder
    tone: Any
    middle: float
    side: Mapping[str, float]
    firm: Mapping[str, bool]
    own: Mapping[str, bool]
    anchors: Mapping[str, Floats32]

    @classmethod
    def of(
        cls,
        frame: ThemeFrame,
        encoder: Encoder,
        anchors_known: Mapping[str, Floats32] | None = None,
    ) -> PolarityReader:
        """Teach tone, and find the side of each theme."""
        from sklearn.svm import SVC

        pairs, neutral = load_cues().pairs, load_cues().neutral
        taught = [affirm(plain(s)) for pair in pairs for s in pair]
        good = np.tile([1, -1], len(pairs)) * [sign for _, sign, _ in taught]
        anchors = theme_anchors(frame)
        vectors = encoder.encode([*(text for text, _, _ in taught), *map(plain, neutral)])
        model = SVC(C=PENALTY, gamma=GAMMA).fit(vectors[: len(taught)], good)
        middle = float(model.decision_function(vectors[len(taught) :]).mean())
        found = dict(anchors_known or {})
        if new := list(dict.fromkeys(a.text for a in anchors if a.text not in found)):
            found |= zip(new, encode_themes(encoder, new), strict=True)
        of_theme = np.stack([found[a.text] for a in anchors])
        ids = np.array([a.theme for a in anchors], dtype=object)
        near = {t.id: of_theme[ids == t.id] for t in frame.codable}
        reader = cls(encoder, model, middle, {}, {}, {}, near)
        # With a prompt of their own they are not what a sentence of the same words is.
        alike = getattr(encoder, "for_themes", encoder) is encoder
        side, firm = reader._sides(frame, found if alike else {})
        own = {t.id: is_of_oneself(t) for t in frame.codable}
        return cls(encoder, model, middle, side, firm, own, near)

    def _sides(
        self, frame: ThemeFrame, known: Mapping[str, Floats32]
    ) -> tuple[dict[str, float], dict[str, bool]]:
        """Side of each theme, -1 (bad) to 1 (good), and whether it is firm."""
        anchors = theme_anchors(frame)
        values = [(f.id, v) for f in frame.facets for v in f.values]
        texts = [a.text.split(": ", 1)[-1] for a in anchors]
        of_values = [
            [*v.examples, *([v.definition] if v.definition else [v.label])] for _, v in values
        ]
        tones = self.tone_of([*texts, *(t for ts in of_values for t in ts)], known)
        owner = np.repeat(np.arange(len(values)), [len(ts) for ts in of_values])
        mean = {
            f"{facet}={v.id}": (facet, float(tones[len(texts) :][owner == i].mean()))
            for i, (facet, v) in enumerate(values)
        }
        of = np.array([a.theme for a in anchors], dtype=object)
        side: dict[str, float] = {}
        firm: dict[str, bool] = {}
        for theme in frame.codable:
            own = tones[: len(texts)][of == theme.id]
            error = own.std(ddof=1) / np.sqrt(len(own)) if len(own) > 1 else np.inf
            leaning = float(own.mean() / error) if error > 0 else 0.0
            carried = [
                np.sign(mean[c][1] - np.mean([m for f, m in mean.values() if f == mean[c][0]]))
                for c in theme.facets
                if c in mean
            ]
            if carried and (one := float(np.mean(carried))):
                side[theme.id], firm[theme.id] = one, abs(one) == 1
            else:
                side[theme.id] = float(np.clip(leaning / FIRM_SIDE, -1, 1))
                alike = float((np.sign(own) == np.sign(leaning)).mean())
                firm[theme.id] = abs(leaning) >= FIRM_SIDE and alike >= FIRM_SHARE
        return side, firm

    def tone_of(self, texts: Sequence[str], known: Mapping[str, Floats32] | None = None) -> Floats:
        """Tone of each text, -1 (bad) to 1 (good), negated clauses turned round."""
        clauses = [cut(plain(t)) for t in texts]
        vectors = self._vectors(texts, clauses, (), known or {})
        flat = np.stack([vectors[c.affirmed] for cs in clauses for c in cs])
        tones = self._tone(flat) * [c.sign for cs in clauses for c in cs]
        owner = np.repeat(np.arange(len(texts)), [len(cs) for cs in clauses])
        n = np.bincount(owner, minlength=len(texts))
        return np.asarray(np.bincount(owner, tones, len(texts)) / n)

    def _tone(self, vectors: Floats32) -> Floats:
        return np.asarray(np.tanh(self.tone.decision_function(vectors) - self.middle))

    def _vectors(
        self,
        texts: Sequence[str],
        clauses: Sequence[Sequence[Clause]],
        more: Iterable[str],
        known: Mapping[str, Floats32],
    ) -> dict[str, Floats32]:
        """Vector of each affirmed clause and of each of ``more``."""
        # A text of one clause without a negation is what was encoded already.
        vectors = {
            cs[0].affirmed: known[t]
            for t, cs in zip(texts, clauses, strict=True)
            if len(cs) == 1 and cs[0].affirmed == cs[0].text and t in known
        }
        wanted = [*(c.affirmed for cs in clauses for c in cs), *more]
        if new := [t for t in dict.fromkeys(wanted) if t not in vectors]:
            vectors |= zip(new, self.encoder.encode(new), strict=True)
        return vectors

    def _is_over(self, past: Past, theme: str, tones: Mapping[str, float]) -> bool:
        """Whether what is said to have been is the theme, and it is no more."""
        if not past.text or (not past.now and not self.firm[theme]):
            return True
        side = self.side[theme]
        was = tones[past.text] * past.sign * side
        if not past.now:
            return bool(was > LEAST_PAST)
        now = tones[past.now] * past.now_sign * side
        return bool(was > LEAST_PAST and now < 0)

    def _nearness(self, vectors: Floats32, theme: str) -> Floats:
        cosines = np.sort(vectors @ self.anchors[theme].T, axis=1)
        return np.asarray(cosines[:, -NEAREST:].mean(axis=1), dtype=np.float64)

    def read(
        self, passages: Sequence[str], themes: Iterable[str], known: Mapping[str, Floats32]
    ) -> list[Reading]:
        """What each passage says of its theme."""
        plains = [plain(p) for p in passages]
        clauses = [cut(p) for p in plains]
        pasts = [past_parts(p) for p in plains]
        lasts = [last_part(p) for p in plains]
        more = [part for parts in pasts for p in parts for part in (p.text, p.now) if part]
        more += [text for text, _ in lasts if text]
        vectors = self._vectors(passages, clauses, more, known)
        tones = dict(zip(vectors, self._tone(np.stack(list(vectors.values()))), strict=True))
        return [
            self._reading(*each, vectors, tones)
            for each in zip(plains, clauses, pasts, lasts, themes, strict=True)
        ]

    def _reading(
        self,
        text: str,
        clauses: Sequence[Clause],
        pasts: Sequence[Past],
        last: tuple[str, int],
        theme: str,
        vectors: Mapping[str, Floats32],
        tones: Mapping[str, float],
    ) -> Reading:
        if not re.search(r"[^\W\d_]", text):
            return Reading(MENTIONED, "", float("nan"))
        side = self.side[theme]
        rows = np.stack([vectors[c.affirmed] for c in clauses])
        sign = np.array([c.sign for c in clauses])
        near = self._nearness(rows, theme)
        tone = np.array([tones[c.affirmed] for c in clauses]) * side
        weight = np.exp((near - near.max()) / NEARNESS_SCALE)
        weight /= weight.sum()
        agreement = float(weight @ (sign * tone))
        over = any(self._is_over(past, theme, tones) for past in pasts)
        cues = load_cues()
        reason = cues.status(text)
        reason = "past" if over and not reason else reason
        if not reason and self.own[theme] and cues.subject.match(text):
            reason = "" if cues.oneself_too.search(text) else "others"
        apart = bool(cues.oneself_not.search(text))
        score = agreement + NEARNESS_WEIGHT * float(weight @ (sign * near))
        score -= CUE_WEIGHT * bool(reason) + APART_WEIGHT * apart
        score -= WEAK_WEIGHT * cues.weak_signs(text)
        if last[0]:
            score += LAST_WEIGHT * min(0.0, tones[last[0]] * last[1] * side)
        if reason:
            return Reading(MENTIONED, reason, score)
        if not self.firm[theme]:
            return Reading(MENTIONED, "", score)
        denies = np.array([c.denies for c in clauses]) & (" if " not in f" {text}")
        denies &= (tone >= LEAST_DENIED) & (near >= LEAST_NEAR)
        if agreement < 0 and denies.any():
            others = np.array([self._nearness(rows[denies], t) for t in self.anchors])
            denies[denies] = others.max(axis=0) - near[denies] <= MOST_NEARER
        if agreement < 0 and denies.any():
            return Reading(DENIED, "negated", score)
        if agreement >= LEAST_SAID and not apart:
            return Reading(SAID, "", score)
        return Reading(MENTIONED, "", score)
