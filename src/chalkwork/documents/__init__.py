"""Whole documents: a model of titles, prose, equations and figures, and a writer for every medium.

`model` is the data; `markdown` and `terminal` write it themselves, `pandoc` has pandoc and Typst write HTML, LaTeX,
PDF and DOCX. Heavy tools are started where they are used. Nothing here knows of derivations.
"""
