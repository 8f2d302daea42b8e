"""Was in einem Dokument um die Lösungen herum steht: Titel, Aufgaben, Punkte, Formulare."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    "and": "und",
    "both": "<one> und <other>",
    "document.solution": "Ausführliche Lösung",
    "document.sheet": "Übungsblatt",
    # --- tasks -----------------------------------------------------------------------------------------------------
    "task": "Aufgabe <name>",
    "task.solution": "Lösung zu Aufgabe <name>",
    "task.note": "*Anmerkung:* <note>",
    "task.hint": "*Hinweis:* <hint>",
    "task.find": "Gesucht: <names>.",
    "task.updates": {"one": "Führen Sie <n> Aktualisierung durch.", "other": "Führen Sie <n> Aktualisierungen durch."},
    "task.updates_by": {
        "one": "Führen Sie <n> Aktualisierung nach der Regel <rule> durch.",
        "other": "Führen Sie <n> Aktualisierungen nach der Regel <rule> durch.",
    },
    "task.update_by": "Aktualisieren Sie nach der Regel <rule>.",
    "task.going_on": "Die Parameter sind die, mit denen Aufgabe <name> endet.",
    "points": {"one": "<n> Punkt", "other": "<n> Punkte"},
    "points.in_all": "Insgesamt <points>.",
    # --- several steps ---------------------------------------------------------------------------------------------
    "steps": "Schritte <low> bis <high>",
    "steps.in_the_same_way": "Die Schritte <low> bis <high> werden ebenso gerechnet. Der Verlust nach jedem von ihnen:",
    "steps.column": "Schritt",
    "steps.all": "Alle Schritte, von dem an, was gegeben ist:",
    "recurring.forward": "Schritt für Schritt, von $t = <first>$ bis $t = <last>$:",
    "recurring.backward": "Schritt für Schritt, zurück von $t = <first>$ bis $t = <last>$:",
    "recurring.all": "Alle <n> Schritte:",
    "steps.after": "Nach Schritt <step>:",
    # --- numbers ---------------------------------------------------------------------------------------------------
    "rounded.some": "Manche Zahlen, die als 0 geschrieben sind, sind nicht null: Sie runden dazu.",
    "rounded.to_zero": "$<zero>$ ist eine Zahl, die hier zu null rundet; was genau null ist, steht ohne "
    "Nachkommastellen.",
    # --- forms -----------------------------------------------------------------------------------------------------
    "form.how": "Die Antworten kommen hinter die Doppelpunkte; eine Matrix als `[1 2; 3 4]`, ein Vektor als `[1; 2]`.",
    "form.how_and_keys": "Die Antworten kommen hinter die Doppelpunkte; eine Matrix als `[1 2; 3 4]`, ein Vektor als "
    "`[1; 2]`. Hier steht <keys>.",
    "form.key": "`<key>` für <symbol>",
    "form.choices": "`<key>` ist eines von: <choices>.",
    # --- in formulas -----------------------------------------------------------------------------------------------
    "symbol.new": "neu",
    "symbol.class": "Klasse",
}
