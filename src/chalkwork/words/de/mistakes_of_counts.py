"""Fehler beim Abzählen einer Architektur: Titel, Erklärung, Hinweis."""

from __future__ import annotations

MISTAKES: dict[str, tuple[str, str, str]] = {
    "padding-on-one-side": (
        "Der Rand wurde nur auf einer Seite gezählt",
        "Für <this> wurde der Rand einmal addiert; es gibt ihn auf beiden Seiten.",
        "Wie viele Zeilen kommen oben hinzu, und wie viele unten?",
    ),
    "first-place-forgotten": (
        "Die erste Stelle des Fensters wurde nicht gezählt",
        "Für <this> wurden die Schritte des Fensters gezählt, nicht seine Stellen: Es gibt eine mehr.",
        "Ein Fenster, das so groß ist wie die Karte, kann keinen Schritt tun. An wie vielen Stellen steht es?",
    ),
    "bias-counted-per-place": (
        "Für jede Stelle einer Karte wurde ein Bias gezählt",
        "Für <this> hat jede Stelle einer Karte einen Bias; ein Filter hat einen, den alle Stellen teilen.",
        "Aus wie vielen Zahlen besteht ein Filter?",
    ),
    "biases-not-counted": (
        "Die Bias wurden nicht gezählt",
        "Für <this> wurden die Gewichte gezählt, nicht aber die Bias.",
        "Was addiert jede Einheit oder jeder Filter zu seiner gewichteten Summe?",
    ),
    "one-bias-for-the-layer": (
        "Für die ganze Schicht wurde ein Bias gezählt",
        "Für <this> hat die Schicht einen Bias; jede ihrer Einheiten und jeder ihrer Filter hat einen eigenen.",
        "Wie viele Ergebnisse gibt die Schicht, und welche davon teilen einen Bias?",
    ),
    "channels-not-counted": (
        "Die eingehenden Kanäle wurden nicht gezählt",
        "Für <this> gibt es einen Kanal; alle, die eingehen, zählen.",
        "Wie viele Karten gehen in die Schicht ein, und sieht ein Filter alle?",
    ),
    "one-filter-counted": (
        "Ein Filter wurde gezählt",
        "Für <this> wurde ein Filter gezählt statt aller der Schicht.",
        "Wie viele Filter hat die Schicht?",
    ),
    "pooling-has-no-weights": (
        "Für ein Pooling wurden Parameter gezählt",
        "<this> zählt die Einträge des Fensters; ein Pooling hat nichts, was gelernt wird.",
        "Welche Zahlen dieser Schicht ändert das Training?",
    ),
    "one-bias-set-for-two": (
        "Ein Satz Bias statt zwei, oder zwei statt einem",
        "Für <this> wurde je Gatter eine andere Zahl von Biasvektoren gezählt.",
        "Hat die Schicht je Gatter einen Bias, oder einen für die Eingabe und einen für den Zustand?",
    ),
    "gates-not-counted": (
        "Eine andere Zahl von Gattern",
        "Für <this> wurde eine andere Zahl von Gattern gezählt: Ein LSTM hat vier Sätze von Gewichten, ein GRU drei.",
        "Was in der Zelle hat eigene Gewichte? Auch der Kandidat zählt.",
    ),
    "state-not-counted": (
        "Die Gewichte des Zustands wurden nicht gezählt",
        "Für <this> wurden nur die Gewichte der Eingabe gezählt; auch der Zustand davor hat Gewichte.",
        "Was geht neben der Eingabe des Schritts in ein Gatter ein?",
    ),
    "products-at-one-place": (
        "Die Produkte wurden an einer Stelle gezählt",
        "Für <this> wurde jedes Gewicht einmal gezählt; es wird an jeder Stelle oder in jedem Schritt gebraucht.",
        "An wie vielen Stellen steht das Fenster?",
    ),
    "shared-counted-twice": (
        "Geteilte Parameter wurden mehrmals gezählt",
        "<this> zählt die Parameter einer Schicht, die die einer anderen benutzt; sie zählen einmal.",
        "Welche Schichten benutzen dieselben Gewichte?",
    ),
}
