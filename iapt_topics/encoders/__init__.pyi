from .distil import distil_encoder as distil_encoder
from .embeddings import Embeddings as Embeddings
from .embeddings import embed as embed
from .encoder import Encoder as Encoder
from .encoder import sentence_encoder as sentence_encoder
from .joined import join_encoders as join_encoders
