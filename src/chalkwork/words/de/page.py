"""Was die Seite um eine Aufgabe herum sagt: Beschriftungen, Knöpfe, was bisher richtig ist."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    "page.cell": "Zeile <row>, Spalte <column>",
    "page.matrix": "Matrix <matrix>, Zeile <row>, Spalte <column>",
    "page.choose": "auswählen",
    "page.show_step": "Diesen Schritt zeigen",
    "page.solution": "Die ganze Lösung zeigen",
    "page.counted": "Was gezeigt wird, zählt als Hilfe: Ein gezeigter Schritt bringt keine Punkte.",
    "page.another": "Noch eine solche Aufgabe",
    "page.again": "Von vorn beginnen",
    "page.csv": "Meine Versuche speichern (CSV)",
    "page.variant": "Variante <code>",
    "page.walk": "Schritt für Schritt",
    "page.step": "Schritt <n> von <of>",
    "page.next": "Nächster Schritt",
    "page.back": "Schritt zurück",
    "page.play": "Abspielen",
    "page.pause": "Anhalten",
    "page.keys": "Die Pfeiltasten bewegen den Regler, die Leertaste spielt ab und hält an.",
    "page.first_wrong": "Erster falscher Schritt: <step>",
    "page.nothing_wrong": "Bisher ist nichts falsch.",
    "page.all_right": "Alles ist richtig.",
    "page.earned": "<earned> von <points> Punkten",
    "page.percent": "<percent> % richtig",
    "page.shown": "Gezeigte Schritte: <n>",
    "page.unkept": "Hier ist nicht Platz für alles, was Sie eingegeben haben: "
    "Die letzten <n> Antworten fehlen, wenn Sie wiederkommen. Ihre Punkte werden dennoch übermittelt.",
    "page.formula": "Formeln schreibt man so: W^T g, g x^T, h * (1 - h), tanh(s).",
    "page.chosen_wrong": "Mit diesen Werten stimmt Zeile <row> der Tabelle nicht.",
    "page.state": "Stand",
    "page.entry": "Jede Zahl wird bewertet, wenn Sie ihr Feld verlassen. Stellen zählen: So viele, wie verlangt sind.",
    "page.script": "Diese Seite braucht JavaScript, das abgeschaltet ist.",
    "page.attempts": "Zeit,Variante,Aufgabe,Schritt,Eingabe,Urteil,Fehler,gezeigte Schritte",
    "export.letters": "Das Produkt von A und B schreibt man <product>, die Transponierte von A <transpose>.",
    "export.names": "Anders geschrieben: <names>.",
}
