"""Measure a survey in partitions: python examples/08_scaling_with_dask.py [FOLDER [SCHEDULER]]."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd

import iapt_topics as it

PARTITIONS = 4


def write_partitions(folder: Path) -> Path:
    """Write the SYNTHETIC survey as Parquet files, each respondent in one of them."""
    folder.mkdir(parents=True, exist_ok=True)
    survey = it.load_example()[0].table[["response_id", "respondent_id", "year", "text", "role"]]
    part = pd.util.hash_array(survey["respondent_id"].to_numpy(object)) % PARTITIONS
    for number in range(PARTITIONS):
        survey[part == number].to_parquet(folder / f"part-{number}.parquet", index=False)
    return folder


def main(folder: Path, scheduler: str | None) -> None:
    """Code the partitions on this machine's cores, or on the cluster of the scheduler's address."""
    study = it.scale.scale_study(
        write_partitions(folder / "survey"),
        it.load_frame("iapt_identity_system"),
        it.sentence_encoder(),
        folder / "results",
        cluster=scheduler,
        sample=1_000,  # of about 1,500; keep the default of 20,000 for real work
        config=it.TopicConfig(n_runs=4),
        covariates=["role"],
        on_event=print,
    )
    print(study.ledger[study.ledger["n"] > 0].to_string(index=False))
    print(study.partitions[["partition", "found", "seconds"]].to_string(index=False))
    linear = study.drift.trends.query("test == 'linear'").nsmallest(3, "p")
    print(linear[["theme", "estimate", "low", "high", "p_bh"]].to_string(index=False))
    coded = pd.read_parquet(study.partitions["file"].iloc[0])
    print(f"{len(coded)} SYNTHETIC responses in the first file, with columns {[*coded][:9]} ...")
    whole = it.scale.collect_study(study)
    whole = replace(whole, responses=replace(whole.responses, synthetic=True))  # reports say so
    it.write_report(folder / "results" / "private.html", it.publish.keep_private(whole))
    it.write_report(folder / "results" / "public.html", it.publish.publish(whole))


if __name__ == "__main__":  # workers are processes of their own, and load this file again
    given = sys.argv[1:]
    main(Path(given[0] if given else "scaled"), given[1] if len(given) > 1 else None)
