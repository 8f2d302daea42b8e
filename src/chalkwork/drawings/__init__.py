"""Pictures as SVG that stand alone, each with a description in words.

`canvas` is what every drawing is made of; `network`, `unrolled`, `graph` (with `layout`), `plot`, `bars`, `maps` and
`contour` draw.
"""
