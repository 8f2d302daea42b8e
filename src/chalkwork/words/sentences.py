"""What a table of sentences holds."""

from __future__ import annotations

from collections.abc import Mapping

Sentence = str | Mapping[str, str]
"""A sentence, or its forms: `one` where the slot `n` is 1, else `other`."""
Sentences = Mapping[str, Sentence]
"""Sentences by id."""
