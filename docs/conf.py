"""How Sphinx builds these pages: ``make docs``. Nothing is fetched, and a warning is an error."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "iapt_topics"
author = "The iapt_topics developers"
version = release = version_of("iapt-topics")
language = "en_GB"

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say what they are in words
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = f"iapt_topics {release}"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": False, "secondary_sidebar_items": ["page-toc"]}
