"""German, as exercise sheets of universities have it."""

from chalkwork.words.de import (
    activations,
    checking,
    documents,
    drawings,
    graphs,
    layers,
    mistakes,
    networks,
    optimisers,
    page,
    reports,
)
from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    **documents.SENTENCES,
    **networks.SENTENCES,
    **layers.SENTENCES,
    **graphs.SENTENCES,
    **drawings.SENTENCES,
    **checking.SENTENCES,
    **reports.SENTENCES,
    **page.SENTENCES,
    **activations.SENTENCES,
    **optimisers.SENTENCES,
    **mistakes.SENTENCES,
}
