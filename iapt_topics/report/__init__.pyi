from .draft import write_draft as write_draft
from .write import write_report as write_report
