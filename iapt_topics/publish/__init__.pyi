from .disclosure import Disclosure as Disclosure
from .draft import write_draft as write_draft
from .exports import write_tables as write_tables
from .published import Published as Published
from .published import publish as publish
from .quotes import Quote as Quote
from .quotes_sheet import read_quotes as read_quotes
from .quotes_sheet import write_quotes as write_quotes
