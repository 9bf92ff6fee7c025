from .about import About as About
from .study import Study as Study
