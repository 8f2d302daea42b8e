"""English: the language that every sentence has."""

from chalkwork.words.en import checking, documents, drawings, graphs, layers, networks, page, reports
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
}
