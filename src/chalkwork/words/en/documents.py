"""What stands around solutions in a document: titles, tasks, points, forms."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    "and": "and",
    "both": "<one> and <other>",
    "document.solution": "Worked solution",
    "document.sheet": "Exercise sheet",
    # --- tasks -----------------------------------------------------------------------------------------------------
    "task": "Task <name>",
    "task.solution": "Solution to task <name>",
    "task.note": "*Note:* <note>",
    "task.hint": "*Hint:* <hint>",
    "task.find": "Find <names>.",
    "task.updates": {"one": "Make <n> update.", "other": "Make <n> updates."},
    "task.updates_by": {
        "one": "Make <n> update by the rule <rule>.",
        "other": "Make <n> updates by the rule <rule>.",
    },
    "task.update_by": "Update by the rule <rule>.",
    "task.going_on": "The parameters are those that task <name> ends with.",
    "points": {"one": "<n> point", "other": "<n> points"},
    "points.in_all": "<points> in all.",
    # --- several steps ---------------------------------------------------------------------------------------------
    "steps": "Steps <low> to <high>",
    "steps.in_the_same_way": "Steps <low> to <high> are worked out in the same way. The loss after each of them:",
    "steps.column": "step",
    "steps.all": "All steps, beginning with what is given:",
    "recurring.forward": "Step by step, from $t = <first>$ to $t = <last>$:",
    "recurring.backward": "Step by step, back from $t = <first>$ to $t = <last>$:",
    "recurring.all": "All <n> steps:",
    "steps.after": "After step <step>:",
    # --- numbers ---------------------------------------------------------------------------------------------------
    "rounded.some": "Some numbers that are written 0 are not zero: they round to it.",
    "rounded.to_zero": "$<zero>$ is a number that rounds to zero here; what is exactly zero is written without "
    "decimals.",
    # --- forms -----------------------------------------------------------------------------------------------------
    "form.how": "Type the answers behind the colons; a matrix as `[1 2; 3 4]`, a vector as `[1; 2]`.",
    "form.how_and_keys": "Type the answers behind the colons; a matrix as `[1 2; 3 4]`, a vector as `[1; 2]`. Here "
    "<keys>.",
    "form.key": "`<key>` is <symbol>",
    "form.choices": "`<key>` is one of: <choices>.",
    # --- in formulas -----------------------------------------------------------------------------------------------
    "symbol.new": "new",
    "symbol.class": "class",
}
