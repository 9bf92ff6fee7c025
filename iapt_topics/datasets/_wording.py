"""How sentence cores become one comment: wording, joining, slips of typing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

_KEEP_CAPITAL = re.compile(r"I\b|[A-Z]{2,}|GPs\b")
# Sentences without a main verb: "Brilliant team." takes no "then there's the fact that".
_FRAGMENT = re.compile(
    r"(Too |Far too many|Way too|Back to back|Workload|The workload\.|No (breathing|career)|"
    r"A one size|Cuts|Constant|Endless|Another reorg|Brilliant team|Fantastic team|Lovely|"
    r"Really lovely|Flexible|Emotionally|Headaches|Thinking|Short staffed|Duplicate|Barriers|"
    r"Can never|"
    r"Good (supervision|intentions|to be)|Couldn't|If |As soon|When|However|Compared|In the early|"
    r"Ideally|Ironically|Realistically|Honestly|In practice|On the whole|I'd say|For me|To be)"
)


def vary(pattern: str, swaps: list[list[str]], rng: np.random.Generator) -> str:
    """Settle the optional parts of a core and sometimes swap a word for a near one."""

    def settle(match: re.Match[str]) -> str:
        choices = match[1].split("|")
        if len(choices) == 1:
            choices.append("")
        return choices[int(rng.integers(len(choices)))]

    text = re.sub(r"\[([^\]]*)\]", settle, pattern)
    for i in rng.permutation(len(swaps)):
        old, new = swaps[i]
        if re.search(rf"\b{re.escape(old)}", text) and rng.random() < 0.45:
            text = re.sub(rf"\b{re.escape(old)}", new, text, count=1)
            if rng.random() < 0.6:
                break
    return text


def _lead(piece: str, sentence: str) -> str:
    """Put a joining word before a sentence, with the capital that then fits."""
    keeps = piece.rstrip().endswith(".") or _KEEP_CAPITAL.match(sentence) is not None
    return piece + (sentence if keeps else sentence[0].lower() + sentence[1:])


Spans = list[tuple[int, int]]


def join(
    parts: list[tuple[str, str]], pieces: dict[str, Any], rng: np.random.Generator
) -> tuple[str, Spans]:
    """Join (tone, sentence) parts into one comment; start and end in it of each sentence."""

    def pick(name: str, sentence: str) -> str:
        options = list(pieces[name])
        if _FRAGMENT.match(sentence):
            options = [o for o in options if o in ("Also, ", "And ", "Plus ", "But ")]
            options = options or [""]
        return str(options[int(rng.integers(len(options)))])

    text = ""
    spans: Spans = []
    for i, (tone, sentence) in enumerate(parts):
        if i == 0:
            plain = rng.random() > 0.17 or _FRAGMENT.match(sentence) is not None
            opener = "" if plain else pick("openers", sentence)
            if opener.startswith("Mixed") and len({t for t, _ in parts}) == 1:
                opener = ""
            if opener.startswith(("Sorry", "Where", "Hard")) and len(parts) < 3:
                opener = ""
            text = _lead(opener, sentence) if opener else sentence
            spans.append((len(opener), len(text)))
            continue
        before = parts[i - 1][0]
        if {before, tone} == {"neg", "pos"}:
            name, chance = ("neg_to_pos" if tone == "pos" else "pos_to_neg"), 0.62
        else:
            name, chance = ("same" if before == tone else "neutral"), 0.36
        piece = pick(name, sentence) if rng.random() < chance else ""
        if text.endswith(piece.strip() or "\0") or (piece and piece in text):
            piece = ""
        if piece in ("And ", "But ") and text.endswith(".") and rng.random() < 0.6:
            spans[-1] = (spans[-1][0], len(text) - 1)
            text = text[:-1] + "," if piece == "But " else text[:-1]
            piece = piece.lower()
        start = len(text) + 1 + len(piece)
        text += " " + (_lead(piece, sentence) if piece else sentence)
        spans.append((start, len(text)))
    if rng.random() < 0.05:
        closer = str(pieces["closers"][int(rng.integers(len(pieces["closers"])))])
        moan = closer.startswith(("Rant", "Sorry", "I could", "I doubt", "Enough"))
        if not moan or {t for t, _ in parts} == {"neg"}:
            text += " " + closer
    return text, spans


def roughen(text: str, spans: Spans, rng: np.random.Generator) -> tuple[str, Spans]:
    """Add the sparse slips of typing that survey boxes have, and move the spans along."""
    marks = [place for span in spans for place in span]
    if rng.random() < 0.09:
        marks = [m - text.count("'", 0, m) for m in marks]
        text = text.replace("'", "")
    if rng.random() < 0.04:
        marks = [m - 2 * text.count(" and ", 0, m) for m in marks]
        text = text.replace(" and ", " & ")
    if rng.random() < 0.15:
        for _ in range(int(rng.integers(1, 3))):
            spots = [m.start() for m in re.finditer(r"(?<=[a-z]{2})[a-z](?=[a-z]{2})", text)]
            if spots:
                at = spots[int(rng.integers(len(spots)))]
                swap = rng.random() < 0.5
                marks = [m - (not swap and m > at) for m in marks]
                text = (
                    text[:at]
                    + (text[at + 1] + text[at] if swap else "")
                    + (text[at + 2 :] if swap else text[at + 1 :])
                )
    if rng.random() < 0.06:
        text = text.lower()
    elif rng.random() < 0.006:
        text = text.upper()
    if text.endswith("."):
        luck = rng.random()
        if luck < 0.2:
            text = text[:-1]
        elif luck < 0.23:
            text = text[:-1] + "!"
        elif luck < 0.25:
            text += ".."
    marks = [min(m, len(text)) for m in marks]
    return text, list(zip(marks[::2], marks[1::2], strict=True))
