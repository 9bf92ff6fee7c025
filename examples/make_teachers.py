"""Make a SYNTHETIC survey of teachers: python examples/make_teachers.py [FOLDER].

The second tutorial of the pages uses it. Every sentence was written for this
project, from no source. What is planted: behaviour is mentioned by 18 % of the teachers in 2022,
30 % in 2023 and 44 % in 2024; the other themes stay level.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
from openpyxl import Workbook

YEARS = (2022, 2023, 2024)
#: Part of the responses that mention each theme, by year.
PLANTED = {
    "WORK": (0.40, 0.40, 0.40),
    "BEHAVE": (0.18, 0.30, 0.44),
    "LEAD": (0.24, 0.24, 0.24),
    "TEAM": (0.26, 0.26, 0.26),
    "PAY": (0.16, 0.16, 0.16),
}
SENTENCES = {
    "WORK": """I spend every Sunday planning lessons for the week.
Marking takes up my evenings until ten.
There are not enough hours in the day to plan properly.
Two data drops a term, on top of reports, is too much.
My planning time is taken for cover most weeks.
I arrive at seven and leave at six and still take books home.
The paperwork for every trip and every incident is endless.
Marking policy asks for three colours of pen in every book.
I had four free periods on my timetable and lost them all.
The hours are not sustainable with small children at home.
Lessons have to be written from scratch each time the scheme changes.
Half term is when I catch up on assessment.
Our new marking policy has cut the time I spend on books.
Shared planning has given me my weekends back.""",
    "BEHAVE": """Low level disruption eats the first ten minutes of each lesson.
Pupils on their phones take no notice of sanctions.
I was sworn at twice this week and nothing followed.
A handful of children make it impossible for the others to learn.
Corridors between lessons are not safe for the younger ones.
Pupils walk out of the room and nobody brings them back.
Behaviour has become much worse since the pandemic.
Detentions are not attended and there is no consequence.
Chairs get thrown and I am told to be more restorative.
The behaviour policy is written down but not followed.
Children come in unable to sit and listen.
Shouting across the classroom is now normal in year nine.
Since phones were banned, lessons are calm again.
The new behaviour team answers within minutes when I call.""",
    "LEAD": """The head listens and changes things when we ask.
Senior leaders have not taught a full day for years.
Decisions come down from the trust with no explanation.
Learning walks feel like being checked up on.
My head of department trusts me to teach in my own way.
We hear about changes from parents before our own managers tell us.
The head knows every member of staff by name and backs us.
Observations are used to catch us out, not to help.
There have been three principals in two years.
Leaders say that wellbeing matters and then add another meeting.
The deputy head covers lessons herself when we are short.
Nobody asks teachers before the school day is changed.
Our chair of governors visits and asks sensible questions.
The trust's priorities are not those of our school.""",
    "TEAM": """The people in my department keep me going.
We share resources and laugh in the staff room.
My teaching assistant is worth her weight in gold.
Colleagues dropped everything to help when my father was ill.
The best part is planning with my year group partner.
Nobody uses the staff room any more, so we hardly meet.
My mentor spent hours with me in my first year.
There is a kind word from someone every day.
We are a close team and we look after one another.
I can knock on any door and a colleague will help.
Different departments never speak to each other.
An experienced colleague lets me watch her teach.
The office staff are friendly and solve everything.
I feel alone because all my friends here have left.""",
    "PAY": """My salary no longer covers the rent in this town.
Pay has fallen behind inflation for ten years.
There is no next step for me without giving up teaching.
I could earn more in a supermarket with less stress.
The pay rise was not funded, so we lost two colleagues for it.
I buy glue sticks and books out of my own pocket.
A promotion to lead maths came with an allowance and I am grateful.
Supply teachers cost more than I am paid.
I moved to the upper pay scale this year.
Part-time staff are passed over for promotion.
The pension is the only reason that I stay.
Starting salaries have gone up but ours have not.
My training course was paid for, and it led to a better post.
I give private lessons at weekends to pay the bills.""",
}
#: Said of no theme.
OTHER = ("The building is cold.", "I moved here from Leeds.", "The survey was too long.")
EMPTY = ("", "n/a", "None", "-", "nothing to add")
#: Id, label, definition and examples of each theme.
CODEBOOK = (
    ("WORK", "Workload", "Hours, planning, marking, data and paperwork",
     "I work all weekend on lesson plans.", "There is too much marking.",
     "I get home late every day."),
    ("BEHAVE", "Pupil behaviour",
     "Pupils' conduct in class and corridors, and what the school does about it",
     "Students do not do as they are told.", "My class is calm and polite.",
     "Sanctions do not work."),
    ("LEAD", "School leadership",
     "How heads, senior leaders and trusts lead, decide, inform and check",
     "Management does not support us.", "The head teacher is fair.", "We are never consulted."),
    ("TEAM", "Colleagues", "Help and company among the staff",
     "My colleagues are supportive.", "I have no one to talk to at work.", "We are a good team."),
    ("PAY", "Pay and career", "Salary, costs, promotion and training",
     "Teachers are paid too little.", "I would like a promotion.",
     "I cannot afford to stay in the job."),
)  # fmt: skip
CODE = "Please make your own code (first letters of ...)"
PHASE = "Which phase do you teach?"
QUESTION = "In your own words: what helps or hinders you most in your work as a teacher?"


