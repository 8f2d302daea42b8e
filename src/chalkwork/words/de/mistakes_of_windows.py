"""Fehler bei Fenstern: Titel, Erklärung, Hinweis."""

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
}
