from .frame import ThemeFrame as ThemeFrame
from .frame import load_frame as load_frame
from .frame import write_frame as write_frame
from .theme import Theme as Theme
