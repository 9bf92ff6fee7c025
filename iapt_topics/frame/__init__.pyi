from .frame import ThemeFrame as ThemeFrame
from .load import load_frame as load_frame
from .load import write_frame as write_frame
from .theme import Theme as Theme
