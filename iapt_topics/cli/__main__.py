"""``python -m iapt_topics.cli`` is ``iapt-topics``."""

from iapt_topics.cli import main

main()
