"""The Method section of a paper, as this run did it, with its sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from iapt_topics._base.status import CORRECTED, SAMPLED, UNCHECKED
from iapt_topics._base.text import clean
from iapt_topics.report import format as form
from iapt_topics.report.apa import blank
from iapt_topics.report.sections import excluded

if TYPE_CHECKING:
    from iapt_topics.publish.published import Version

#: How the coders of this library work, by name; of another, only its people know.
_HOW = {
    "machine": "The machine applied themes sentence by sentence, by how near a sentence is to the "
    "wording of the codebook in meaning and in words; no hand-coded response taught it, and a "
    "response has the themes of its sentences.",
    "machine, taught": "The machine learned from hand-coded responses and the wording of the "
    "codebook, and applied themes sentence by sentence; no model was measured by what taught it.",
}
#: What the design of a comparison has where nobody said.
_UNSTATED = "not stated"
_ASKED = {
    "sampling": "how the hand-coded responses were drawn",
    "blinding": "whether coders were blind to the machine's codes",
    "codebook": "whether the codebook was fixed before coding",
}
#: Sources by how the text cites them; those that it cites are listed.
REFERENCES = {
    "Benjamini & Hochberg, 1995": "Benjamini, Y., & Hochberg, Y. (1995). Controlling the false "
    "discovery rate: A practical and powerful approach to multiple testing. Journal of the Royal "
    "Statistical Society: Series B, 57(1), 289–300.",
    "Brown et al., 2001": "Brown, L. D., Cai, T. T., & DasGupta, A. (2001). Interval estimation "
    "for a binomial proportion. Statistical Science, 16(2), 101–133.",
    "Campello et al., 2013": "Campello, R. J. G. B., Moulavi, D., & Sander, J. (2013). "
    "Density-based clustering based on hierarchical density estimates. In Advances in Knowledge "
    "Discovery and Data Mining (pp. 160–172). Springer.",
    "Cohen, 1960": "Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational "
    "and Psychological Measurement, 20(1), 37–46.",
    "Efron & Tibshirani, 1993": "Efron, B., & Tibshirani, R. J. (1993). An introduction to the "
    "bootstrap. Chapman & Hall.",
    "Grootendorst, 2022": "Grootendorst, M. (2022). BERTopic: Neural topic modeling with a "
    "class-based TF-IDF procedure. arXiv:2203.05794.",
    "Krippendorff, 2019": "Krippendorff, K. (2019). Content analysis: An introduction to its "
    "methodology (4th ed.). SAGE.",
    "Likas et al., 2003": "Likas, A., Vlassis, N., & Verbeek, J. J. (2003). The global k-means "
    "clustering algorithm. Pattern Recognition, 36(2), 451–461.",
    "McInnes et al., 2018": "McInnes, L., Healy, J., & Melville, J. (2018). UMAP: Uniform manifold "
    "approximation and projection for dimension reduction. arXiv:1802.03426.",
    "Newcombe, 1998": "Newcombe, R. G. (1998). Interval estimation for the difference between "
    "independent proportions: Comparison of eleven methods. Statistics in Medicine, 17(8), "
    "873–890.",
    "O'Brien et al., 2014": "O'Brien, B. C., Harris, I. B., Beckman, T. J., Reed, D. A., & Cook, "
    "D. A. (2014). Standards for reporting qualitative research: A synthesis of recommendations. "
    "Academic Medicine, 89(9), 1245–1251.",
    "Passonneau, 2006": "Passonneau, R. (2006). Measuring agreement on set-valued items (MASI) for "
    "semantic and pragmatic annotation. In Proceedings of LREC 2006.",
    "Rao & Scott, 1992": "Rao, J. N. K., & Scott, A. J. (1992). A simple method for the analysis "
    "of clustered binary data. Biometrics, 48(2), 577–585.",
    "Reimers & Gurevych, 2019": "Reimers, N., & Gurevych, I. (2019). Sentence-BERT: Sentence "
    "embeddings using Siamese BERT-networks. In Proceedings of EMNLP-IJCNLP 2019 (pp. 3982–3992).",
    "Tenenbein, 1970": "Tenenbein, A. (1970). A double sampling scheme for estimating from "
    "binomial data with misclassifications. Journal of the American Statistical Association, "
    "65(331), 1350–1361.",
    "Tong et al., 2007": "Tong, A., Sainsbury, P., & Craig, J. (2007). Consolidated criteria for "
    "reporting qualitative research (COREQ): A 32-item checklist for interviews and focus groups. "
    "International Journal for Quality in Health Care, 19(6), 349–357.",
    "Wilson, 1927": "Wilson, E. B. (1927). Probable inference, the law of succession, and "
    "statistical inference. Journal of the American Statistical Association, 22(158), 209–212.",
    "Zou & Donner, 2008": "Zou, G. Y., & Donner, A. (2008). Construction of confidence limits "
    "about effect measures: A general approach. Statistics in Medicine, 27(10), 1693–1702.",
}


def method(version: Version, refer: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Paragraphs of the Method section by their heading; ``refer`` names the paper's tables."""
    return {
        "Design and data": (*_data(version, refer), blank("setting, invitation, response rate")),
        "Ethics": (blank("approvals, consent and how the data are held"),),
        "Codebook": (_codebook(version),),
        "Machine coding": (_coding(version),),
        "Topics": (_topics(version),),
        "Human coding and agreement": _human(version),
        "Prevalence and change": _change(version),
        "Disclosure control": (version.disclosure.sentence,),
        "Software": (software(version),),
    }


