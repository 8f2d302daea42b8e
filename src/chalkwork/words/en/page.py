"""What the page says around an exercise: labels, buttons, what is right so far."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    "page.cell": "row <row>, column <column>",
    "page.matrix": "matrix <matrix>, row <row>, column <column>",
    "page.choose": "choose",
    "page.show_step": "Show this step",
    "page.solution": "Show the whole solution",
    "page.counted": "What is shown counts as help: a step that was shown earns nothing.",
    "page.another": "Another one like this",
    "page.again": "Start again",
    "page.csv": "Save my attempts (CSV)",
    "page.variant": "Variant <code>",
    "page.walk": "Walk through it",
    "page.step": "Step <n> of <of>",
    "page.next": "Next step",
    "page.back": "Step back",
    "page.play": "Play",
    "page.pause": "Pause",
    "page.keys": "The arrow keys move the slider, the space bar plays and pauses.",
    "page.first_wrong": "First wrong step: <step>",
    "page.nothing_wrong": "Nothing is wrong so far.",
    "page.all_right": "All of it is right.",
    "page.earned": "<earned> of <points> points",
    "page.percent": "<percent> % right",
    "page.shown": "Steps shown: <n>",
    "page.unkept": "There is no room here for all that you have typed: "
    "the last <n> answers will be missing when you come back. Your score is sent all the same.",
    "page.formula": "Formulas are typed in plain maths, such as W^T g, g x^T, h * (1 - h), tanh(s).",
    "page.chosen_wrong": "With these values row <row> of the table comes out wrong.",
    "page.state": "Where you are",
    "page.entry": "Every number is marked when you leave its field. Digits count: type as many as the exercise asks.",
    "page.script": "This page needs JavaScript, which is switched off.",
    "page.attempts": "time,variant,task,step,typed,verdict,mistake,steps shown",
    "export.letters": "The product of A and B is written <product>, the transpose of A <transpose>.",
    "export.names": "Written otherwise: <names>.",
}
