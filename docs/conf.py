"""How Sphinx builds these pages: ``make docs``. Nothing is fetched, and a warning is an error."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

project = "iapt_topics"
author = "The iapt_topics developers"
version = release = version_of("iapt-topics")
language = "en_GB"

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3

# Tutorials and gallery are run as the pages are built, each in a folder of its own.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 1200
nb_output_stderr = "remove"
# Its shell finds the command of this environment.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
# Where a page finds the script that makes its survey.
os.environ["EXAMPLES"] = str(Path(__file__).parents[1] / "examples")

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say what they are in words
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = f"iapt_topics {release}"
html_show_sourcelink = False
html_copy_source = False
# Pages with none below them.
_ALONE = "index install tutorial tutorial_teachers gallery cli overview privacy"
html_sidebars = {page: [] for page in _ALONE.split()}
html_theme_options = {"navigation_with_keys": False, "secondary_sidebar_items": ["page-toc"]}