def sample(version: Version) -> str:
    """How many responses were analysed, of how many rows and respondents."""
    totals = version.tables["ledger_totals"].set_index("status")["n"]
    kept, read, people = (
        "a suppressed number of" if count == form.SUPPRESSED_CELL else count
        for count in (form.count(totals.get(s)) for s in ("kept", "read", "people"))
    )
    return f"{_capital(kept)} of {read} rows were analysed, from {people} respondents"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _data(version: Version, refer: Mapping[str, str]) -> tuple[str, ...]:
    about = version.about
    bases = version.tables["drift_shares"].groupby("year")["n"].max()
    by_wave = "; ".join(f"{version.wave(y)}: n = {form.count(bases.get(y))}" for y in about.years)
    totals = version.tables["ledger_totals"].set_index("status")["n"].to_dict()
    out = excluded(totals)
    rows = f" Rows left out were: {', '.join(out)}." if out else " No row was left out."
    asked = "; ".join(f"“{clean(q)}”" for q in about.questions)
    question = f"Respondents were asked: {asked}" if asked else blank("wording of the question")
    made_up = "The data are SYNTHETIC: they were invented to test the software. "
    more = [
        "Prevalence carries survey weights." if about.weighted else "",
        "Some respondents answered in several waves; intervals and tests allow for it."
        if about.panel
        else "",
    ]
    text = (
        f"{made_up if about.synthetic else ''}{sample(version)}, in {_waves(version)} "
        f"({by_wave}; {refer['rows']}).{rows} Rules, not people, found non-answers and copies. "
        f"Counts are rounded, so they may not sum to totals. {' '.join(m for m in more if m)}"
    ).strip()
    return text, question


def _waves(version: Version) -> str:
    n = len(version.about.years)
    return "one wave" if n == 1 else f"{n} waves"


def _codebook(version: Version) -> str:
    frame = version.tables["frame"]
    codable = frame[frame["codable"]]
    about = version.about
    note = clean(about.frame_note).strip()
    return (
        f"Themes were those of the codebook “{clean(about.frame)}” ({clean(about.frame_version)}): "
        f"{len(codable)} themes in {codable['domain'].nunique()} domains. {note} "
        + blank("who wrote the codebook, from what, and when it was fixed")
    )


def _coding(version: Version) -> str:
    about = version.about
    model = clean(about.versions.get("encoder", "")) or blank("sentence model")
    vectors = (
        f"Each sentence was turned into a vector by the sentence model {model} (Reimers & "
        "Gurevych, 2019); a response is the mean of its sentences."
    )
    if about.coder_kind == "human":
        return f"{vectors} Themes were coded by {clean(about.coder)}, a person."
    unknown = f"Themes were coded by {clean(about.coder)}. {blank('how this coder works')}"
    return f"{vectors} {_HOW.get(about.coder, unknown)}"


def _topics(version: Version) -> str:
    about, resolution = version.about, version.tables["topic_resolution"]
    few = resolution["note"].astype(str).str.contains("Ward clusters").any()
    runs = (
        f"{about.n_runs} runs of Ward's clustering (there were too few responses for a density)"
        if few
        else f"{about.n_runs} runs of UMAP (McInnes et al., 2018) and HDBSCAN (Campello et al., "
        "2013), the parts of BERTopic (Grootendorst, 2022), each on a bootstrap of the respondents"
    )
    if about.config.model is not None:
        runs = f"{about.n_runs} runs of {clean(about.config.model)}"
    settings = dict(about.settings)
    asked = settings["Number of topics requested"]
    number = (
        "how well the topics of other respondents agree with them"
        if about.config.n_topics is None
        else f"request ({asked})"
    )
    weight = clean(about.versions.get("wording_weight", ""))
    wording = f" and (with a weight of {weight}) in wording" if float(weight or 0) else ""
    sampled = ""
    if SAMPLED in settings:
        sampled = (
            f"Topics, and the scale of the scores of themes, were fitted to {settings[SAMPLED]}; "
            "every other response was placed on the topic with the nearest centroid. "
        )
    return (
        "Topics were grown one centre at a time (Likas et al., 2003) over the responses' vectors, "
        f"each averaged with those of its neighbours in meaning{wording}; "
        f"their number was set by {number}. How far each can be relied on was read from {runs} "
        f"(seed {about.config.seed}). A topic was matched with the themes that its responses are "
        f"much nearer to than other responses are. {sampled}Topics describe the survey; prevalence "
        "and change are of themes."
    )


