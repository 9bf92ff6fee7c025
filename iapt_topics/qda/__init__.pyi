from .export import write_codes as write_codes
from .load import coders_in as coders_in
from .load import load_codes as load_codes
from .load import match_themes as match_themes
from .project import Project as Project
from .read import read_project as read_project
