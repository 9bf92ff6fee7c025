"""Put faults into the code, one at a time, and count how many of them the tests find.

    python benchmarks/seeded_faults.py            # all of them
    python benchmarks/seeded_faults.py stats/     # those whose file has this in its name
    python benchmarks/seeded_faults.py --share .5 # about half of them, drawn at random

Each fault is a small slip that would give wrong numbers: a sign, a bound, an off-by-one, a missing
term. The package is copied, one line of the copy is changed, and the tests named beside the file
are run on it: the quick ones, and the slow ones if those pass. A fault that all pass is a survivor.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: File, tests, and the faults: the text that is replaced (it must be there once, as a test of the
#: project checks) and what by.
FAULTS: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]], ...] = (
    (
        "stats/set_agreement.py",
        ("stats/test_agreement_measures.py",),
        (
            ("ratio(po - pe,", "ratio(po - pe * pe,"),
            ("union = a + b - common", "union = a + b"),
            ("np.where(union == 0, 1.0,", "np.where(union == 0, 0.0,"),
            ("[1.0, 2 / 3, 1 / 3]", "[1.0, 1 / 3, 2 / 3]"),
            # Another weight of disjoint sets would change nothing: it meets a Jaccard index of 0.
            ("common == np.minimum(a, b)", "common == np.maximum(a, b)"),
            ("same = (common == a) & (common == b)", "same = (common == a) | (common == b)"),
            ("values = 2 * len(x)", "values = len(x)"),
            ("ratio(pairs, values * (values - 1))", "ratio(pairs, values * values)"),
            ("pairs += 2 * np.bincount(own[here]", "pairs += np.bincount(own[here]"),
            ("np.where(size == 0, 1.0,", "np.where(size == 0, 0.0,"),
            ("ratio(2 * (x & y).sum(axis=1), size)", "ratio(2 * (x | y).sum(axis=1), size)"),
            ("ratio(2 * (x & y).sum(), x.sum()", "ratio((x & y).sum(), x.sum()"),
            ("float(mean_defined(each))", "float(np.nan_to_num(each).mean())"),
            ("room) < 1e-12, 0.0", "room) < -1.0, 0.0"),
        ),
    ),
    (
        "stats/agreement.py",
        ("stats/test_agreement_measures.py",),
        (
            ("(rows * columns).sum(axis=-1))", "(rows * rows).sum(axis=-1))"),
            ("(((rows + columns) / 2) ** 2).sum", "((rows + columns) / 2).sum"),
            ("(pooled * (1 - pooled)).sum(axis=-1), k - 1", "(pooled * (1 - pooled)).sum(axis=-1), k"),
            ("corrected(agreed, 1 / rows.shape[-1])", "corrected(agreed, 0.25)"),
            ("* values, values - 1)", "* values, values)"),
            ("values = 2 * n", "values = n"),
            ("return precision(a, b)", "return precision(b, a)"),
            ("return f1(d, b, c)", "return f1(d, b, b)"),
            ("at[: len(x)] * k + at[len(x) :]", "at[len(x) :] * k + at[: len(x)]"),
            ("np.any(counts < 0)", "np.all(counts < 0)"),
            ("twice = 2 * np.asarray(a, float)", "twice = np.asarray(a, float)"),
        ),
    ),
    (
        "agreement/theme_matching.py",
        ("agreement/test_agreement.py",),
        (
            ("x.sum(axis=0) - both, y.sum(axis=0) - both", "y.sum(axis=0) - both, x.sum(axis=0) - both"),
            ("len(x) - both - only_x - only_y", "len(x) - both - only_x"),
        ),
    ),
    (
        "agreement/tables.py",
        ("agreement/test_agreement.py",),
        (
            ("wide = x.sum(axis=0) >= MIN_POSITIVES", "wide = y.sum(axis=0) >= MIN_POSITIVES"),
            ("wide = x.sum(axis=0) >= MIN_POSITIVES", "wide = x.sum(axis=0) > MIN_POSITIVES"),
            ("z = y[rng.permutation(len(y))]", "z = y"),
            ("few = np.minimum(first, second) < MIN_POSITIVES", "few = first < MIN_POSITIVES"),
            ('"share_other": second / n', '"share_other": first / n'),
            ("(~x.any(axis=1) & ~y.any(axis=1))", "(~x.any(axis=1) | ~y.any(axis=1))"),
            ("whole - np.add.reduceat(values[order], first)", "whole - np.add.reduceat(values, first)"),
        ),
    ),
    (
        "stats/share_model.py",
        ("drift/test_drift.py", "drift/test_drift_trends.py"),
        (
            ("v = weight * np.where(weight > 0, side, other)", "v = weight * side"),
            ("np.asarray(erfc(z / np.sqrt(2)), float)", "np.asarray(erfc(z / np.sqrt(2)) / 2, float)"),
            ("chdtrc(df, size)", "chdtrc(df + 1, size)"),
            ("size * rest / (df * (self.people - 1))", "size / df"),
            ("sampling = self._form(c[:, None] * self._pooled_sd(c != 0)", "sampling = self._form(c[:, None] * self._pooled_sd(c == c)"),
            ("/ n**2", "/ n"),
            ("people / np.maximum(people - 1, 1)", "people / people"),
            ("np.maximum(ratio, 1.0))", "ratio)"),
            ("effective = n / ratio", "effective = n + 0 * ratio"),
            ("np.fill_diagonal(correlation[t], 1.0)", "np.fill_diagonal(correlation[t], 0.5)"),
            ("correlation[t] = cross * (1 - 1 / (len(who) + 1))", "correlation[t] = -cross"),
            ("spread.append(np.sqrt(self._form(v, self.correlation) + more))", "spread.append(np.sqrt(self._form(v, self.correlation)))"),
            ("estimate - spread[0], estimate + spread[1]", "estimate - spread[1], estimate + spread[0]"),
            ("more = np.diagonal(self.extra, axis1=1, axis2=2).T * normal_quantile() ** 2", "more = np.diagonal(self.extra, axis1=1, axis2=2).T"),
            ("np.where(size <= 1 - pooled, size, np.nan)", "np.where(size <= 1 - pooled, 2 * size, np.nan)"),
        ),
    ),
    (
        "drift/trends.py",
        ("drift/test_drift.py", "drift/test_drift_trends.py"),
        (
            ("slope = contrasts[0] / (years[-1] - years[0])", "slope = contrasts[0]"),
            ("(1 + above) / (1 + N_DRAWS)", "above / (2 * N_DRAWS)"),
            ("if p_bh < 0.05:\n", "if p_bh < 0.5:\n"),
            ("at = a + int(which[t]) + 1", "at = a + int(which[t])"),
            ("np.sort(np.abs(noise @ turn.T).max(axis=1))", "np.sort((noise @ turn.T).max(axis=1))"),
            ("model.share.max(axis=0) - model.share.min(axis=0)", "model.share[-1] - model.share[0]"),
        ),
    ),
    (
        "drift/distances.py",
        ("drift/test_drift.py", "drift/test_drift_trends.py"),
        (
            ("total - to_a, 0, None", "total, 0, None"),
            ("np.nanquantile(null, 0.95)", "np.nanquantile(null, 0.5)"),
            ("(1 + (null >= estimate - 1e-9).sum())", "(1 + (null <= estimate - 1e-9).sum())"),
            ("w_b @ one_b + w_both @ two_b", "w_b @ one_b"),
        ),
    ),
    (
        "drift/prevalence.py",
        ("drift/test_prevalence.py",),
        (
            ("share[rest], steady[rest] = mean, pooled", "steady[rest] = pooled"),
            ("rest = ~domain.certain & (said == kind)", "rest = said == kind"),
            ("error[member] = y[member] - mean", "error[member] = y[member]"),
            ("/ design_effect(error, weight, domain.person, few) / ratio", "/ design_effect(error, weight, domain.person, few)"),
            ("return whole * (rate - float(low)), whole * (float(high) - rate)", "return rate - float(low), float(high) - rate"),
            ("y &= sample.by_hand", "y |= sample.by_hand"),
            ("far = np.abs(gap) > _ODD * np.sqrt(variance)", "far = np.abs(gap) > 40 * np.sqrt(variance)"),
            ("kish_size(domain.design[s.member]) / effect", "4 * kish_size(domain.design[s.member])"),
        ),
    ),
    (
        "drift/recurring.py",
        ("drift/test_panel.py",),
        (
            ("weight * (expected - mean[year]) + design", "weight * (expected - mean[year]) + 0 * design"),
            ("expected = np.where(sample.certain, y, rate)", "expected = f"),
        ),
    ),
    (
        "mapping/learning.py",
        ("mapping/test_learning.py",),
        (
            ("self.without(own & crossed, seed)", "self.without(own & False, seed)"),
            ("frozenset(coded) - machine.trained_on", "frozenset(coded)"),
        ),
    ),
    (
        "codes/hand_sample.py",
        ("codes/test_hand_sample.py", "drift/test_prevalence.py"),
        (
            ("human.picked | machine.unmeasured | human.unmeasured", "human.picked"),
            ("weight[drawn] / self.probability[drawn]", "weight[drawn]"),
            ("~(by_hand & apart)", "~by_hand"),
        ),
    ),
    (
        "study/tables.py",
        ("publish/test_disclosure.py", "publish/test_publish.py"),
        (
            ("return both - one.unmeasured - two.unmeasured", "return both - one.trained_on"),
        ),
    ),
    (
        "study/derived.py",
        ("publish/test_disclosure.py", "publish/test_publish.py"),
        (
            ('one["low"], two["high"] - two["estimate"])', 'one["low"], two["estimate"] - two["low"])'),
        ),
    ),
    (
        "publish/disclosure.py",
        ("publish/test_disclosure.py", "publish/test_publish.py"),
        (
            ("return 0 < respondents < self.min_cell", "return 0 < respondents <= self.min_cell"),
            ("return 0 < respondents < self.min_base", "return 0 < respondents <= self.min_base"),
            ("int((count + self.round_to / 2)", "int(count"),
            ("users[word].add(person)", "users[word].add(text)"),
            ("str(text).lower()", "str(text)"),
            ("len(set.intersection(*sets)) >= least", "len(set.union(*sets)) >= least"),
            ("len(set.intersection(*sets)) >= least", "len(set.intersection(*sets)) > least"),
        ),
    ),
    (
        "publish/suppression.py",
        ("publish/test_disclosure.py", "publish/test_publish.py"),
        (
            ("if 0 < len(c.people) < protection", "if 0 < c.count < protection"),
            ("len(hidden) < 2 or len(behind) < max(", "len(hidden) < 2 or 1 > max("),
            ("len(hidden) < 2 or len(behind) < max(", "len(behind) < max("),
            ("high - low < width - 1e-6", "high - low < 1 - 1e-6"),
            ("return 0, self.protection.few[key]", "return 0, np.inf"),
            ("table.hide(min(more,", "table.hide(max(more,"),
            ("self.protected.add(key)", "pass"),
            ("return table.hidden - table.unseen", "return table.hidden"),
            ("low = 0 if key in self.unseen or not self.cells[key].count else 1", "low = 0"),
            ("return low, self.most.get(key, np.inf)", "return low, np.inf"),
            ("most, rest - sum(lo for lo, _ in others)", "high, rest + len(others)"),
            ("max(least, rest - sum(h for _, h in others))", "least"),
            ("for k in (total, *parts) if k in self.hidden}", "for k in (total, *parts) if k is key}"),
            ("right[i] -= sign * self", "right[i] += sign * self"),
            ("for sign in (1, -1):", "for sign in (1, 1):"),
            ("if p in self.hidden and (self.cells[p].count or p in few)]", "if p in self.hidden]"),
        ),
    ),
    (
        "publish/counts.py",
        ("publish/test_disclosure.py", "publish/test_publish.py", "publish/test_publish_attack.py"),
        (
            ('("base", year), ids - seen_ids)', '("base", year), [])'),
            ('self.most["theme", theme, year] = len(ids)', 'self.most["theme", theme, year] = 10**9'),
            ('self._sum(("base", year), [("class", n, year) for n in poles.themes])', "pass"),
            ("if len(members) == 1:", "if len(members) == 0:"),
            ("parts = [k for k in self.cells if isinstance(k, tuple) and k[0] == \"topic\"]", "parts = []"),
            ("self._split(other, key, others - ids)", "self._split(other, key, others & ids)"),
        ),
    ),
    (
        "publish/cells.py",
        ("publish/test_disclosure.py", "publish/test_publish.py"),
        (
            ("mask(p < 0.001, SMALLEST_P)", "mask(p < 0.001, 0.0)"),
            ("if base in self.suppressed:", "if False:"),
            ("if cell is None or (key in self.suppressed and not self.is_few(key)):", "if cell is None:"),
            ("len(self.counts.cells[key].people) < self.rule", "self.counts.cells[key].count < self.rule"),
            ("if of.count < rule.percent_base:", "if of.count < 1:"),
            ("share = count / n if n else np.nan", "share = cell.count / of.count"),
            ("min(self.count(key), n)", "cell.count"),
            ("share_limits(share, n / effect, one_each)", "share_limits(share, n, one_each)"),
        ),
    ),
    (
        "publish/of_drift.py",
        ("publish/test_disclosure.py", "publish/test_publish.py"),
        (
            ("years.shown[a] & years.shown[b]", "years.shown[a] | years.shown[b]"),
            ("np.ceil(((1 - part", "np.floor(((1 - part"),
        ),
    ),
    (
        "publish/of_topics.py",
        ("publish/test_disclosure.py", "publish/test_publish.py"),
        (
            ("if topic >= 0 and len(common_words(parts, users, least)) < len(parts):", "if False:"),
            ('"label": "" if small else label', '"label": label'),
        ),
    ),
    (
        "publish/of_agreement.py",
        ("publish/test_disclosure.py", "publish/test_publish.py"),
        (
            ("[any((name, side, t) in cells.suppressed", "[all((name, side, t) in cells.suppressed"),
            ("suppressed |= few", "suppressed |= False"),
            ('rows["share_other"] - rows["share_reference"]', 'rows["share_reference"] - rows["share_other"]'),
        ),
    ),
    (
        "publish/of_survey.py",
        ("publish/test_disclosure.py", "publish/test_publish.py"),
        (
            ("cells.count(key) if known else cells.rule.rounded(n)", "n"),
        ),
    ),
)  # fmt: skip
LONGEST = 300  # seconds of computing, which a busy machine does not make more
#: Loaded once, before the copies, so that each fault costs its tests alone.
HEAVY = ("numpy", "pandas", "scipy.stats", "scipy.special", "sklearn.metrics")


def found(copy: Path, tests: tuple[str, ...]) -> str:
    """Which tests fail on the copy, the quick ones or else the slow ones; empty if none does."""
    return next((m for m in ("not slow", "slow") if fails(copy, tests, m)), "")


def fails(copy: Path, tests: tuple[str, ...], marked: str) -> bool:
    """Whether the tests fail on the copy, in a child that starts with the libraries loaded."""
    child = os.fork()
    if child == 0:
        # A fault may make a loop without end; that counts as found.
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        sys.path.insert(0, str(copy))
        sys.dont_write_bytecode = True
        os.chdir(copy)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        pytest = importlib.import_module("pytest")
        words = ["-x", "-q", "-m", marked, "-p", "no:cacheprovider", "-p", "no:randomly"]
        code = pytest.main([*words, *(f"tests/{t}" for t in tests)])
        os._exit(int(code not in (0, 5)))  # 5: none has the mark
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended == -signal.SIGPROF:
        print(f"  one ran for {LONGEST} s and was stopped: found", flush=True)
    return ended != 0


def main(part: str, share: float, seed: int) -> None:
    for name in HEAVY:
        importlib.import_module(name)
    killed = late = total = 0
    draw, sound = random.Random(seed), set[tuple[str, ...]]()
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        skip = shutil.ignore_patterns("__pycache__", ".git", ".venv", "*.part")
        for name in ("iapt_topics", "tests", "pyproject.toml"):
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=skip)
            else:
                shutil.copy(ROOT / name, copy / name)
        for name, tests, faults in FAULTS:
            faults = tuple(fault for fault in faults if draw.random() < share)
            if part not in name or not faults:
                continue
            path = copy / "iapt_topics" / name
            whole = path.read_text("utf-8")
            if tests not in sound and found(copy, tests):
                raise SystemExit(f"{', '.join(tests)} fail without a fault")
            sound.add(tests)
            here = 0
            for old, new in faults:
                if whole.count(old) != 1:
                    raise SystemExit(f"{name}: {old!r} is there {whole.count(old)} times")
                path.write_text(whole.replace(old, new), "utf-8")
                if by := found(copy, tests):
                    here += 1
                    late += by == "slow"
                else:
                    print(f"  survives in {name}: {old!r} -> {new!r}", flush=True)
            path.write_text(whole, "utf-8")
            print(f"{name}: {here} of {len(faults)} found", flush=True)
            killed, total = killed + here, total + len(faults)
    if not total:
        raise SystemExit(f"no file with faults has {part!r} in its name")
    print(
        f"{killed} of {total} faults found ({killed / total:.0%}), {late} of them by slow tests alone"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="?", default="", help="part of the name of a file")
    parser.add_argument("--share", type=float, default=1.0, help="of the faults, drawn at random")
    parser.add_argument("--seed", type=int, default=7)
    main(**vars(parser.parse_args()))
