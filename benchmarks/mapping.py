"""How well are responses mapped to a frame without any hand-coded one?

Run as ``python benchmarks/mapping.py --data ../shared/data``. The folder holds public data sets;
without it only the bundled example is run. One row for each data set and frame: macro-F1 and mean
kappa over themes when each response is given its best theme only ("one"), and the share of
responses whose best theme is right; the same for the codes as they come, and the share left
without a theme; for requests that belong to no theme, how well they are told from the others.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics import (
    Responses,
    Theme,
    ThemeFrame,
    code_responses,
    embed,
    load_example,
    load_frame,
    load_responses,
    sentence_encoder,
)
from iapt_topics.codes import axis_scores, pole_codes
from iapt_topics.datasets import example_path, load_truth
from iapt_topics.mapping import code_facets, explain_codes, score_themes
from iapt_topics.mapping.facets import _leaning
from iapt_topics.stats.agreement import cohen_kappa, f1, table_2x2

PROCESS = ("Labelling not possible", "Not assigned")


def figures(truth: NDArray[np.bool_], given: NDArray[np.bool_]) -> tuple[float, float]:
    """Macro-F1 and mean kappa over themes."""
    a, b = (truth & given).sum(axis=0), (truth & ~given).sum(axis=0)
    c, d = (~truth & given).sum(axis=0), (~truth & ~given).sum(axis=0)
    return float(np.nan_to_num(f1(a, b, c)).mean()), float(
        np.nan_to_num(cohen_kappa(table_2x2(a, b, c, d))).mean()
    )


def run(name: str, survey: Responses, truth: pd.DataFrame, frame: ThemeFrame) -> None:
    """Print one row; ``truth`` has a column for each codable theme and the response id as index."""
    encoder = sentence_encoder()
    embeddings = embed(survey, encoder)
    ids = [r for r in survey.kept["response_id"] if r in truth.index]
    themes = [t.id for t in frame.codable]
    true = truth.loc[ids, themes].to_numpy(dtype=bool)
    scores = score_themes(survey, embeddings, frame, encoder)
    wide = scores.pivot_table(index="response_id", columns="theme", values="sentence")
    best = wide.loc[ids, themes].to_numpy().argmax(axis=1)
    one = np.eye(len(themes), dtype=bool)[best]
    some = true.any(axis=1)
    codes = code_responses(survey, embeddings, frame, encoder).matrix(ids, themes)
    row = [*figures(true[some], one[some]), (true & one)[some].any(axis=1).mean()]
    row += [*figures(true, codes), (~codes[some].any(axis=1)).mean()]
    text = f"| {name} | {len(ids):,} | {len(themes)} | " + " | ".join(f"{v:.3f}" for v in row)
    if not some.all():
        from sklearn.metrics import roc_auc_score

        why = explain_codes(survey, embeddings, frame, encoder)
        near = why.groupby("response_id")["nearness"].max().loc[ids]
        left = ~codes.any(axis=1)
        text += f" | AUROC {roc_auc_score(some, near):.3f}, {left[~some].mean():.2f} left out"
    print(text + " |", flush=True)


def survey_of(texts: Sequence[str], who: Sequence[str] | None = None) -> Responses:
    """Every text as a response of one year, with its place as id."""
    table = pd.DataFrame({"id": [str(i) for i in range(len(texts))], "text": texts, "year": 2020})
    table["who"] = table["id"] if who is None else list(who)
    return load_responses(table, text="text", year="year", response="id", respondent="who")


def matrix(sets: Sequence[set[str]], themes: Sequence[str]) -> pd.DataFrame:
    """One row for each text, one column for each theme."""
    cells = [[t in s for t in themes] for s in sets]
    return pd.DataFrame(cells, columns=list(themes), index=[str(i) for i in range(len(sets))])


def quoted(examples: object) -> tuple[str, ...]:
    """Cut the examples out of a cell of the codebook."""
    text = re.sub(r"[‘’]", "'", str(examples)) if isinstance(examples, str) else ""
    return tuple(t for t in re.split(r"'\s*,\s*'|'\s+[A-Z][\w/ ]+:\s*'|^\w+:\s*'|'$", text) if t)


def nhs(folder: Path) -> None:
    """Majors of the v6 labels that the v7 codebook has too, then its minors."""
    rows = pd.read_csv(folder / "v6_multilabel.csv").dropna(subset=["text"])
    book = pd.read_csv(folder / "framework_v7_codebook.csv")
    book = book[~book["minor"].isin(PROCESS)]
    majors = rows["majors"].str.split("|").map(set)
    names = sorted(m for m in set(book["major"]) if sum(m in s for s in majors) >= 20)
    for name, examples in (("definitions", False), ("with the book's examples (leaks)", True)):
        themes = []
        for major in names:
            themes.append(Theme(id=major, label=major))
            for i, minor in enumerate(book[book["major"] == major].itertuples()):
                themes.append(
                    Theme(
                        id=f"{major} {i}",
                        label=str(minor.minor),
                        parent=major,
                        definition=str(minor.definition),
                        examples=quoted(minor.examples) if examples else (),
                        codable=False,
                    )
                )
        some = majors.map(lambda s: bool(s & set(names)))
        survey = survey_of(rows["text"][some].tolist(), rows["respondent_id"][some].tolist())
        frame = ThemeFrame(name="majors", themes=tuple(themes))
        run(f"NHS v6 majors, {name}", survey, matrix(majors[some].tolist(), names), frame)

    same = pd.read_csv(folder / "v6_labels.csv").dropna(subset=["same_label_in_v7_codebook"])
    to_v7 = dict(zip(same["label"], same["same_label_in_v7_codebook"], strict=True))
    labels = rows["labels"].str.split("|").map(lambda s: {to_v7.get(x, "") for x in s})
    defined = dict(zip(book["minor"], book["definition"], strict=True))
    names = [m for m in defined if sum(m in s for s in labels) >= 20]
    some = labels.map(lambda s: bool(s & set(names)))
    survey = survey_of(rows["text"][some].tolist(), rows["respondent_id"][some].tolist())
    themes = [Theme(id=m, label=m, definition=defined[m]) for m in names]
    frame = ThemeFrame(name="minors", themes=tuple(themes))
    run("NHS v6 labels, definitions", survey, matrix(labels[some].tolist(), names), frame)

    rows = pd.read_csv(folder / "phase1_singlelabel.csv").dropna(subset=["text"])
    names = sorted(rows["label"].unique())
    below = rows.groupby("label")["subcategory"].unique()
    themes = [
        Theme(id=n, label=n, synonyms=tuple(str(s).strip() for s in below[n] if s != n))
        for n in names
    ]
    truth = matrix([{x} for x in rows["label"]], names)
    frame = ThemeFrame(name="phase 1", themes=tuple(themes))
    run("NHS phase 1, names only", survey_of(rows["text"].tolist()), truth, frame)


def clinc(folder: Path) -> None:
    """Ten domains, described by the names of their intents; the rest belongs to none."""
    rows = pd.read_csv(folder / "clinc150.csv")
    rows = rows[rows["split"].isin(["test", "oos_train", "oos_val", "oos_test"])]
    inside = rows[rows["domain"] != "oos"]
    themes = tuple(
        Theme(
            id=str(domain),
            label=str(domain).replace("_", " "),
            synonyms=tuple(sorted(str(i).replace("_", " ") for i in part["intent"].unique())),
        )
        for domain, part in inside.groupby("domain")
    )
    truth = matrix([{d} for d in rows["domain"]], [t.id for t in themes])
    survey = survey_of(rows["text"].tolist())
    run("CLINC150 domains, intents' names", survey, truth, ThemeFrame(name="c", themes=themes))


def levels(data: Path | None) -> None:
    """Codebooks of two levels, both codable, against each level as a codebook of its own."""
    frame, truth = load_frame("iapt_identity_system"), load_truth()
    survey, _ = load_example()
    ids, lower = truth.seen["response_id"].tolist(), [t.id for t in frame.codable]
    cells = pd.DataFrame(truth.matrix(ids, lower), index=ids, columns=lower)
    up = {i: frame.find_domain(i) for i in lower}
    print("\n| two levels | upper alone | in both | the same | lower alone | in both |")
    print("|---|---|---|---|---|---|")
    level_row("example, domains", survey, frame, up, cells)
    if data is None:
        return
    rows = pd.read_csv(data / "nhs_fft" / "v6_multilabel.csv").dropna(subset=["text"])
    book = pd.read_csv(data / "nhs_fft" / "framework_v7_codebook.csv")
    book = book[~book["minor"].isin(PROCESS)]
    same = pd.read_csv(data / "nhs_fft" / "v6_labels.csv")
    same = same.dropna(subset=["same_label_in_v7_codebook"])
    to_v7 = dict(zip(same["label"], same["same_label_in_v7_codebook"], strict=True))
    labels = rows["labels"].str.split("|").map(lambda s: {to_v7.get(x, "") for x in s})
    book = book[[sum(m in s for s in labels) >= 20 for m in book["minor"]]]
    tops = [Theme(id=f"major {m}", label=m) for m in book["major"].unique()]
    minors = [
        Theme(id=b.minor, label=b.minor, definition=b.definition, parent=f"major {b.major}")
        for b in book.itertuples()
    ]
    some = labels.map(lambda s: bool(s & set(book["minor"])))
    survey = survey_of(rows["text"][some].tolist(), rows["respondent_id"][some].tolist())
    cells = matrix(labels[some].tolist(), book["minor"].tolist())
    frame = ThemeFrame(name="both", themes=(*tops, *minors))
    level_row("NHS v6", survey, frame, {t.id: t.parent for t in minors}, cells)
    rows = pd.read_csv(data / "clinc150" / "clinc150.csv")
    rows = rows[rows["split"].isin(["test", "oos_train", "oos_val", "oos_test"])]
    inside = rows[rows["domain"] != "oos"].drop_duplicates("intent")
    tops = [Theme(id=f"domain {d}", label=d.replace("_", " ")) for d in inside["domain"].unique()]
    intents = [
        Theme(id=r.intent, label=r.intent.replace("_", " "), parent=f"domain {r.domain}")
        for r in inside.itertuples()
    ]
    cells = matrix([{i} for i in rows["intent"]], [t.id for t in intents])
    frame = ThemeFrame(name="both", themes=(*tops, *intents))
    survey = survey_of(rows["text"].tolist())
    level_row("CLINC150", survey, frame, {t.id: t.parent for t in intents}, cells)


def level_row(
    name: str, survey: Responses, frame: ThemeFrame, up: dict[str, str], truth: pd.DataFrame
) -> None:
    """Print one row; a text has an upper theme if it has one below it in ``truth``."""
    encoder = sentence_encoder()
    embeddings = embed(survey, encoder)
    ids = [r for r in survey.kept["response_id"] if r in truth.index]
    upper = list(dict.fromkeys(up.values()))
    above = np.stack([truth[[t for t in up if up[t] == u]].any(axis=1) for u in upper], axis=1)
    true = {"upper": pd.DataFrame(above, index=truth.index).loc[ids].to_numpy(dtype=bool)}
    true["lower"] = truth.loc[ids, list(up)].to_numpy(dtype=bool)
    given = {}
    for codable in (upper, list(up), [*upper, *up]):
        themes = tuple(replace(t, codable=t.id in codable) for t in frame.themes)
        coded = code_responses(survey, embeddings, replace(frame, themes=themes), encoder)
        given[len(codable)] = coded
    parts = []
    for level, names in (("upper", upper), ("lower", list(up))):
        alone, both = (given[n].matrix(ids, names) for n in (len(names), len(upper) + len(up)))
        told = [figures(true[level], codes) for codes in (alone, both)]
        parts += [f"{f:.3f}, {k:.3f}" for f, k in told]
        if level == "upper":
            parts.append("yes" if (alone == both).all() else "no")
    print(f"| {name} | " + " | ".join(parts) + " |", flush=True)


def facets(data: Path | None) -> None:
    """Tone of the example's sentences, its alignment and impact; tone of patients' comments."""
    encoder, (survey, _) = sentence_encoder(), load_example()
    frame, truth = load_frame("iapt_identity_system"), load_truth()
    tones = pd.read_csv(example_path().with_name("synthetic_truth.csv"), keep_default_na=False)
    tones = tones[tones["theme"] != ""]
    given = code_facets(survey, embed(survey, encoder), frame, encoder)
    value = given[given["value"] != ""]
    print("\n| facet | value | n | given | F1 | low | high | kappa | always the commonest |")
    print("|---|---|---|---|---|---|---|---|---|")
    # Role: of each theme rightly found, except on the writer's own state and on time.
    role = given[(given["facet"] == "role") & ~given["theme"].str[0].isin(["W", "T"])]
    role = role.merge(tones, on=["response_id", "theme"])
    none, common = role["value"] == "", (role["tone"] == "neg").mean()
    right = role["value"] == role["tone"].map({"neg": "barrier", "pos": "protective"})
    for name, tone in (("barrier", "neg"), ("protective", "pos")):
        line("role", name, role["tone"] == tone, role["value"] == name, role["response_id"])
    bare = role["carried"] == ""
    print(
        f"role: given to {1 - none.mean():.2f} of {len(role)}, right {right[~none].mean():.3f}, "
        f"always 'barrier' {common:.3f}; themes that carry none: given to "
        f"{1 - none[bare].mean():.2f} of {bare.sum()}, right {right[~none & bare].mean():.3f}, "
        f"always 'barrier' {(role.loc[bare, 'tone'] == 'neg').mean():.3f}"
    )
    ids = pd.Series(truth.seen["response_id"])
    spoken = {
        ("alignment", "agreement"): tones[tones["theme"] == "X1"],
        ("alignment", "conflict"): tones[tones["theme"] == "X2"],
    }
    own = tones[tones["theme"].isin(["W1", "W2", "W3"])]
    spoken |= {("impact", "worse"): own[own["tone"] == "neg"]}
    spoken |= {("impact", "better"): own[own["tone"] == "pos"]}
    for (facet, name), rows in spoken.items():
        found = value[(value["facet"] == facet) & (value["value"] == name)]["response_id"]
        line(facet, name, ids.isin(rows["response_id"]), ids.isin(found), ids)
    if data is not None:
        from sklearn.metrics import roc_auc_score

        rows = pd.read_csv(data / "nhs_fft" / "v6_multilabel.csv").dropna(subset=["text"])
        rows = rows[rows["sentiment"].isin([1, 2, 4, 5])]  # 1 is the most positive
        lean, _ = _leaning(encoder.encode(rows["text"].tolist()), frame.facets[0], encoder)
        positive = rows["sentiment"] < 3
        right = ((lean[:, 1] > lean[:, 0]) == positive).mean()
        print(
            f"patients' comments, {len(rows):,}: AUROC of protective against barrier for positive "
            f"tone {roc_auc_score(positive, lean[:, 1] - lean[:, 0]):.3f}, right {right:.3f}, "
            f"always positive {positive.mean():.3f}"
        )


def line(facet: str, name: str, truth: pd.Series, given: pd.Series, who: pd.Series) -> None:
    """Print the F1 of one value with a bootstrap interval over responses, and its kappa."""
    cells = pd.DataFrame({"t": truth.to_numpy(), "g": given.to_numpy()})
    counts = pd.DataFrame(
        {
            "a": cells["t"] & cells["g"],
            "b": cells["t"] & ~cells["g"],
            "c": ~cells["t"] & cells["g"],
            "d": ~cells["t"] & ~cells["g"],
        }
    )
    by = counts.groupby(who.to_numpy()).sum().to_numpy()
    rng = np.random.default_rng(0)
    draws = [by[rng.integers(0, len(by), len(by))].sum(axis=0) for _ in range(1000)]
    low, high = np.nanquantile([float(f1(*d[:3])) for d in draws], [0.025, 0.975])
    a, b, c, d = by.sum(axis=0)
    share = truth.mean()
    base = 2 * share / (1 + share) if share > 0.5 else 0.0
    kappa = float(cohen_kappa(table_2x2(a, b, c, d)))
    print(
        f"| {facet} | {name} | {int(truth.sum())} | {int(given.sum())} | {float(f1(a, b, c)):.2f} "
        f"| {low:.2f} | {high:.2f} | {kappa:.2f} | {base:.2f} |"
    )


def axis() -> None:
    """How far each pole's calibrated chance is from a coder's share, by tenths of the score."""
    from sklearn.metrics import roc_auc_score

    encoder, (survey, coder) = sentence_encoder(), load_example()
    frame, embeddings = load_frame("iapt_identity_system"), embed(survey, encoder)
    scores = score_themes(survey, embeddings, frame, encoder)
    codes = code_responses(survey, embeddings, frame, encoder)
    seen = coder.seen[coder.seen["response_id"].isin(survey.kept["response_id"])]
    print("\n| hand codes | pole | AUROC | mean gap |\n|---|---|---|---|")
    for n in (50, 100, 200):
        found: dict[str, list[tuple[float, float]]] = {}
        for seed in range(10):
            some = seen.sample(n, random_state=seed)
            rows = coder.table["response_id"].isin(some["response_id"])
            human = replace(coder, seen=some, table=coder.table[rows])
            table = axis_scores(scores, codes, frame, human=human).set_index("response_id")
            rest = seen.loc[~seen["response_id"].isin(some["response_id"]), "response_id"].tolist()
            true = pole_codes(coder, frame)
            for y, pole in zip(true.matrix(rest).T, true.themes, strict=True):
                chance = table.loc[rest, f"{pole}_predicted_probability"].to_numpy()
                tenth = chance.argsort().argsort() * 10 // len(chance)
                gap = [abs((chance - y)[tenth == k].mean()) for k in range(10)]
                found.setdefault(pole, []).append((roc_auc_score(y, chance), float(np.mean(gap))))
        for pole, values in found.items():
            mean = np.mean(values, axis=0)
            print(f"| {n} | {pole} | {mean[0]:.2f} | {mean[1]:.3f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    data = parser.parse_args().data
    print("| data, frame | n | themes | one: F1 | kappa | right | codes: F1 | kappa | none |  |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    survey, _ = load_example()
    frame, truth = load_frame("iapt_identity_system"), load_truth()
    ids, themes = truth.seen["response_id"].tolist(), [t.id for t in frame.codable]
    cells = pd.DataFrame(truth.matrix(ids, themes), index=ids, columns=themes)
    run("bundled example (synthetic)", survey, cells, frame)
    if data is None:
        print("No --data: the public data sets are left out.")
    else:
        nhs(data / "nhs_fft")
        clinc(data / "clinc150")
    levels(data)
    facets(data)
    axis()


if __name__ == "__main__":
    main()
