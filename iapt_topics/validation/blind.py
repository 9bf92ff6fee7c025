"""Blind tests of topics and themes: can people see what the machine put together?

The tests of topics are those of Chang et al. (2009) and Ying, Montgomery and Stewart (2022). What
is shown is drawn at random from all of a topic, not from its most typical responses, so that the
proportion right is that of the topic and not of its best part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Ints
from iapt_topics._base.errors import InputError
from iapt_topics._base.files import hash_parts
from iapt_topics._base.text import shorten
from iapt_topics.codes.sampling import sample_size
from iapt_topics.study.study import Study
from iapt_topics.survey.redaction import safe_texts
from iapt_topics.survey.responses import cluster_ids
from iapt_topics.topics.topics import Topics
from iapt_topics.validation.marked import marked_sentences
from iapt_topics.validation.task import (
    LABELS,
    RESPONSES,
    SENTENCE,
    THEMES,
    WORDS,
    Choice,
    Item,
    Task,
    build_task,
    make_secret,
    require_raters,
    share_out,
)

Kind = Literal["word intrusion", "response intrusion", "label choice", "theme check"]
#: What a person answers about a theme.
FITS, PARTLY, NO = "fits", "partly", "no"
_OWN_WORDS, _OWN_RESPONSES, _LABELS = 4, 3, 4
#: A response is cut in the tests of topics, where several are shown at a time.
_LONGEST = 500
#: At the first, simulated raters find four in five topics that are bad by design.
_TOPIC_WIDTH, _THEME_WIDTH = 0.3, 0.4
_TEXTS = 5_000  # in which intruding words are looked for
_Drawn = tuple[Item, dict[str, Any]]


class _Ask(NamedTuple):
    """A study, the items wanted of each topic or theme, and topics that cannot be tested, why."""

    study: Study
    n: int
    rng: np.random.Generator
    left: dict[int, str]


_INSTRUCTIONS = {
    WORDS: (
        "All words but one belong to one subject. Choose the word that does not belong.",
        "If you cannot tell, choose the one that seems least likely to belong.",
    ),
    RESPONSES: (
        "All responses but one are on one subject. Choose the response that does not belong.",
        "A response may be on several subjects: look for what the others have in common. If you "
        "cannot tell, choose the one that seems least likely to belong.",
    ),
    LABELS: (
        "Read the response and choose the label that describes it best.",
        "If none fits well, choose the nearest.",
    ),
    THEMES: (
        "Read the theme and its definition, then the response. Does the response mention it?",
        "fits: it does, as the definition says. partly: it comes near, or it is in part about it. "
        "no: it does not. A response may mention several themes: judge this one alone.",
        "Many of the responses are not about the theme. Of a longer response one sentence is "
        "marked: read it first, but judge the whole response.",
    ),
}


def draw_test(
    study: Study,
    kind: Kind,
    *,
    raters: Sequence[str] = ("A", "B", "C"),
    width: float | None = None,
    overlap: float = 0.3,
    seed: int = 7,
) -> Task:
    """Draw a blind test of every topic, or of every theme, from a study.

    Parameters
    ----------
    study : Study
        The study.
    kind : {"word intrusion", "response intrusion", "label choice", "theme check"}
        *Word intrusion*: which word is not of the topic? *Response intrusion*: which response is
        not of the topic? *Label choice*: which topic's label describes the response? *Theme check*:
        does a response mention a theme that the machine applied to it, or did not?
    raters : sequence of str
        Names or initials; one at least.
    width : float, optional
        Width that the 95 % interval of a proportion of one topic or theme may have; decides how
        many judgements each gets, see :func:`iapt_topics.codes.sample_size`. By default .3 for
        tests of topics (39 judgements each) and .4 for a theme check, which has many more themes.
    overlap : float, default 0.3
        Part of the items that every rater judges, 0 to 1, for agreement among raters.
    seed : int, default 7
        Of the draw. The same study and seed give the same test.

    Returns
    -------
    Task
        For :func:`write_task`, and later for :func:`score_test`.

    Raises
    ------
    InputError
        If there are fewer than two topics, no topic with words, or no machine code.

    Notes
    -----
    In the theme check, each theme has as many responses with the machine's code as without, the
    latter from two strata: those with a near theme of the codebook, and the others. Each has its
    sampling weight, so that recall is estimated for all responses and not for those drawn. What the
    machine was trained on is left out. In a response of several sentences the one that carried the
    theme is marked; where the machine did not apply it, the one that shares most words with the
    theme's, so that the mark does not say which is which.

    References
    ----------
    Chang J et al. (2009). Reading tea leaves: how humans interpret topic models. *NeurIPS*.
    Ying L, Montgomery JM, Stewart BM (2022). Topics, concepts, and measurement: a crowdsourced
    procedure for validating topics as measures. *Polit Anal* 30:570-589.
    """
    require_raters(raters)
    if not 0 <= overlap <= 1:
        raise InputError("overlap", "must be from 0 to 1", repr(overlap), "Give a fraction.")
    rng = np.random.default_rng(seed)
    if width is None:
        width = _THEME_WIDTH if kind == THEMES else _TOPIC_WIDTH
    # Of the items of a topic, a part is judged by all and the rest by one.
    n = ceil(sample_size(width) / (1 + overlap * (len(raters) - 1)))
    left: dict[int, str] = {}
    makers: dict[str, Callable[[_Ask], list[_Drawn]]] = {
        WORDS: _words,
        RESPONSES: _responses,
        LABELS: _labels,
        THEMES: _themes,
    }
    drawn = makers[kind](_Ask(study, n, rng, left))
    choices = (
        [Choice(FITS, "Fits"), Choice(PARTLY, "Partly"), Choice(NO, "No")] if kind == THEMES else []
    )
    task = build_task(
        kind,
        make_secret(study.responses, seed, kind),
        (kind.capitalize(), *_INSTRUCTIONS[kind]),
        drawn,
        share_out(len(drawn), raters, overlap, rng),
        choices=choices,
    )
    topics = task.key["topic"].map(topic_members(study.topics)).fillna("")
    return replace(task, left_out=left, key=task.key.assign(members=topics))


def topic_members(topics: Topics) -> dict[int, str]:
    """A hash of the responses of each topic, by which a later fit is told from the one tested."""
    rows = topics.assignments
    return {
        int(str(topic)): hash_parts(sorted(str(i).encode() for i in ids))[:16]
        for topic, ids in rows[rows["topic"] >= 0].groupby("topic")["response_id"]
    }


def _require_topics(topics: Topics) -> Ints:
    """Numbers of the topics that responses are in; two at least."""
    there = topics.assignments["topic"]
    numbers = np.array([t for t in topics.topics["topic"] if (there == t).any()], dtype=np.int64)
    if len(numbers) < 2:
        raise InputError(
            "a test of topics", "needs two topics with responses at least", str(len(numbers)),
            "Fit more topics.",
        )  # fmt: skip
    return numbers


def _key(
    topics: Topics, topic: int, right: str, others: Sequence[int], responses: Sequence[str] = ()
) -> dict[str, Any]:
    """The key of an item on a topic; ``others`` are the topics beside it, as they are shown."""
    label = dict(zip(topics.topics["topic"], topics.topics["label"], strict=True))
    return {
        "topic": int(topic), "theme": "", "label": str(label[topic]), "right": right,
        "others": tuple(map(int, others)), "responses": tuple(responses),
    }  # fmt: skip


def _mixed(shown: list[Any], rng: np.random.Generator) -> tuple[list[Any], str]:
    """What is shown in random order, and the place from 1 of the last one, the intruder."""
    order = rng.permutation(len(shown))
    return [shown[i] for i in order], str(int(np.flatnonzero(order == len(shown) - 1)[0]) + 1)


def _words(ask: _Ask) -> list[_Drawn]:
    study, n, rng, left = ask
    topics = study.topics
    numbers = _require_topics(topics)
    table = topics.topics.set_index("topic").loc[numbers]
    words = {
        int(t): [w for w in str(s).split(", ") if w]
        for t, s in zip(numbers, table["words"], strict=True)
    }
    used = _use_of_words(study, words, rng)
    drawn: list[_Drawn] = []
    for t in numbers:
        own = words[t]
        stems = {_stem(part) for w in own for part in w.split()}
        pool = [
            (w, u)
            for u in numbers
            if u != t
            for w in words[u]
            if not stems & {_stem(part) for part in w.split()} and used(w, t) < used(w, u)
        ]
        if len(own) < 2 or not pool:
            left[int(t)] = "fewer than two words, or no word of another topic is foreign to it"
            continue
        for _ in range(n):
            mine = rng.permutation(own)[:_OWN_WORDS].tolist()
            word, other = pool[int(rng.integers(len(pool)))]
            shown, right = _mixed([*mine, word], rng)
            choices = tuple(Choice(str(i), w) for i, w in enumerate(shown, 1))
            key = _key(topics, t, right, [other])
            drawn.append((Item((), choices), key))
    return drawn


def _stem(word: str) -> str:
    return word.casefold().rstrip("s")[:6]


def _use_of_words(
    study: Study, words: dict[int, list[str]], rng: np.random.Generator
) -> Callable[[str, int], float]:
    """How often the responses of a topic use a word."""
    kept = study.responses.kept.set_index("response_id")["text"]
    rows = study.topics.assignments
    rows = rows[rows["topic"] >= 0]
    if len(rows) > _TEXTS:
        rows = rows.iloc[np.sort(rng.permutation(len(rows))[:_TEXTS])]
    texts = [
        f" {re.sub(r'[^a-z0-9]+', ' ', str(t).casefold())} " for t in kept.loc[rows["response_id"]]
    ]
    topic = rows["topic"].to_numpy()
    found: dict[str, pd.Series] = {}
    for word in dict.fromkeys(w for own in words.values() for w in own):
        plain = f" {re.sub(r'[^a-z0-9]+', ' ', word.casefold()).strip()} "
        found[word] = pd.Series([plain in t for t in texts]).groupby(topic).mean()
    return lambda word, t: float(found[word].get(t, 0.0))


def _rounds(places: Ints, rng: np.random.Generator) -> Callable[[], int]:
    """One place after another in random order; when all were, again in another order."""
    queue: list[int] = []

    def following() -> int:
        if not queue:
            queue.extend(rng.permutation(places).tolist())
        return int(queue.pop())

    return following


def _placed(study: Study) -> pd.DataFrame:
    """Responses with a topic, their text as written, for comparison alone, and their respondent."""
    rows = study.topics.assignments
    rows = rows[rows["topic"] >= 0].reset_index(drop=True)
    kept = study.responses.kept.set_index("response_id", drop=False).loc[rows["response_id"]]
    return rows.assign(person=cluster_ids(kept), written=kept["text"].to_numpy(dtype=object))


def _safe(study: Study, ids: Sequence[str]) -> dict[str, str]:
    """Redacted texts of the responses that are shown."""
    wanted = list(dict.fromkeys(ids))
    return dict(zip(wanted, safe_texts(study.responses, wanted), strict=True))


def _responses(ask: _Ask) -> list[_Drawn]:
    study, n, rng, left = ask
    numbers = _require_topics(study.topics)
    rows = _placed(study)
    topic, ids = rows["topic"].to_numpy(), rows["response_id"].tolist()
    runner_up, person = rows["runner_up"].to_numpy(), rows["person"].to_numpy()
    written = rows["written"].to_numpy()

    def apart(i: int, others: list[int]) -> bool:
        return all(person[i] != person[j] and written[i] != written[j] for j in others)

    picks: list[tuple[int, int, list[int], str]] = []
    for t in map(int, numbers):
        following = _rounds(np.flatnonzero(topic == t), rng)
        others = {
            int(u): np.flatnonzero((topic == u) & (runner_up != t)) for u in numbers if u != t
        }
        pool = [u for u, places in others.items() if len(places)]
        size = min(_OWN_RESPONSES, int((topic == t).sum()))
        for _ in range(n if pool else 0):
            mine: list[int] = []
            for _ in range(20 * size):  # of several people, who say different things
                i = following()
                if apart(i, mine):
                    mine.append(i)
                if len(mine) == size:
                    break
            found: tuple[int, int] | None = None
            for _ in range(20):
                u = pool[int(rng.integers(len(pool)))]
                i = int(others[u][int(rng.integers(len(others[u])))])
                if apart(i, mine):
                    found = u, i
                    break
            if len(mine) < 2 or found is None:
                break
            shown, right = _mixed([*mine, found[1]], rng)
            picks.append((t, found[0], shown, right))
        if not picks or picks[-1][0] != t:
            left[t] = "too few responses of different people who say different things"
    safe = _safe(study, [ids[i] for _, _, shown, _ in picks for i in shown])
    drawn: list[_Drawn] = []
    for t, u, shown, right in picks:
        texts = [shorten(safe[ids[i]], _LONGEST) for i in shown]
        choices = tuple(Choice(str(k), text) for k, text in enumerate(texts, 1))
        key = _key(study.topics, t, right, [u], [ids[i] for i in shown])
        drawn.append((Item((), choices), key))
    return drawn


def _labels(ask: _Ask) -> list[_Drawn]:
    study, n, rng, _ = ask
    topics = study.topics
    numbers = _require_topics(topics)
    rows = _placed(study)
    ids = rows["response_id"].tolist()
    table = topics.topics.set_index("topic")
    place = {int(t): i for i, t in enumerate(topics.topics["topic"])}
    near = topics.centroids @ topics.centroids.T
    picks: list[tuple[int, str, list[int], str]] = []
    for t in map(int, numbers):
        following = _rounds(np.flatnonzero(rows["topic"].to_numpy() == t), rng)
        nearness = {int(u): float(near[place[t], place[int(u)]]) for u in numbers if u != t}
        others = sorted(nearness, key=lambda u: -nearness[u])
        for k in range(n):
            response = ids[following()]
            # The nearest two take turns, so that what is told apart is what is near.
            first = others[k % min(2, len(others))]
            rest = [u for u in others if u != first]
            more = [int(u) for u in rng.permutation(rest)[: _LABELS - 2]] if rest else []
            shown, right = _mixed([first, *more, t], rng)
            picks.append((t, response, shown, right))
    safe = _safe(study, [response for _, response, _, _ in picks])
    drawn: list[_Drawn] = []
    for t, response, shown, right in picks:
        choices = tuple(
            Choice(str(j), str(table.loc[u, "label"]), _few(str(table.loc[u, "words"])))
            for j, u in enumerate(shown, 1)
        )
        item = Item((("Response", shorten(safe[response], 3 * _LONGEST)),), choices)
        drawn.append((item, _key(topics, t, right, shown, [response])))
    return drawn


def _few(words: str) -> str:
    return ", ".join(words.split(", ")[:6])


def _themes(ask: _Ask) -> list[_Drawn]:
    study, n, rng, _ = ask
    codes, frame = study.codes, study.mapping.frame
    apart = codes.unmeasured
    ids = np.array([i for i in codes.seen["response_id"] if i not in apart], dtype=object)
    if not len(ids) or not len(codes.table):
        raise InputError(
            "a theme check", "needs responses with machine codes that it was not trained on",
            f"{len(ids)} responses, {len(codes.table)} codes", "Run code_responses() first.",
        )  # fmt: skip
    given = codes.matrix(ids.tolist())
    known = [t for t in codes.themes if t in frame.ids]
    wanted: list[tuple[str, int, str, float]] = []
    for theme in known:
        has = given[:, codes.themes.index(theme)]
        near = [
            j
            for j, other in enumerate(codes.themes)
            if other != theme and other in frame.ids and _near(study, theme, other)
        ]
        beside = given[:, near].any(axis=1) & ~has
        half = ceil(n / 2)
        for stratum, members, size in (
            ("coded", has, n),
            ("near", beside, half),
            ("far", ~has & ~beside, half),
        ):
            places = np.flatnonzero(members)
            picked = rng.permutation(places)[:size]
            weight = len(places) / max(1, len(picked))
            wanted += [(theme, int(i), stratum, weight) for i in picked]
    safe = _safe(study, [ids[i] for _, i, _, _ in wanted])
    pairs = [(theme, str(ids[i])) for theme, i, _, _ in wanted]
    first = marked_sentences(study, pairs, safe, rng.spawn(1)[0])  # draws nothing from the test's
    drawn: list[_Drawn] = []
    for (theme, i, stratum, weight), sentence in zip(wanted, first, strict=True):
        of = frame[theme]
        about = [("Theme", of.label), ("Definition", of.definition), ("Includes", of.include)]
        about += [("Excludes", of.exclude), (SENTENCE, sentence), ("Response", safe[ids[i]])]
        parts = tuple((head, words) for head, words in about if words)
        key = {
            "topic": -1, "theme": theme, "label": of.label, "right": "", "others": (),
            "responses": (str(ids[i]),), "stratum": stratum, "weight": weight,
        }  # fmt: skip
        drawn.append((Item(parts), key))
    return drawn


def _near(study: Study, theme: str, other: str) -> bool:
    frame = study.mapping.frame
    one, two = frame[theme], frame[other]
    return other in one.near or theme in two.near or bool(one.parent and one.parent == two.parent)
