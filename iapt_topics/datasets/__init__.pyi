from .example import example_path as example_path
from .example import load_example as load_example
from .example import load_truth as load_truth
from .example import planted_change as planted_change
from .example import true_sentences as true_sentences
