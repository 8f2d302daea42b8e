"""The verdict on every step: right, following from an earlier one, explained by a mistake, or wrong.

`work` is what is known while the steps are marked in order, `comparing` holds one step against the right value and
against what follows, `explaining` and `suspecting` look for the mistakes that give a wrong one, and `marking` goes
through them all.
"""
