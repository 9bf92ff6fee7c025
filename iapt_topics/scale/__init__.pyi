from .scale import ScaledStudy as ScaledStudy
from .scale import sample_stability as sample_stability
from .scale import scale_study as scale_study
