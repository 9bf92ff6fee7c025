"""Whether a finding hangs on choices: every claim of a report under every defensible specification.

A specification is one way through the choices that nobody can make for good: how likely a theme
must be, what becomes of borderline responses, whether the codebook's
examples count, the seed, the number of topics, the sentence model [1]_ [2]_. For each claim the
curve has its estimate under each, in the order of the estimates, with the choices below.

It is no correction: p is that of each specification alone, nothing is chosen by it, and
specifications that share data and codes are no independent evidence [3]_. A claim that is stable
here can still be wrong, with a codebook or a sample that is.

References
----------
.. [1] Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis. *Nature Human
   Behaviour* 4:1208-1214.
.. [2] Steegen S, Tuerlinckx F, Gelman A, Vanpaemel W (2016). Increasing transparency through a
   multiverse analysis. *Perspectives on Psychological Science* 11:702-712.
.. [3] Del Giudice M, Gangestad SW (2021). A traveler's guide to the multiverse. *Advances in
   Methods and Practices in Psychological Science* 4(1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache as once
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics.analysis.claims import claims_of_themes, claims_of_topics
from iapt_topics.analysis.verdicts import CHOICES, Sensitivity, judge_claims
from iapt_topics.codes.codes import Codes, restrict_codes
from iapt_topics.encoders.embeddings import Embeddings, embed
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.coding import as_codes, assign_themes, given_themes
from iapt_topics.mapping.mapping import map_topics
from iapt_topics.pipeline.saved import stage_once
from iapt_topics.study.study import Study
from iapt_topics.topics.cache import fit_once
from iapt_topics.topics.topics import BERTOPIC, MIN_SUPPORT, UNASSIGNED, Topics
from iapt_topics.topics.variants import cut_topics

#: Probability from which a sentence gets its theme: the library's, and one on either side.
THRESHOLDS = (0.5, 0.4, 0.6)
#: By how much fewer and more topics are asked for.
_FACTOR = 1.5
_KEPT, _LEFT_OUT = "best guess", "left out"
_WITH, _WITHOUT = "with", "without"
_CHOSEN = "as found"


class Specification(NamedTuple):
    """One way through the choices; "" where a choice does not enter."""

    model: str
    examples: str
    threshold: str
    borderline: str
    seed: str = ""
    number: str = ""


_Found = tuple[Specification, pd.DataFrame]


def sensitivity(
    study: Study,
    encoder: Encoder,
    *,
    others: Sequence[Encoder] = (),
    cache: str | Path | None = None,
    on_event: OnEvent = ignore,
) -> Sensitivity:
    """Compare each claim of a study under other defensible choices (specification curve).

    Parameters
    ----------
    study : Study
        From :func:`iapt_topics.analyse`, :func:`iapt_topics.run_plan` or
        :func:`iapt_topics.load_study`; its themes coded by the machine from the codebook alone.
    encoder : Encoder
        The one that made the study.
    others : sequence of Encoder, optional
        Other sentence models to try.
    cache : str or Path, optional
        Folder in which topics and claims of each specification are kept, so that a call that was
        stopped goes on where it was; best that of the study, which has its topics.
    on_event : callable, optional
        Called with an :class:`iapt_topics.Event` after each specification.

    Returns
    -------
    Sensitivity
        With ``.report(path)`` and ``.publish(published)``. Themes are coded by every combination of
        sentence model, examples of the codebook (with, without) and one of four ways with
        borderline sentences: a threshold of .5, .4 or .6, or their responses left out. Topics vary
        in one choice at a time: two other seeds, a third fewer and half as many again, unstable
        responses left out, examples, sentence model.

    Raises
    ------
    InputError
        If the encoder is not the study's, or its codes are not those of the codebook alone (a
        machine that was taught, or people).

    Notes
    -----
    Vectors, scores and the neighbour graph are worked out once for all specifications that share
    them. See :mod:`iapt_topics.analysis.specifications` for what this is not.
    """
    folder = None if cache is None else Path(cache)
    models = (encoder, *others)
    parts: list[_Found] = []
    of_topics = _topics(study, models, folder)
    codings = len(THRESHOLDS) + 1 if len(study.mapping.frame.codable) > 1 else 1
    total = len(models) * len(_frames(study.mapping.frame)) * codings + len(of_topics)
    for found in chain(
        _themes(study, models, folder), ((spec, make()) for spec, make in of_topics)
    ):
        parts.append(found)
        on_event(Event("progress", done=len(parts), total=total))
    tables = [
        claims.assign(**dict(zip(CHOICES, spec, strict=True)), own=_is_own(spec, study, encoder))
        for spec, claims in parts
    ]
    curve = pd.concat(tables, ignore_index=True)
    order = {claim: i for i, claim in enumerate(dict.fromkeys(curve["claim"]))}
    curve = curve.sort_values(
        ["claim", "estimate"], kind="stable", ignore_index=True,
        key=lambda column: column.map(order) if column.name == "claim" else column,
    )  # fmt: skip
    return Sensitivity(claims=judge_claims(curve, _labels(study)), curve=curve)


def _is_own(spec: Specification, study: Study, encoder: Encoder) -> bool:
    seed = str(study.topics.config.seed)
    return spec in (
        Specification(encoder.name, _WITH, _printed(THRESHOLDS[0]), _KEPT),
        Specification(encoder.name, _WITH, "", _KEPT, seed, _CHOSEN),
    )


def _printed(threshold: float) -> str:
    return f"{threshold:.1f}"[1:]


def _themes(study: Study, models: Sequence[Encoder], folder: Path | None) -> Iterator[_Found]:
    """Claims on themes by every combination of model, examples and way with what is borderline."""
    for model in models:
        vectors = embed(study.responses, model)
        for examples, book in _frames(study.mapping.frame).items():
            for threshold, borderline, codes in _codings(study, vectors, book, model):
                spec = Specification(model.name, examples, threshold, borderline)
                if _is_own(spec, study, models[0]):
                    _require_same(codes, study.codes)
                made_of = (spec, study.responses, study.human, study.codes, codes)
                claims = stage_once(
                    folder,
                    f"claims-{_name(spec)}",
                    (*made_of, study.drift.baseline),
                    partial(claims_of_themes, study, codes),
                )
                yield spec, claims


def _frames(frame: ThemeFrame) -> dict[str, ThemeFrame]:
    """The codebook with its examples and, if it has any, without."""
    if not any(t.examples for t in frame.themes):
        return {_WITH: frame}
    bare = replace(frame, themes=tuple(replace(t, examples=()) for t in frame.themes))
    return {_WITH: frame, _WITHOUT: bare}


def _name(spec: Specification) -> str:
    return "-".join("".join(c for c in part if c.isalnum())[-24:] for part in spec if part)


def _codings(
    study: Study, vectors: Embeddings, frame: ThemeFrame, model: Encoder
) -> Iterator[tuple[str, str, Codes]]:
    """Codes of the survey by each way with borderline sentences, from one scoring of them."""
    mapping = replace(study.mapping, frame=frame)
    decided = bool((mapping.scores["decision"] != "").any())
    also = (mapping, study.topics) if decided else (None, None)
    scores, given = assign_themes(study.responses, vectors, frame, model, *also)
    if scores.nearness.shape[1] == 1:  # of one theme there is no probability
        yield _printed(THRESHOLDS[0]), _KEPT, as_codes(scores, given, study.responses, frame)
        return
    for threshold in THRESHOLDS:
        codes = as_codes(scores, given_themes(scores, frame, threshold), study.responses, frame)
        yield _printed(threshold), _KEPT, codes
    likely = scores.likely.max(axis=1)
    between = (likely >= min(THRESHOLDS)) & (likely < max(THRESHOLDS))
    clear = np.ones(len(scores.response_id), dtype=bool)
    clear[scores.owner[between]] = False
    codes = as_codes(scores, given, study.responses, frame)
    kept = np.array(scores.response_id, dtype=object)[clear]
    yield _printed(THRESHOLDS[0]), _LEFT_OUT, restrict_codes(codes, kept)


def _require_same(codes: Codes, own: Codes) -> None:
    """The study's own specification must give the study's own codes."""
    pairs = [set(zip(c.table["response_id"], c.table["theme"], strict=True)) for c in (codes, own)]
    if pairs[0] != pairs[1]:
        raise InputError(
            "the study", "must have codes of the machine by its codebook alone",
            f"codes of {own.coder!r}, of which {len(pairs[0] ^ pairs[1])} differ",
            "Run the study without what it learned from, with this sentence model.",
        )  # fmt: skip


def _topics(
    study: Study, models: Sequence[Encoder], folder: Path | None
) -> list[tuple[Specification, Callable[[], pd.DataFrame]]]:
    """How to make the claims on topics by each choice by itself."""
    own, frames, encoder = study.topics, _frames(study.mapping.frame), models[0]
    config, vectors = own.config, embed(study.responses, encoder)
    first = Specification(encoder.name, _WITH, "", _KEPT, str(config.seed), _CHOSEN)
    most = len(study.responses.kept) // 2
    wanted = {round(own.n_topics / _FACTOR), round(own.n_topics * _FACTOR)} - {own.n_topics}
    numbers = sorted(n for n in wanted if 2 <= n <= most)

    def claims(topics: Topics, examples: str = _WITH, model: Encoder = encoder) -> pd.DataFrame:
        of = vectors if model is encoder else embed(study.responses, model)
        mapping = map_topics(topics, frames[examples], model, embeddings=of)
        return claims_of_topics(study, topics, mapping)

    def fitted(seed: int, model: Encoder = encoder) -> pd.DataFrame:
        of = vectors if model is encoder else embed(study.responses, model)
        topics = fit_once(study.responses, of, replace(config, seed=seed), folder)
        return _counted(claims(topics, model=model), topics)

    @once
    def cuts() -> dict[int, Topics]:
        return cut_topics(own, study.responses, vectors, numbers)

    def cut(number: int) -> pd.DataFrame:
        return claims(cuts()[number])

    plan: list[tuple[Specification, Callable[[], pd.DataFrame]]] = [
        (first, lambda: _counted(claims_of_topics(study, own, study.mapping), own))
    ]
    plan += [(first._replace(number=str(n)), partial(cut, n)) for n in numbers]
    plan.append((first._replace(borderline=_LEFT_OUT), lambda: claims(_stable_part(own))))
    if _WITHOUT in frames:
        plan.append((first._replace(examples=_WITHOUT), lambda: claims(own, _WITHOUT)))
    if config.model not in (None, BERTOPIC):
        return plan  # of a model of one's own, only its words are kept
    for seed in (config.seed + 1, config.seed + 2):
        plan.append((first._replace(seed=str(seed)), partial(fitted, seed)))
    for model in models[1:]:
        plan.append((first._replace(model=model.name), partial(fitted, config.seed, model)))
    return plan


def _stable_part(topics: Topics) -> Topics:
    """The topics without the responses that have no stable one, numbered anew."""
    place = topics.assignments
    keep = (place["topic"] >= 0) & (place["support"] >= MIN_SUPPORT)
    left, number = np.unique(place.loc[keep, "topic"], return_inverse=True)
    topic = np.full(len(place), UNASSIGNED)
    topic[keep.to_numpy()] = number
    table = topics.topics.set_index("topic").loc[left].reset_index(drop=True)
    return replace(
        topics,
        assignments=place.assign(topic=topic),
        topics=table.assign(topic=np.arange(len(left))),
    )


def _counted(claims: pd.DataFrame, topics: Topics) -> pd.DataFrame:
    """The claims with that on the number of topics."""
    n = topics.n_topics
    row = {"claim": "number of topics", "estimate": float(n), "result": str(n)}
    return pd.concat([claims, pd.DataFrame([row])], ignore_index=True)


def _labels(study: Study) -> dict[str, str]:
    """What each claim is of, in words."""
    themes = {t.id: t.label for t in study.mapping.frame.themes}
    topics = study.topics.topics.set_index("topic")["label"]
    out = {f"{kind}: {t}": label for kind in ("change", "trend") for t, label in themes.items()}
    return out | {f"topic: {t}": str(label) for t, label in topics.items()}
