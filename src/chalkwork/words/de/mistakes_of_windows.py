"""Fehler bei Fenstern und beim Abzählen einer Architektur: Titel, Erklärung, Hinweis."""

from __future__ import annotations

MISTAKES: dict[str, tuple[str, str, str]] = {
    # --- windows ---------------------------------------------------------------------------------------------------
    "padding-forgotten": (
        "Der Rand wurde vergessen",
        "Für <this> blieb das Fenster innerhalb der Daten: Um sie herum war kein Rand aus Nullen.",
        "Schreiben Sie den Rand aus Nullen um die Daten, bevor Sie das Fenster auflegen. Wie groß ist das Ergebnis "
        "dann?",
    ),
    "stride-ignored": (
        "Das Fenster ging um 1 statt um seine Schrittweite weiter",
        "Für <this> ging das Fenster jedes Mal um einen Eintrag weiter; seine Schritte sind größer.",
        "Wie weit geht das Fenster von einer Stelle zur nächsten?",
    ),
    "kernel-turned": (
        "Der Kern wurde gedreht, wo er so aufgelegt wird, wie er ist",
        "In <this> wurde der Kern um 180° gedreht; hier wird er es nicht.",
        "Ist dieser Schritt eine Korrelation oder eine Faltung im strengen Sinn? Nur eine von beiden dreht den Kern.",
    ),
    "kernel-not-turned": (
        "Der Kern wurde nicht gedreht",
        "In <this> wurde der Kern so aufgelegt, wie er ist; hier wird er um 180° gedreht.",
        "Schreiben Sie auf, welche Gewichte ein Eintrag getroffen hat und in welcher Reihenfolge sie zu ihm "
        "zurückkommen.",
    ),
    "pooling-error-to-all": (
        "Der Fehler eines Max-Poolings ging an alle Einträge des Fensters",
        "In <this> erhielt jeder Eintrag eines Fensters den Fehler; nur der größte hat Einfluss.",
        "Was geschieht mit dem Ergebnis, wenn sich ein Eintrag, der nicht der größte seines Fensters ist, ein wenig "
        "ändert?",
    ),
    "pooling-error-shared": (
        "Der Fehler eines Max-Poolings wurde geteilt wie der eines Mittelwert-Poolings",
        "In <this> wurde der Fehler auf die Einträge eines Fensters verteilt; der größte allein hat ihn.",
        "Welches Pooling ist es, und von welchen Einträgen eines Fensters hängt sein Ergebnis ab?",
    ),
    "pooling-not-divided": (
        "Das Mittel eines Fensters wurde nicht durch dessen Größe geteilt",
        "In <this> kommt die Zahl der Einträge eines Fensters nicht vor; ein Mittel wird durch sie geteilt.",
        "Wie viele Einträge hat ein Fenster, und was ist die Ableitung ihres Mittels nach einem von ihnen?",
    ),
    "other-pooling": (
        "Das andere Pooling",
        "<this> hat das Mittel jedes Fensters an der Stelle seines größten Eintrags, oder umgekehrt.",
        "Lesen Sie noch einmal, welches Pooling es ist.",
    ),
    "bias-gradient-of-each-place": (
        "Der Gradient eines Bias wurde nicht über die Stellen summiert",
        "<this> hat einen Eintrag für jede Stelle; ein Filter hat einen Bias, der an allen addiert wurde.",
        "Wie viele Bias hat ein Filter, und an wie vielen Stellen wird jeder addiert?",
    ),
    "bias-gradient-mean-of-places": (
        "Der Gradient eines Bias ist ein Mittel über die Stellen",
        "<this> wurde durch die Zahl der Stellen geteilt; was von allen zurückkommt, wird addiert.",
        "Ein Bias wirkt an mehreren Stellen. Addieren sich ihre Wirkungen auf den Verlust, oder zählt ihr Mittel?",
    ),
    # --- counting --------------------------------------------------------------------------------------------------
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
