from .certify import Certificate as Certificate
from .certify import certify_codes as certify_codes
from .comparison import Comparison as Comparison
from .comparison import compare_codes as compare_codes
from .comparison import topic_codes as topic_codes
from .convergence import disagreements as disagreements
from .convergence import read_convergence as read_convergence
from .convergence import write_convergence as write_convergence
