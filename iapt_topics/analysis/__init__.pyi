from .certification import certify as certify
from .face import Analysis as Analysis
from .face import PublicVersion as PublicVersion
from .specifications import sensitivity as sensitivity
from .start import analyse as analyse
from .start import load_study as load_study
from .theme_summary import ThemeSummary as ThemeSummary
from .verdicts import Sensitivity as Sensitivity
