"""Do certified themes keep their guarantee, and how often does the machine get to code?

``python benchmarks/certify.py [--surveys 500] [--data FOLDER --draws 200]``

Without FOLDER, simulated surveys of 1,543 responses: for each number of hand codes, the share of
themes whose lower bound of precision or of recall is above the truth among that survey's responses,
the share certified although their precision is below .8, and how often themes of prevalence .10 are
automated. With FOLDER (``nhs_fft/`` and ``clinc150/``; also the bundled example), the same on the
machine's codes of real and planted themes, and the mean kappa of the finished set when a part of
the responses is read by people in the order of the queue or in random order.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from learning import DATA, measures
from simulated import codes_of, names, survey_of

import iapt_topics as it
from iapt_topics._base.status import AUTOMATE, VERDICTS
from iapt_topics.agreement.certify import certify_codes
from iapt_topics.codes.codes import Codes

PREVALENCE = (0.02, 0.05, 0.1, 0.2, 0.4)
PRECISION = (0.4, 0.5, 0.6, 0.7, 0.75, 0.79, 0.85, 0.9, 0.95)
RECALL = 0.8
PARTS = (0.0, 0.1, 0.25, 0.5, 0.75)


def simulated(surveys: int, n: int = 1543) -> None:
    cells = [(p, q) for p in PREVALENCE for q in PRECISION]
    ids, person = names("r", range(n)), names("p", range(n))
    survey = survey_of(ids, person, 2014 + np.arange(n) % 5)
    for hand in (100, 200, 400):
        wrong, found = np.zeros(3), {c: np.zeros(2) for c in cells}
        for seed in range(surveys):
            rng = np.random.default_rng([seed, hand])
            y = rng.random((n, len(cells))) < [p for p, _ in cells]
            extra = np.array([p * RECALL * (1 / q - 1) / (1 - p) for p, q in cells])
            f = rng.random(y.shape) < np.where(y, RECALL, extra)
            machine = codes_of("machine", "machine", ids, person, f)
            score = rng.normal(size=y.shape) + y  # the right ones score higher
            machine.table["score"] = score[np.nonzero(f)]
            rows = np.sort(rng.permutation(n)[:hand])
            human = codes_of("person", "human", ids[rows], person[rows], y[rows])
            themes = certify_codes(machine, human, survey).themes
            accepted = f & (score >= themes["score"].fillna(-np.inf).to_numpy())
            right = (accepted & y).sum(axis=0)
            precision = right / np.maximum(accepted.sum(axis=0), 1)
            able = themes["score"].notna().to_numpy()
            wrong += [
                (themes["precision_low"].to_numpy() > precision + 1e-9).mean(),
                (themes["recall_low"].to_numpy() > right / y.sum(axis=0) + 1e-9).mean(),
                (able & (precision < 0.8)).mean(),
            ]
            for c, verdict, low in zip(
                cells, themes["verdict"], able & (precision < 0.8), strict=True
            ):
                found[c] += [verdict == AUTOMATE, low]
        wrong, worst = wrong / surveys, max(v[1] for v in found.values()) / surveys
        print(
            f"{hand} hand codes: bound of precision above the truth {wrong[0]:.3f}, of recall "
            f"{wrong[1]:.3f}; certified below .8: {wrong[2]:.3f} of themes, {worst:.3f} of the "
            "worst kind (all at most .100)"
        )
        at = {q: found[0.1, q][0] / surveys for q in PRECISION}
        print(
            "  automated at prevalence .10: " + ", ".join(f"{q:g}: {v:.2f}" for q, v in at.items())
        )


def real(name: str, data: Path, draws: int) -> None:
    responses, frame, given = DATA[name](data)
    encoder = it.sentence_encoder()
    machine = it.code_responses(responses, it.embed(responses, encoder), frame, encoder)
    kept = responses.kept
    ids, themes = kept["response_id"].tolist(), list(machine.themes)
    y = np.array([[t in given.get(i, ()) for t in themes] for i in ids])
    f, place = machine.matrix(ids, themes), {r: i for i, r in enumerate(ids)}
    table = machine.table.assign(
        row=machine.table["response_id"].map(place), column=machine.table["theme"].map(themes.index)
    )
    score = np.full(f.shape, -np.inf)
    score[table["row"], table["column"]] = table["score"]
    print(f"\n{name}: {len(ids)} responses, {len(themes)} themes, {draws} draws")
    for hand in (100, 400):
        wrong, verdicts, curves = np.zeros(3), dict.fromkeys(VERDICTS, 0), []
        for seed in range(draws):
            rng = np.random.default_rng([seed, hand])
            rows = np.sort(rng.permutation(len(ids))[:hand])
            row, column = np.nonzero(y[rows])
            codes = {
                "response_id": np.array(ids, object)[rows][row],
                "theme": np.array(themes, object)[column],
                "score": np.nan,
            }
            human = Codes(
                coder="truth", kind="human", themes=machine.themes,
                seen=kept.iloc[rows][["response_id", "respondent_id"]], table=pd.DataFrame(codes),
            )  # fmt: skip
            result = certify_codes(machine, human, responses)
            found = result.themes
            for verdict in found["verdict"]:
                verdicts[verdict] += 1
            accepted = f & (score >= found["score"].fillna(-np.inf).to_numpy())
            right = (accepted & y).sum(axis=0)
            precision = right / np.maximum(accepted.sum(axis=0), 1)
            wrong += [
                (found["precision_low"].to_numpy() > precision + 1e-9).mean(),
                (found["recall_low"] > right / np.maximum(y.sum(axis=0), 1) + 1e-9).mean(),
                (found["score"].notna() & (precision < 0.8)).mean(),
            ]
            if seed < 20:
                order = [place[r] for r in result.queue["response_id"]]
                curves.append([_curve(f, y, rows, o) for o in (order, rng.permutation(order))])
        wrong, kappa = wrong / draws, np.mean(curves, axis=0)
        share = ", ".join(f"{k} {v / draws / len(themes):.2f}" for k, v in verdicts.items())
        print(
            f"  {hand} hand codes: bound of precision above the truth {wrong[0]:.3f}, of recall "
            f"{wrong[1]:.3f}; certified below .8: {wrong[2]:.3f}\n    verdicts: {share}"
        )
        for what, line in zip(("by the queue", "at random"), kappa, strict=True):
            points = ", ".join(f"{p:.0%} {k:.3f}" for p, k in zip(PARTS, line, strict=True))
            print(f"    kappa of the finished set, read {what}: {points}")


def _curve(f: np.ndarray, y: np.ndarray, rows: np.ndarray, order: list[int]) -> list[float]:
    """Mean kappa when a part of the waiting responses was read, and the sample too."""
    line = []
    for part in PARTS:
        done = f.copy()
        read = np.r_[rows, np.asarray(order, int)[: round(part * len(order))]]
        done[read] = y[read]
        line.append(measures(done, y)[1])
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=500)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--draws", type=int, default=200)
    args = parser.parse_args()
    if args.data is None:
        simulated(args.surveys)
        return
    for name in DATA:
        real(name, args.data, args.draws)


if __name__ == "__main__":
    main()
