from .export import export_codes as export_codes
from .load import coders_in as coders_in
from .load import load_codes as load_codes
from .load import match_themes as match_themes
from .project import Project as Project
from .read import is_project as is_project
from .read import load_project as load_project
from .read import read_export as read_export
