from .collect import collect_study as collect_study
from .scale import ScaledStudy as ScaledStudy
from .scale import scale_study as scale_study
from .stability import sample_stability as sample_stability
