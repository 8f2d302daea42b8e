"""The report as a whole, read once more: other data, another convention, the same mistake throughout.

`conventions` is the table of conventions; each other file is one way in which all answers together say more than each
by itself.
"""
