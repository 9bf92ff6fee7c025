from .execute_plan import run_plan as run_plan
from .manifest import RunComparison as RunComparison
from .manifest import compare_runs as compare_runs
from .plan import StudyPlan as StudyPlan
from .plan import read_plan as read_plan
from .run import run_study as run_study
from .write import write_figures as write_figures
from .write import write_study as write_study
