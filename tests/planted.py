"""Made-up identifiers in many forms, from the public rules of their kinds and not from patterns."""

from __future__ import annotations

import random

CARRIERS = (
    "Please ask {} about it",
    "It was {}.",
    "I was told ({}) and nothing changed",
    "{}, who never replied",
    "see {}; then wait",
    "as agreed\n{}\nthanks",
    'they wrote "{}" on the board',
    "contact: {}",
    "{} is what I was given",
    "was it {}?",
)
SURNAMES = (
    "Okafor", "Smith", "McDonald", "O'Neill", "Patel", "Jones-Evans", "Brown", "Nguyen", "D'Souza",
    "Fitzgerald", "Singh", "Ahmed", "Wr\u00f3blewska", "Garc\u00eda", "Cole", "Li", "St\u00f6hr",
)  # fmt: skip
FIRST = ("Ann", "Mohammed", "Priya", "Se\u00e1n", "Jo", "Chidi", "Lucy", "\u00c9lodie", "T", "J.")
WORDS = ("elm", "oak", "care", "team", "north", "well", "lodge", "mind", "talk", "hub", "park")
MONTHS = ("January", "Feb", "March", "April", "May", "June", "July", "Aug", "Sept", "October",
          "Nov", "December")  # fmt: skip


def _digits(rng: random.Random, form: str) -> str:
    return "".join(str(rng.randrange(10)) if c == "9" else c for c in form)


def _email(rng: random.Random) -> str:
    local = rng.choice(
        ["{a}.{b}", "{a}{n}", "{a}_{b}", "{A}.{B}", "{a}-{b}{n}", "{a}+{b}", "{b}"]
    ).format(a=rng.choice(WORDS), b=rng.choice(WORDS), n=rng.randrange(99),
             A=rng.choice(WORDS).title(), B=rng.choice(WORDS).title())  # fmt: skip
    host = rng.choice(WORDS) + rng.choice(["", "-" + rng.choice(WORDS)])
    ends = ["nhs.uk", "nhs.net", "com", "co.uk", "ac.uk", "org", "gov.uk", "info", "example"]
    return f"{local}@{host}.{rng.choice(ends)}"


def _url(rng: random.Random) -> str:
    host = f"{rng.choice(WORDS)}{rng.choice(['', '-', '.'])}{rng.choice(WORDS)}"
    path = rng.choice(["", "/", "/a/b", "/page?id=3&x=y", "/staff/rota.pdf", "/a_(b)#top"])
    full = rng.choice(["https://", "http://", "www.", "https://www.", "HTTPS://"])
    if rng.random() < 0.3:
        return f"{host}.{rng.choice(['nhs.uk', 'co.uk', 'org.uk', 'com', 'net', 'org'])}"
    return f"{full}{host}.{rng.choice(['nhs.uk', 'co.uk', 'io', 'org', 'info'])}{path}".rstrip(")")


def _phone(rng: random.Random) -> str:
    forms = ["07999 999999", "07999999999", "07999 999 999", "01999 999999", "01999 999 999",
             "(01999) 999999", "020 9999 9999", "0299 999 9999", "0300 999 9999", "0800 999 999",
             "+44 7999 999999", "+447999999999", "+44 (0)1999 999999", "0044 7999 999 999",
             "07999-999-999", "01999.999.999", "0161 999 9999", "+44 20 9999 9999"]  # fmt: skip
    return _digits(rng, rng.choice(forms))


def _postcode(rng: random.Random) -> str:
    out = rng.choice(["A9", "A99", "AA9", "AA99", "A9A", "AA9A"])
    letter = rng.choice
    made = "".join(
        letter("ABCDEFGHKLMNPRSTUWY") if c == "A" else str(rng.randrange(1, 10)) for c in out
    )
    inward = f"{rng.randrange(10)}{letter('ABDEFGHJLNPQRSTUWXYZ')}{letter('ABDEFGHJLNPQRSTUWXYZ')}"
    code = made + rng.choice([" ", "", " "]) + inward
    return (
        code.lower()
        if rng.random() < 0.3 and not inward.endswith(("ST", "ND", "RD", "TH"))
        else code
    )


def _ni(rng: random.Random) -> str:
    while True:
        prefix = rng.choice("ABCEGHJKLMNOPRSTWXYZ") + rng.choice("ABCEGHJKLMNPRSTWXYZ")
        if prefix not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ"):
            break
    pairs = [_digits(rng, "99") for _ in range(3)]
    gap = rng.choice(["", " ", "-"])
    code = gap.join([prefix, *pairs, rng.choice("ABCD")])
    return code.lower() if rng.random() < 0.2 else code


def _nhs(rng: random.Random) -> str:
    while True:
        nine = [rng.randrange(10) for _ in range(9)]
        check = 11 - sum((10 - i) * d for i, d in enumerate(nine)) % 11
        if check != 10:
            break
    whole = "".join(map(str, nine)) + ("0" if check == 11 else str(check))
    gap = rng.choice(["", " ", "-"])
    return gap.join([whole[:3], whole[3:6], whole[6:]])


def _handle(rng: random.Random) -> str:
    return "@" + rng.choice(WORDS) + rng.choice(["", "_", "NHS"]) + rng.choice([*WORDS, "99", "UK"])


def _date(rng: random.Random) -> str:
    day, month, year = rng.randrange(1, 29), rng.randrange(1, 13), rng.randrange(1950, 2024)
    name = MONTHS[month - 1]
    forms = [f"{day:02d}/{month:02d}/{year}", f"{day}.{month}.{year}",
             f"{year}-{month:02d}-{day:02d}", f"{day} {name} {year}", f"{day}th of {name} {year}",
             f"{name} {day}, {year}",
             f"{day}-{name}-{year}", f"{day}-{month}-{year}",
             f"{day}st {name}, {year}"]  # fmt: skip
    return rng.choice(forms)


def _name(rng: random.Random) -> str:
    title = rng.choice(["Dr", "Dr.", "Mr", "Mrs", "Ms", "Miss", "Prof", "Professor", "Nurse", "Mx"])
    first = rng.choice(["", "", f"{rng.choice(FIRST)} "])
    particle = rng.choice(["", "", "", "van ", "de la ", "al "]) if not first else ""
    return f"{title} {first}{particle}{rng.choice(SURNAMES)}"


MAKERS = {
    "email": _email,
    "url": _url,
    "phone": _phone,
    "postcode": _postcode,
    "ni-number": _ni,
    "nhs-number": _nhs,
    "handle": _handle,
    "date": _date,
    "name": _name,
}


def planted(kind: str, n: int, seed: int = 0) -> list[tuple[str, str]]:
    """Texts with one identifier each, and what must be left of them."""
    rng = random.Random(f"{kind} {seed}")
    made = []
    for _ in range(n):
        carrier = rng.choice(CARRIERS)
        found = MAKERS[kind](rng)
        made.append((carrier.format(found), carrier.format(f"[{kind}]")))
    return made
