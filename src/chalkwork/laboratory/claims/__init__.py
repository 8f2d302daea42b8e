"""Claims, proved and checked: identities and inequalities as course documents state them.

Every step of a proof is verified: exactly with SymPy in a process of its own, else by interval evaluation, else at many
points with fifty digits; a false step gets a counterexample. `prove` gives the library's own proofs by name (`PROOFS`).
"""

from chalkwork.laboratory.claims.claim import Claim, prove
from chalkwork.laboratory.claims.named import PROOFS

__all__ = ["PROOFS", "Claim", "prove"]
