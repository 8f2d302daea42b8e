"""Marking: answers as people type them, held against the derivation, step by step.

`reading` reads what was typed. `mistakes` is the table of mistakes, each a rewrite of an equation. `naming` finds the
steps of an exercise among the variables of a program; `recording` keeps what a running program assigns, `repairing`
looks for the edit of a line with which it would be right, and `placing` knows its assignments. `judging` gives every
step its verdict, `report` says it, `seeing` adds what is seen where no entry explains it, and `reviewing` reads the
report as a whole once more. `check` is the way through these rooms. A derivation and its values come in; nothing here
knows of networks or sheets.
"""
