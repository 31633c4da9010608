"""Settings of the documentation site; `make docs` builds it."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "Pierwatch"
author = "The Pierwatch developers"
copyright = "The Pierwatch developers, AGPL-3.0-or-later"
version = release = installed_version("pierwatch")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["README.md"]

autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"

pygments_style = "tango"
html_theme = "furo"
html_title = "Pierwatch"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_copy_source = False
