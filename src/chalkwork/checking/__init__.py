"""Marking: answers as people type them, held against the derivation, step by step.

`answers` (with `cells`, `typed`, `numerals`) reads values and the intervals that their digits stand for, `digits` says
whether these say enough, `names` the names as people use them, `files` what students hand in. `mistakes` is the
table of mistakes, each a rewrite of an equation. `marking` gives every step its verdict and `report` says it. A
derivation and its values come in; nothing here knows of networks or sheets.
"""