def _human(version: Version) -> tuple[str, ...]:
    tables = version.tables
    if "agreement_overall" not in tables:
        return (
            "No response was coded by people, so the machine's codes were not checked. "
            + blank("how the coding was checked, or that it was not"),
        )
    one, two = (clean(c) for c in version.about.coders["agreement"])
    told = [f"The machine's codes ({two}) were compared with those of {one}, a person"]
    if "people" in version.about.coders and "people_overall" in tables:
        pair = " and ".join(clean(c) for c in version.about.coders["people"])
        told.append(f", and, as a benchmark, those of two people ({pair}) with each other")
    design = tables["agreement_design"].set_index("part")["value"].to_dict()
    stated = [
        f"{part.capitalize()}: {clean(design[part])}."
        if clean(design.get(part, _UNSTATED)) != _UNSTATED
        else blank(words)
        for part, words in _ASKED.items()
    ]
    measures = (
        "Agreement over all themes is Krippendorff's alpha (Krippendorff, 2019) with MASI "
        "(Passonneau, 2006) and Jaccard distances between the sets of themes, and F1; by theme, "
        "precision, recall, F1 and Cohen's kappa (Cohen, 1960). Intervals are over respondents "
        "(Efron & Tibshirani, 1993)."
    )
    who = blank("who coded, their training, and how disagreements were settled")
    return f"{''.join(told)}. {' '.join(stated)} {who}", measures


def _change(version: Version) -> tuple[str, ...]:
    tables, baseline = version.tables, version.wave(version.about.baseline)
    shares = (
        "Prevalence is the share of coded responses with a theme. Its 95% interval is Wilson's "
        "(Wilson, 1927) or, where respondents gave several responses or responses are weighted, "
        "Jeffreys' (Brown et al., 2001), with one design effect for each theme and wave (Rao & "
        "Scott, 1992)."
    )
    changes = tables["drift_changes"]
    if changes.empty:
        return (shares,)
    family = changes.loc[changes["kind"] == "baseline", "family"].dropna()
    of = f" over one family ({clean(family.iloc[0])})" if len(family) else ""
    tests = (
        f"Changes are against {baseline}, with intervals by the square-and-add rule (Newcombe, "
        "1998; Zou & Donner, 2008). p values are of score tests, two-sided, adjusted for multiple "
        f"testing{of} (Benjamini & Hochberg, 1995); an adjusted p < .05 is reported as significant."
    )
    checked = changes["checked"]
    more = []
    if (checked == CORRECTED).any():
        more.append(
            "Where people had coded a random sample, prevalence and change were corrected by their "
            "codes (double sampling; Tenenbein, 1970)."
        )
    if (checked == UNCHECKED).any():
        more.append(
            "A machine's error can differ between waves. So a change that human codes of a random "
            "sample do not back is called not checked, and not reported as found."
        )
    if "standardised_changes" in tables:
        more.append(
            "Changes were also estimated at a fixed respondent mix (direct standardisation). "
            + blank("the characteristics that were held fixed, and why")
        )
    return shares, " ".join([tests, *more])


def software(version: Version) -> str:
    """The programs that decide the result, with their versions."""
    versions = {clean(k): clean(v) for k, v in version.about.versions.items()}
    own = versions.pop("iapt-topics", "")
    model, weights = versions.pop("encoder", ""), versions.pop("weights", "")
    versions.pop("wording_weight", "")  # a setting that the survey gives, told with the topics
    others = ", ".join(f"{k} {v}" for k, v in sorted(versions.items()))
    said = f"Analyses used iapt-topics {own} (The iapt_topics developers), with {others}"
    if model:
        said += f", and the sentence model {model}"
        said += f" (SHA-256 of its files: {weights})" if weights else ""
    return f"{said}."


def cited(texts: list[str]) -> list[str]:
    """References that the texts cite, in alphabetical order."""
    whole = " ".join(texts)
    return [
        reference
        for key, reference in sorted(REFERENCES.items())
        if key in whole or key.replace(", ", " (") in whole
    ]
