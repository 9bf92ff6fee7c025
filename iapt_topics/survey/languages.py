"""Texts in another language than the encoder reads, by the detector lingua (an extra)."""

from __future__ import annotations

from collections.abc import Sequence

from iapt_topics._base.errors import InputError, suggestion

#: Shorter texts have too few letters to tell by, and are taken to be in the survey's language.
_LEAST_LETTERS = 25
#: But Welsh beside English is told in fewer: between these two alone, at this confidence.
_LEAST_WELSH, _SURE_WELSH = 6, 0.9
#: The detector's confidence in another language, and how little is left for the survey's own.
_SURE, _UNLIKELY = 0.8, 0.05


def other_languages(texts: Sequence[str], language: str) -> list[str]:
    """Name the language of each text that is surely not in ``language``.

    Parameters
    ----------
    texts : sequence of str
    language : str
        ISO 639-1 code, such as "en".

    Returns
    -------
    list of str
        ISO 639-1 code in small letters; "" for a text that may well be in ``language``, and for
        one of fewer than 25 letters, but for Welsh in a survey in English, which is told from 6
        letters on.

    Raises
    ------
    InputError
        If the detector is not installed or does not know the language.
    """
    try:
        from lingua import IsoCode639_1, LanguageDetectorBuilder
    except ImportError:
        do = "Install it with: pip install 'iapt-topics[language]'"
        raise InputError("language", "needs the package lingua", "none installed", do) from None
    # Members of the enumeration, which is not a Python one.
    known = {n.lower(): getattr(IsoCode639_1, n) for n in dir(IsoCode639_1) if len(n) == 2}
    own = known.get(language.casefold()) if isinstance(language, str) else None
    if own is None:
        use = f"{suggestion(str(language), known)}Use a code such as 'en'."
        raise InputError("language", "must be an ISO 639-1 code", repr(language), use)
    detector = LanguageDetectorBuilder.from_all_languages().build()
    short = None
    if language.casefold() == "en":
        pair = (own, IsoCode639_1.CY)
        short = LanguageDetectorBuilder.from_iso_codes_639_1(*pair).build()
    found = []
    for text in texts:
        name = ""
        letters = sum(c.isalpha() for c in text[:200])
        if short is not None and _LEAST_WELSH <= letters < _LEAST_LETTERS:
            best = short.compute_language_confidence_values(text)[0]
            if best.language.iso_code_639_1 == IsoCode639_1.CY and best.value >= _SURE_WELSH:
                name = "cy"
        if letters >= _LEAST_LETTERS:
            ranked = detector.compute_language_confidence_values(text[:300])
            best = ranked[0]
            left = next(r.value for r in ranked if r.language.iso_code_639_1 == own)
            if best.value >= _SURE and left <= _UNLIKELY:
                name = best.language.iso_code_639_1.name.lower()
        found.append(name)
    return found
