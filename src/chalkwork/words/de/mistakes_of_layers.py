"""Fehler bei Einbettungen und Rekurrenzen: Titel, Erklärung, Hinweis."""

from __future__ import annotations

MISTAKES: dict[str, tuple[str, str, str]] = {
    # --- embeddings -------------------------------------------------------------------------------------------------
    "token-of-next-row": (
        "Die Zeile eines benachbarten Tokens",
        "Für <this> wurden die Tokens von einer anderen Zahl an gezählt: Jedes bekam die Zeile neben seiner.",
        "Mit welcher Zahl beginnt das Vokabular?",
    ),
    "gradient-of-last-place": (
        "Ein Token, das mehrmals steht, lernte nur von seiner letzten Stelle",
        "In <this> wurden die Fehler eines Tokens, das an mehreren Stellen steht, nicht addiert: Der letzte trat an "
        "die Stelle der früheren.",
        "Welche Fehler kommen zur Zeile eines Tokens zurück, das zweimal steht?",
    ),
    "negative-sample-as-neighbour": (
        "Ein zufällig gezogenes Wort galt als Nachbar",
        "In <this> stehen die zufällig gezogenen Wörter wie der wahre Nachbar; zu ihnen gehört das Sigmoid von minus "
        "dem Score.",
        "Wie groß soll der Score eines Wortes sein, das zufällig gezogen wurde?",
    ),
    "answer-of-other-kind": (
        "Die richtige Antwort wurde mit der anderen verwechselt",
        "<this> ist, was das Sigmoid sagt, minus was es sagen soll; dabei wurden 1 und 0 vertauscht.",
        "Ist das der Score eines wahren Nachbarn oder eines zufällig gezogenen Wortes? Was ist jeweils die richtige "
        "Antwort?",
    ),
    "vectors-not-averaged": (
        "Die Vektoren wurden addiert, nicht gemittelt",
        "<this> ist die Summe; sie wurde nicht durch die Anzahl geteilt.",
        "Wie viele werden addiert? Ein Mittel liegt zwischen dem kleinsten und dem größten von ihnen.",
    ),
    # --- recurrences -----------------------------------------------------------------------------------------------
    "state-before-forgotten": (
        "Der Zustand des Schritts davor wurde vergessen",
        "<this> enthält nur, was in diesem Schritt eingeht; der Zustand des Schritts davor fehlt.",
        "Woran erinnert sich eine rekurrente Schicht, und wo geht das ein?",
    ),
    "gate-with-other-function": (
        "Die andere Funktion eines Gatters",
        "<this> wurde mit der Sigmoidfunktion berechnet, wo der Tangens hyperbolicus hingehört, oder umgekehrt.",
        "Zwischen welchen Zahlen liegt ein Gatter, und ein Kandidat? Was davon ist dies?",
    ),
    "gates-in-another-order": (
        "Die Gatter stehen in anderer Reihenfolge",
        "In <this> wurde ein anderes Gatter verwendet, oder die Gewichte eines anderen.",
        "In welcher Reihenfolge stehen die Gatter hier? Bibliotheken und Bücher sind verschieden.",
    ),
    "cell-kept-by-input-gate": (
        "Die alte Zelle wurde mit dem Eingabegatter multipliziert",
        "Für <this> wurde die Zelle des Schritts davor mit dem Gatter multipliziert, das zum Kandidaten gehört.",
        "Welches Gatter sagt, wie viel von der alten Zelle bleibt?",
    ),
    "update-gate-turned": (
        "Das Aktualisierungsgatter gewichtet den anderen Teil",
        "In <this> haben das Gatter und 1 minus es die Plätze getauscht.",
        "Was wird aus dem Zustand, wenn das Aktualisierungsgatter zu ist? Die Aufgabe sagt, was es gewichtet.",
    ),
    "reset-gate-forgotten": (
        "Das Rücksetzgatter wurde vergessen",
        "In <this> geht der Zustand des Schritts davor ganz ein; das Rücksetzgatter fehlt.",
        "Wozu ist das Rücksetzgatter da? Sehen Sie nach, was der Kandidat vom alten Zustand sieht.",
    ),
    "reset-gate-elsewhere": (
        "Das Rücksetzgatter wurde an anderer Stelle multipliziert",
        "Für <this> wurde das Rücksetzgatter auf der anderen Seite der Gewichte multipliziert.",
        "Multipliziert das Rücksetzgatter den Zustand oder das Produkt aus Gewichten und Zustand? Die Aufgabe sagt es.",
    ),
    "cell-tanh-forgotten": (
        "Der Tangens hyperbolicus der Zelle wurde vergessen",
        "<this> ist das Ausgabegatter mal die Zelle selbst, ohne den Tangens hyperbolicus.",
        "In welchem Intervall liegt ein Zustand? Und die Zelle?",
    ),
    "initial-state-of-ones": (
        "Der Zustand vor dem ersten Schritt wurde als 1 genommen",
        "Für <this> wurde der Zustand vor dem ersten Schritt in jedem Eintrag als 1 genommen.",
        "Von welchem Zustand geht die Aufgabe aus?",
    ),
    "initial-state-is-input": (
        "Die Eingabe wurde als Zustand vor dem ersten Schritt genommen",
        "Für <this> wurde, was im ersten Schritt eingeht, auch als Zustand davor verwendet.",
        "Im ersten Schritt gehen zwei Dinge ein. Woher kommt jedes von ihnen?",
    ),
    "last-step-only": (
        "Nur der letzte Schritt wurde gezählt",
        "<this> ist der Gradient des letzten Schritts allein; die der Schritte davor wurden nicht addiert.",
        "In wie vielen Schritten werden diese Gewichte verwendet? Jeder von ihnen trägt zum Gradienten bei.",
    ),
    "steps-averaged": (
        "Das Mittel über die Schritte statt der Summe",
        "<this> ist die Summe über die Schritte, geteilt durch ihre Anzahl.",
        "Dasselbe Gewicht wirkt in jedem Schritt. Ändert sich der Verlust um das Mittel dieser Wirkungen oder "
        "um ihre Summe?",
    ),
    "next-step-forgotten": (
        "Was vom nächsten Schritt kommt, fehlt",
        "<this> enthält nur, was von der Ausgabe dieses Schritts kommt; das Fehlersignal des nächsten Schritts fehlt.",
        "Auf wie vielen Wegen erreicht der Zustand eines Schritts den Verlust?",
    ),
    "jump-at-zero": (
        "Was die Einheit bei 0 ist",
        "<this> nimmt bei 0 einen anderen Wert an als vereinbart.",
        "Die Netzeingabe ist genau 0. Was wurde dafür vereinbart?",
    ),
}
