"""Learning by presentation: threshold units and their rules, one sample after the other.

`rules` is the table of rules, `unit` what learns, `study` the equations of every presentation, `learning` what people
call; `text` writes it, `picture` draws the samples and the separating line.
"""

from chalkwork.laboratory.presentation.learning import learn

__all__ = ["learn"]
