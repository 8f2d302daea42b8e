"""Fehler nach ihrem Namen: Titel, Erklärung, Hinweis.

In einer Erklärung stehen `<net>`, `<activation>`, `<parameter>`, `<gradient>` und `<rate>` im Dativ.
"""

from __future__ import annotations

from chalkwork.words.de import mistakes_of_layers, mistakes_of_programs, mistakes_of_windows
from chalkwork.words.sentences import Sentences

_MISTAKES: dict[str, tuple[str, str, str]] = {
    # --- forward ---------------------------------------------------------------------------------------------------
    "bias-forgotten": (
        "Der Bias wurde vergessen",
        "<this> enthält nur die gewichtete Summe der Eingaben; der Bias wurde nicht addiert.",
        "Schreiben Sie alles auf, was in die Nettoeingabe einer Einheit eingeht, und zählen Sie die Summanden.",
    ),
    "activation-forgotten": (
        "Die Aktivierungsfunktion wurde nicht angewandt",
        "In <this> wurde die Nettoeingabe verwendet, wo die Aktivierung hingehört.",
        "Was geschieht mit einer Nettoeingabe, bevor die nächste Schicht sie sieht?",
    ),
    "old-weights-used": (
        "Die Parameter von vor der Aktualisierung wurden verwendet",
        "<this> wurde mit Parametern von vor der Aktualisierung berechnet statt mit den aktualisierten.",
        "Dieser Durchlauf kommt nach der Aktualisierung. Welche Parameter verwendet er?",
    ),
    "leaky-slope-forgotten": (
        "Die Steigung der Leaky ReLU wurde vergessen",
        "Negative Nettoeingaben wurden wie von der gewöhnlichen ReLU auf null gesetzt und nicht mit der Steigung "
        "multipliziert.",
        "Sehen Sie sich die Einheiten mit negativer Nettoeingabe an: Was macht eine Leaky ReLU dort?",
    ),
    "softmax-not-normalised": (
        "Die Softmax-Funktion wurde nicht normiert",
        "Die Exponentialwerte von <net> wurden nicht durch ihre Summe geteilt.",
        "Welche Summe haben die Ausgaben einer Softmax-Funktion? Und Ihre?",
    ),
    "softmax-wrong-axis": (
        "Die Softmax-Funktion wurde über die falsche Achse normiert",
        "Die Exponentialwerte wurden durch eine Summe über andere Einträge als die Einheiten desselben Datenpunkts "
        "geteilt.",
        "Für welche Gruppe von Einträgen haben die Ausgaben die Summe eins? Jeder Datenpunkt sollte seine eigene "
        "Verteilung haben.",
    ),
    "softmax-twice": (
        "Die Softmax-Funktion wurde zweimal angewandt",
        "Die Softmax-Funktion wurde auf Ausgaben angewandt, die schon Wahrscheinlichkeiten waren.",
        "Prüfen Sie, was in die Softmax-Funktion eingeht: Nettoeingaben, oder etwas, das schon durch sie gegangen ist?",
    ),
    "scores-not-scaled": (
        "Die Scores wurden nicht durch die Wurzel ihrer Länge geteilt",
        "<this> enthält die Produkte aus Anfragen und Schlüsseln, wie sie sind: Sie wurden nicht geteilt.",
        "Produkte langer Vektoren sind groß. Was geschieht vor der Softmax dagegen?",
    ),
    "mask-forgotten": (
        "Die Maske wurde vergessen",
        "In <this> werden Positionen angesehen, die niemand ansehen darf: die hinter einer Position, oder Auffüllung.",
        "Welche Positionen darf eine Position hier ansehen? Die Scores der anderen dürfen kein Gewicht bekommen.",
    ),
    "mask-after-softmax": (
        "Die Maske kam nach dem Softmax",
        "In <this> wurden die Gewichte von Positionen, die niemand ansehen darf, erst nach dem Softmax null gesetzt, "
        "so dass die anderen nicht mehr die Summe eins haben.",
        "Haben die Gewichte jeder Anfrage die Summe eins? Wo muss die Maske stehen, damit es so ist?",
    ),
    "scores-over-model-length": (
        "Die Scores wurden durch die Wurzel der Länge in allen Köpfen geteilt",
        "Für <this> wurden die Produkte durch die Wurzel der Länge geteilt, die eine Anfrage in allen Köpfen zusammen "
        "hat; die eines Kopfes ist kürzer.",
        "Wie viele Einträge hat eine Anfrage in einem Kopf?",
    ),
    "scores-over-length": (
        "Die Scores wurden durch die Länge geteilt statt durch ihre Wurzel",
        "Für <this> wurden die Produkte aus Anfragen und Schlüsseln durch ihre Länge geteilt, nicht durch deren "
        "Wurzel.",
        "Sehen Sie nach, durch welche Zahl die Produkte geteilt werden: Wie wächst sie mit der Länge einer Anfrage?",
    ),
    # --- losses ----------------------------------------------------------------------------------------------------
    "factor-half": (
        "Ein Faktor ein Halb zu viel",
        "<this> ist halb so groß, wie es sein sollte: Ein Faktor ein Halb wurde eingefügt, der dort nicht hingehört, "
        "oder ein Faktor zwei fehlt.",
        "Vergleichen Sie die Vorfaktoren Ihres Ausdrucks mit denen in der Definition der Verlustfunktion.",
    ),
    "factor-two": (
        "Ein Faktor zwei zu viel",
        "<this> ist doppelt so groß, wie es sein sollte: Ein Faktor ein Halb wurde weggelassen, oder ein Faktor zwei "
        "eingefügt.",
        "Vergleichen Sie die Vorfaktoren Ihres Ausdrucks mit denen in der Definition der Verlustfunktion.",
    ),
    "mean-for-sum": (
        "Ein Mittelwert statt einer Summe",
        "<this> wurde durch eine Anzahl von Datenpunkten oder Ausgaben geteilt, ist aber eine Summe, oder ist schon "
        "geteilt.",
        "Wo teilt die Definition der Verlustfunktion durch eine Anzahl, und wo addiert sie nur?",
    ),
    "sum-for-mean": (
        "Eine Summe statt eines Mittelwerts",
        "<this> wurde nicht durch die Anzahl der Datenpunkte oder Ausgaben geteilt, über die der Verlust gemittelt "
        "wird.",
        "Der Verlust ist ein Mittelwert. Weiß das auch, was aus ihm folgt?",
    ),
    "first-sample-only": (
        "Nur der erste Datenpunkt wurde verwendet",
        "<this> enthält nur den Anteil des ersten Datenpunkts; die anderen wurden weggelassen.",
        "Wie viele Datenpunkte enthält der Batch, und welche davon haben Anteil an Ihrem Ergebnis?",
    ),
    "log-base-2": (
        "Der Logarithmus zur falschen Basis",
        "In <this> wurde der Logarithmus zur Basis zwei statt des natürlichen genommen.",
        "Welchen Logarithmus meint die Definition der Verlustfunktion, und welche Taste haben Sie gedrückt?",
    ),
    "log-base-10": (
        "Der Logarithmus zur falschen Basis",
        "In <this> wurde der Logarithmus zur Basis zehn statt des natürlichen genommen.",
        "Welchen Logarithmus meint die Definition der Verlustfunktion, und welche Taste haben Sie gedrückt?",
    ),
    "loss-sign": (
        "Das Vorzeichen des Verlusts wurde vergessen",
        "<this> hat das falsche Vorzeichen: Das Minus vor den Logarithmen wurde vergessen.",
        "Kann eine Kreuzentropie negativ sein?",
    ),
    "wrong-variance": (
        "Die Varianz mit dem anderen Nenner",
        "Die quadrierten Abstände vom Mittelwert wurden durch eins weniger als ihre Anzahl geteilt, wo die Anzahl "
        "gemeint ist, oder umgekehrt.",
        "Es gibt zwei Definitionen der Varianz einer Stichprobe. Welche wird hier verwendet?",
    ),
    # --- errors ----------------------------------------------------------------------------------------------------
    "path-forgotten": (
        "Ein Weg der Kettenregel wurde vergessen",
        "In <this> fehlt der Beitrag eines der Wege, auf denen das Ergebnis davon abhängt.",
        "Zeichnen Sie den Graphen: Auf wie vielen Wegen läuft eine Änderung bis zum Ende? Ihre Beiträge werden "
        "addiert.",
    ),
    "derivative-dropped": (
        "Die Ableitung der Aktivierung fehlt",
        "Was von oben kommt, wurde nicht mit der Ableitung der Aktivierung bei <net> multipliziert.",
        "Folgen Sie der Kettenregel von der Aktivierung zur Nettoeingabe: Welcher Faktor gehört zu diesem Schritt?",
    ),
    "derivative-at-activation": (
        "Die Ableitung wurde bei der Aktivierung genommen",
        "Die Ableitung der Aktivierungsfunktion wurde bei <activation> statt bei <net> genommen.",
        "Was ist in der Vorwärtspropagation das Argument der Aktivierungsfunktion? Ihre Ableitung hat dasselbe.",
    ),
    "derivative-with-net-input": (
        "In die Formel der Ableitung wurde die Nettoeingabe eingesetzt",
        "Die Formel, die die Ableitung aus <activation> berechnet, wurde mit <net> gefüllt.",
        "Die kurze Formel für diese Ableitung enthält den Funktionswert. Was haben Sie dafür eingesetzt?",
    ),
    "derivative-twice": (
        "Mit der Ableitung der Aktivierung wurde zweimal multipliziert",
        "Das Fehlersignal wurde einmal zu oft mit der Ableitung der Aktivierung bei <net> multipliziert.",
        "Zählen Sie die Faktoren: Jede Funktion auf dem Weg gibt eine Ableitung. Ist eine davon schon enthalten?",
    ),
    "wrong-derivative": (
        "Die Ableitung einer anderen Aktivierungsfunktion",
        "Die Ableitung einer anderen Funktion als der Aktivierung dieser Schicht wurde verwendet.",
        "Welche Aktivierungsfunktion hat diese Schicht? Leiten Sie diese ab.",
    ),
    "softmax-extra-derivative": (
        "Eine weitere Ableitung der Softmax-Funktion",
        "Das Fehlersignal wurde elementweise mit <activation> mal eins minus <activation> multipliziert, obwohl die "
        "Ableitung der Softmax-Funktion schon enthalten ist.",
        "Das Fehlersignal ist die Ableitung nach der Nettoeingabe. Liegt die Softmax-Funktion noch vor Ihnen oder "
        "schon hinter Ihnen?",
    ),
    "error-sign": (
        "Das Vorzeichen des Fehlersignals",
        "<this> hat das falsche Vorzeichen: Der Zielwert wird von der Ausgabe abgezogen, und die Schichten davor geben "
        "das Fehlersignal mit seinem Vorzeichen weiter.",
        "Wenn die Ausgabe größer ist als der Zielwert: Sollte das Fehlersignal positiv oder negativ sein?",
    ),
    "updated-weights-used": (
        "In der Rückwärtspropagation wurden die aktualisierten Gewichte verwendet",
        "Das Fehlersignal lief durch die Gewichte nach der Aktualisierung zurück statt durch die der "
        "Vorwärtspropagation.",
        "Alle Gradienten gehören zu derselben Vorwärtspropagation. Welche Gewichte hat diese verwendet?",
    ),
    # --- matrices --------------------------------------------------------------------------------------------------
    "weights-transposed": (
        "Die Gewichtsmatrix wurde transponiert",
        "Die Gewichtsmatrix in <this> wurde transponiert, wo sie es nicht sein sollte, oder nicht transponiert, wo sie "
        "es sein sollte.",
        "Nehmen Sie ein Gewicht und fragen Sie, welche zwei Einheiten es verbindet. Trifft es in Ihrem Produkt die "
        "richtige Zahl?",
    ),
    "outer-product-transposed": (
        "Der Gradient ist transponiert",
        "<this> ist die Transponierte dessen, was es sein sollte: Die beiden Faktoren des Produkts wurden vertauscht.",
        "Der Gradient hat die Form des Parameters, jeder Eintrag an derselben Stelle.",
    ),
    "bias-gradient-not-summed": (
        "Der Gradient des Bias wurde nicht über die Datenpunkte summiert",
        "<this> enthält einen Gradienten für jeden Datenpunkt; sie wurden nicht addiert.",
        "Der Bias ist für jeden Datenpunkt derselbe. Was bedeutet das für seinen Gradienten, und für dessen Form?",
    ),
    "wrong-layer": (
        "Eine Größe einer anderen Schicht",
        "In <this> wurden Aktivierung, Fehlersignal, Gewichte oder Bias einer anderen Schicht verwendet.",
        "Prüfen Sie bei jeder Größe, die Sie eingesetzt haben, die Schicht.",
    ),
    "entries-swapped": (
        "Einträge wurden vertauscht",
        "Die Zahlen in <this> stimmen, aber zwei Einträge, Zeilen oder Spalten stehen an der Stelle des jeweils "
        "anderen.",
        "Prüfen Sie, wo jede Zahl steht.",
    ),
    "rounded-early": (
        "Zu früh gerundet",
        "<this> wurde aus früheren Ergebnissen berechnet, die auf weniger Stellen gerundet waren, als angegeben sind.",
        "Rechnen Sie mit allen Stellen, die Sie haben, und runden Sie am Ende.",
    ),
    # --- Newton's method -------------------------------------------------------------------------------------------
    "hessian-not-inverted": (
        "Mit der Hesse-Matrix multipliziert statt mit ihrer Inversen",
        "In <this> wurde der Gradient mit der Hesse-Matrix multipliziert; der Newton-Schritt löst ein lineares "
        "Gleichungssystem.",
        "Wo die Funktion stark gekrümmt ist, sollte der Schritt da lang oder kurz sein?",
    ),
    "hessian-forgotten": (
        "Die Hesse-Matrix wurde im Schritt weggelassen",
        "<this> ist der Gradient mit seinem Vorzeichen, als wäre die Hesse-Matrix die Einheitsmatrix.",
        "Was weiß das Newton-Verfahren von der Funktion, was der Gradientenabstieg nicht weiß?",
    ),
    "step-sign": (
        "Das Vorzeichen des Newton-Schritts",
        "<this> hat das falsche Vorzeichen: Der Gradient geht mit einem Minus in das lineare Gleichungssystem ein.",
        "Der Schritt führt dorthin, wo der Gradient verschwindet: Gradient plus Hesse-Matrix mal Schritt ist null.",
    ),
    "step-subtracted": (
        "Der Schritt wurde abgezogen statt addiert",
        "Der Schritt aus <gradient> wurde von <parameter> abgezogen, obwohl das Minus schon enthalten ist.",
        "Zählen Sie die Minuszeichen zwischen dem Gradienten und dem neuen Punkt.",
    ),
    "determinant-sign": (
        "Die Produkte der Determinante wurden addiert",
        "In <this> wurde das Produkt der Einträge neben der Diagonale addiert statt abgezogen.",
        "Was ist die Determinante einer Matrix mit gleichen Zeilen?",
    ),
    # --- updates ---------------------------------------------------------------------------------------------------
    "ascent": (
        "Ein Schritt aufwärts statt abwärts",
        "Der Schritt wurde zu <parameter> addiert statt davon abgezogen, der Verlust wächst also.",
        "Der Gradient zeigt dorthin, wo der Verlust wächst. Wohin wollen Sie?",
    ),
    "learning-rate-omitted": (
        "Die Lernrate wurde weggelassen",
        "Der Schritt aus <gradient> wurde von <parameter> abgezogen, ohne mit <rate> multipliziert zu sein.",
        "Wie groß ist ein Schritt? Der Gradient allein sagt es nicht.",
    ),
    "learning-rate-squared": (
        "Mit der Lernrate wurde zweimal multipliziert",
        "Der Schritt aus <gradient> wurde mit dem Quadrat von <rate> multipliziert statt mit <rate>.",
        "Zählen Sie, wie oft die Lernrate in Ihren Schritt eingegangen ist, auch in den Gradienten.",
    ),
    "not-updated": (
        "Nichts wurde aktualisiert",
        "<this> ist gleich <parameter> von vor dem Schritt.",
        "Was ändert ein Schritt des Gradientenabstiegs, und um wie viel?",
    ),
    # --- estimates -------------------------------------------------------------------------------------------------
    "other-count": (
        "Durch eine andere Anzahl geteilt",
        "<this> wurde durch eine andere Anzahl geteilt als gemeint ist: durch eine Anzahl von Neuronen statt der der "
        "Beispiele, oder durch eins weniger, wo zwei Schätzer einer Varianz gebräuchlich sind.",
        "Über wie viele Dinge wird gemittelt? Zählen Sie sie.",
    ),
    # --- Taylor polynomials ----------------------------------------------------------------------------------------
    "factorial-forgotten": (
        "Die Fakultät wurde weggelassen",
        "<this> ist die Ableitung an der Stelle selbst: Sie wurde nicht durch die Fakultät ihrer Ordnung geteilt.",
        "Leiten Sie eine einzelne Potenz so oft ab, wie ihr Exponent sagt. Welche Zahl bleibt davor stehen?",
    ),
    "order-for-factorial": (
        "Die Ordnung statt ihrer Fakultät",
        "Für <this> wurde die Ableitung durch ihre Ordnung geteilt statt durch deren Fakultät.",
        "Welche Faktoren kommen nacheinander herunter, wenn man eine Potenz bis zum Ende ableitet?",
    ),
    "factorial-before": (
        "Die Fakultät einer anderen Ordnung",
        "Für <this> wurde die Ableitung durch die Fakultät der vorigen Ordnung geteilt.",
        "Welche Ordnung hat die Ableitung, die Sie teilen?",
    ),
}

SENTENCES: Sentences = {
    f"mistake_{part}.{mistake}": sentence
    for table in (
        _MISTAKES,
        *(one.MISTAKES for one in (mistakes_of_programs, mistakes_of_windows, mistakes_of_layers)),
    )
    for mistake, sentences in table.items()
    for part, sentence in zip(("title", "explanation", "hint"), sentences, strict=True)
}
