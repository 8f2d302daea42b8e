"""Fehler beim Lernen an einem Datenpunkt nach dem anderen und in Speichern: Titel, Erklärung, Hinweis."""

from __future__ import annotations

MISTAKES: dict[str, tuple[str, str, str]] = {
    "jump-at-zero": (
        "Was die Einheit bei 0 ist",
        "<this> nimmt bei 0 einen anderen Wert an als vereinbart.",
        "Die Netzeingabe ist genau 0. Was wurde dafür vereinbart?",
    ),
    "updated-without-error": (
        "Eine Änderung um das Ziel statt um den Fehler",
        "<this> wurde mit dem Ziel gebildet, wo der Fehler stehen muss: Es ändert sich etwas, obwohl die Ausgabe "
        "stimmt.",
        "Was soll in einer Zeile geschehen, in der die Ausgabe das Ziel ist?",
    ),
    "correction-turned": (
        "Die Korrektur hat das falsche Vorzeichen",
        "<this> hat das falsche Vorzeichen: Der Fehler ist Ziel minus Ausgabe, und was ihn verkleinert, wird addiert.",
        "Die Ausgabe ist zu klein. Müssen die Gewichte positiver Eingaben wachsen oder schrumpfen?",
    ),
    "threshold-as-bias": (
        "Die Schwelle wurde wie ein Bias behandelt",
        "<this> behandelt die Schwelle wie einen Bias. Sie wird von der gewichteten Summe abgezogen und ändert sich "
        "daher in die andere Richtung.",
        "Die Ausgabe ist zu klein. Muss die Schwelle wachsen oder schrumpfen?",
    ),
    "other-targets": (
        "Ziele 0 und 1 statt −1 und 1, oder umgekehrt",
        "<this> wurde mit dem Ziel in der anderen Kodierung gebildet: 0 und 1 statt −1 und 1, oder umgekehrt.",
        "Welche zwei Werte haben die Ziele hier?",
    ),
    "output-of-before": (
        "Die Ausgabe der vorigen Zeile",
        "<this> wurde mit der Ausgabe des vorigen Datenpunkts gebildet.",
        "Welche Ausgabe gehört zu diesem Datenpunkt?",
    ),
    "rate-left-out": (
        "Die Änderung ohne die Lernrate",
        "<this> wurde nicht mit der Lernrate multipliziert.",
        "Wie groß ist ein Schritt?",
    ),
    "weights-of-the-start": (
        "Die Gewichte vom Anfang",
        "<this> wurde mit den Gewichten vom Anfang gebildet statt mit denen nach dem vorigen Datenpunkt.",
        "Mit welchen Gewichten beginnt diese Zeile?",
    ),
    "correction-not-added": (
        "Die Gewichte wurden nicht geändert",
        "<this> ist, was es vor diesem Datenpunkt war.",
        "Was macht die Änderung dieser Zeile mit den Gewichten?",
    ),
    "net-or-output": (
        "Der Fehler der Netzeingabe oder der Ausgabe",
        "<this> vergleicht das Ziel mit dem falschen der beiden: Die Perzeptronregel nimmt die Ausgabe, die "
        "Delta-Regel die Netzeingabe vor der Schwelle.",
        "Welches der beiden vergleicht diese Regel mit dem Ziel?",
    ),
    "slope-left-out": (
        "Die Steigung der Aktivierung wurde weggelassen",
        "<this> ist der Fehler allein, ohne die Steigung der Aktivierung.",
        "Wie stark ändert sich die Ausgabe mit der Netzeingabe?",
    ),
    "self-connected": (
        "Einheiten, die mit sich selbst verbunden sind",
        "Die Diagonale von <this> blieb stehen: Keine Einheit ist mit sich selbst verbunden.",
        "Was steht auf der Diagonale?",
    ),
    "state-of-the-start": (
        "Der Zustand vom Anfang",
        "<this> wurde mit dem Zustand vom Anfang gebildet statt mit dem nach dem vorigen Schritt.",
        "Welche Einheiten haben sich schon geändert?",
    ),
    "energy-factor": (
        "Der Faktor der Energie",
        "<this> hat einen anderen Faktor: Die Energie hat ein Minus davor, und ein halb, wo jedes Paar von Einheiten "
        "doppelt gezählt wird.",
        "Wie oft kommt jedes Paar von Einheiten in der Summe vor?",
    ),
}