def make_survey(seed: int = 7) -> list[dict[str, Any]]:
    """One row a response: whose, when, where, what, and the themes it was built from."""
    rng = np.random.default_rng(seed)
    lines = {theme: text.splitlines() for theme, text in SENTENCES.items()}
    rows = []
    for wave, year in enumerate(YEARS):
        people = rng.permutation(260)[:150]  # many answer again, some come and go
        themes = {t: rng.random(150) < part[wave] for t, part in PLANTED.items()}
        for i, person in enumerate(people):
            mine = [t for t in themes if themes[t][i]]
            said = [str(rng.choice(lines[t])) for t in mine] or [str(rng.choice(OTHER))]
            if rng.random() < 0.08:
                mine, said = [], [EMPTY[int(rng.integers(len(EMPTY)))]]
            rng.shuffle(said)
            day, hour, minute = rng.integers((3, 7, 0), (29, 19, 60))
            row = {"id": f"11{year % 100}{i:06d}", "code": f"T{person:03d}", "themes": mine}
            row["started"] = f"{year}-06-{day:02d} {hour:02d}:{minute:02d}:00"
            row |= {"phase": ("Primary", "Secondary")[person % 2], "text": " ".join(said)}
            rows.append(row)
    return rows


def slips(themes: list[str], rng: np.random.Generator) -> list[str]:
    """What a simulated coder applies: misses one theme in twelve, adds one now and then."""
    applied = [t for t in themes if rng.random() > 0.08]
    if rng.random() < 0.03:
        applied.append(str(rng.choice(list(PLANTED))))
    return sorted(set(applied))


def write_export(path: Path, rows: list[dict[str, Any]]) -> None:
    """As a survey tool does: two rows of headers, dates, columns that nobody needs."""
    book = Workbook()
    sheet = book.active
    first = ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address"]
    sheet.append([*first, CODE, PHASE, QUESTION])
    sheet.append([None] * len(first) + ["Open-Ended Response", "Response", "Open-Ended Response"])
    for r in rows:
        meta = [r["id"], "380011223", r["started"], r["started"], None]
        sheet.append([*meta, r["code"], r["phase"], r["text"] or None])
    book.save(path)


def main(folder: Path) -> None:
    """Write the survey tool's export, the codebook, and what two simulated coders apply."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = make_survey()
    write_export(folder / "teachers_export.xlsx", rows)
    with (folder / "teachers_codebook.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "label", "definition", "examples"])
        table.writerows([*theme[:3], "|".join(theme[3:])] for theme in CODEBOOK)
    rng = np.random.default_rng(8)
    with (folder / "simulated_coders.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["coder", "text", "themes"])
        for coder in ("Ann", "Ben"):
            for text, themes in {r["text"]: r["themes"] for r in rows}.items():
                table.writerow([coder, text, "; ".join(slips(themes, rng)) or "none"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
