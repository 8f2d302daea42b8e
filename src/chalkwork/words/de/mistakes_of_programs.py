"""Fehler von Programmen nach ihrem Namen: Titel, Erklärung, Hinweis; in welchem Fall was steht, sagt `mistakes`."""

from __future__ import annotations

MISTAKES: dict[str, tuple[str, str, str]] = {
    # --- chains, quantities ------------------------------------------------------------------------------------------
    "raw-error-sent-back": (
        "Die Differenz von Ausgabe und Zielwert wurde zurückpropagiert",
        "In <this> lief Ausgabe minus Zielwert durch die Gewichte zurück; zu dem, was zurückläuft, gehört die "
        "Ableitung der Aktivierung der Ausgabe.",
        "Ist das, was zurückläuft, die Ableitung nach der Aktivierung oder nach der Nettoeingabe der Schicht darüber?",
    ),
    "derivative-above-dropped": (
        "Die Ableitung der Schicht darüber fehlt",
        "Was in <this> zurückkam, wurde nicht mit der Ableitung der Aktivierung der Schicht multipliziert, aus der es "
        "kommt.",
        "Zwischen zwei Gewichtsmatrizen liegt eine Aktivierungsfunktion. Steht ihre Ableitung im Produkt?",
    ),
    "weights-omitted": (
        "Auf dem Rückweg fehlen die Gewichte",
        "In <this> wurde das Fehlersignal der Schicht darüber nicht mit den Gewichten zwischen den Schichten "
        "multipliziert.",
        "Auf welchem Weg erreicht diese Einheit die Schicht darüber? Was steht auf diesem Weg?",
    ),
    "upstream-dropped": (
        "Was von oben kommt, fehlt",
        "<this> ist allein die lokale Ableitung; sie wurde nicht mit dem multipliziert, was von oben zurückkommt.",
        "Die Kettenregel hat zwei Arten von Faktoren: den lokalen, und was zuvor gefunden wurde. Sind beide da?",
    ),
    "upstream-forgotten-below-zero": (
        "Was von oben kommt, fehlt auf einer Seite der Null",
        "Auf einer Seite der Null enthält <this> allein die Steigung der Aktivierung, nicht multipliziert mit dem, was "
        "von oben kommt.",
        "Sehen Sie sich die Einheiten mit negativer und die mit positiver Nettoeingabe an: Was steht jeweils im "
        "Produkt?",
    ),
    "derivative-sign": (
        "Ein Vorzeichen in der Ableitung",
        "In der Ableitung einer Funktion in <this> steht ein Minus auf der falschen Seite, oder es ist ein Plus.",
        "Steigt oder fällt die Funktion dort? Welches Vorzeichen muss ihre Ableitung also haben?",
    ),
    "function-for-derivative": (
        "Die Funktion an der Stelle ihrer Ableitung",
        "In <this> wurde das, was von oben kommt, mit der Aktivierung oder der Nettoeingabe multipliziert oder in die "
        "Aktivierungsfunktion eingesetzt statt mit deren Ableitung multipliziert.",
        "Die Kettenregel fragt, wie schnell sich die Funktion ändert, nicht, wie groß sie ist.",
    ),
    "softmax-jacobian-diagonal": (
        "Nur die Diagonale der Ableitung der Softmax-Funktion",
        "Jede Ausgabe einer Softmax-Funktion hängt von jeder Nettoeingabe ab; in <this> wurde nur die Abhängigkeit von "
        "der eigenen verwendet.",
        "Wenn eine Nettoeingabe wächst, was wird aus den anderen Ausgaben?",
    ),
    "activation-in-place": (
        "Die Nettoeingabe wurde von der Aktivierung überschrieben",
        "<this> enthält die Aktivierung: Die Nettoeingabe ist verloren, und die Ableitung wird an einer anderen Stelle "
        "genommen.",
        "Arbeitet Ihr Programm auf einer Kopie?",
    ),
    "other-activation": (
        "Eine andere Aktivierungsfunktion",
        "<this> wurde mit einer anderen Aktivierungsfunktion berechnet, als diese Schicht sie hat.",
        "Welche Aktivierungsfunktion hat diese Schicht?",
    ),
    "extra-factor": (
        "Ein Faktor zu viel",
        "<this> wurde einmal öfter mit der Nettoeingabe oder der Aktivierung multipliziert, als die Kettenregel sagt.",
        "Schreiben Sie die Kettenregel für diesen Schritt auf und zählen Sie die Faktoren.",
    ),
    "slope-elsewhere": (
        "Die Steigung an einer anderen Stelle",
        "In <this> wurde die Ableitung dort genommen, wo eine andere Schicht oder ein anderer Knoten ist, nicht bei "
        "der eigenen Nettoeingabe.",
        "An welcher Stelle wird die Ableitung dieser Funktion genommen?",
    ),
    "error-shared-out": (
        "Das Fehlersignal wurde nach den Gewichten aufgeteilt",
        "In <this> wurden die Gewichte durch ihre Summe geteilt, das Fehlersignal also unter ihnen aufgeteilt; die "
        "Kettenregel multipliziert mit dem Gewicht selbst.",
        "Wenn das Gewicht verdoppelt wird und alles andere bleibt, wie viel stärker bewegt sich die Ausgabe mit dieser "
        "Einheit?",
    ),
    "weight-for-input": (
        "Ein Gewicht an der Stelle einer Eingabe",
        "<this> wurde mit den eigenen Gewichten der Schicht berechnet, wo hingehört, was in die Schicht eingeht.",
        "Wie ändert sich die Nettoeingabe, wenn sich ein Gewicht ändert? Womit wird dieses Gewicht multipliziert?",
    ),
    "own-factor": (
        "Ein Faktor an der Stelle dessen, mit dem er multipliziert wird",
        "Die Ableitung eines Produkts nach einem Faktor ist der andere; <this> wurde mit dem Faktor selbst berechnet.",
        "Um wie viel ändert sich ein Produkt, wenn einer seiner Faktoren um eins wächst?",
    ),
    "output-for-input": (
        "Was die Schicht verlässt an der Stelle dessen, was in sie eingeht",
        "<this> wurde mit der Nettoeingabe oder der Aktivierung der Schicht selbst berechnet, nicht mit ihrer Eingabe.",
        "Wie ändert sich die Nettoeingabe, wenn sich ein Gewicht ändert? Womit wird dieses Gewicht multipliziert?",
    ),
    "bias-subtracted": (
        "Der Bias wurde abgezogen",
        "<this> ist die gewichtete Summe der Eingaben minus Bias.",
        "Was geschieht mit der Nettoeingabe einer Einheit, wenn ihr Bias wächst?",
    ),
    "softmax-unstable": (
        "Die Softmax-Funktion läuft über oder unter",
        "Die Exponentialfunktionen in <this> sind größer als jede Zahl oder alle 0, sodass der Quotient keine ist.",
        "Was gibt die Softmax-Funktion, wenn von allen Nettoeingaben dieselbe Zahl abgezogen wird? Welche hilft hier?",
    ),
    "logarithm-of-zero": (
        "Der Logarithmus von null",
        "Eine Ausgabe ist in Gleitkommazahlen dieser Größe genau 0 oder 1, sodass ein Logarithmus in <this> keine Zahl "
        "ist.",
        "Welche Ausgabe wurde genau 0 oder 1? Lässt sich der Verlust aus den Nettoeingaben berechnen?",
    ),
    "absolute-for-square": (
        "Beträge an der Stelle von Quadraten",
        "<this> wurde mit den Beträgen der Fehler berechnet; gemeint sind ihre Quadrate.",
        "Was macht diese Verlustfunktion mit dem Abstand vom Ziel, bevor sie summiert?",
    ),
    "input-forgotten": (
        "Was in die Schicht eingeht, wurde weggelassen",
        "<this> ist allein das Fehlersignal; es ist nicht mit dem multipliziert, was in die Schicht eingeht.",
        "Wie ändert sich die Nettoeingabe, wenn sich ein Gewicht ändert? Womit wird dieses Gewicht multipliziert?",
    ),
    "gradient-for-weights": (
        "Ein Gradient an der Stelle der Gewichte",
        "In <this> wurde der Gradient der Gewichte verwendet, wo die Gewichte selbst hingehören.",
        "Wodurch lief das Signal hier vorwärts? Das Fehlersignal läuft durch dasselbe zurück.",
    ),
    "activation-for-error": (
        "Eine Aktivierung an der Stelle eines Fehlersignals",
        "In <this> wurde eine Aktivierung oder eine Nettoeingabe verwendet, wo das Fehlersignal dieser Schicht "
        "hingehört.",
        "Was läuft durch die Gewichte zurück: was die Einheiten ausgeben, oder wie weit sie daneben liegen?",
    ),
    "activation-for-net-input": (
        "Die Aktivierungsfunktion wurde zweimal angewandt",
        "In <this> wurde die Aktivierungsfunktion auf etwas angewandt, das schon durch sie gegangen war.",
        "Prüfen Sie, was in die Aktivierungsfunktion eingeht.",
    ),
    "other-data": (
        "Mit anderen Daten berechnet",
        "<this> ist richtig für die Daten, die abgegeben wurden, und das sind nicht die der Aufgabe.",
        "Vergleichen Sie die Daten Ihres Programms Zeile für Zeile mit denen der Aufgabe.",
    ),
    # --- products ----------------------------------------------------------------------------------------------------
    "matrix-product-for-elementwise": (
        "Ein Matrixprodukt an der Stelle elementweiser Produkte",
        "In <this> wurde ein Matrixprodukt gebildet, wo jeder Eintrag mit seiner eigenen Steigung zu multiplizieren "
        "ist.",
        "Jede Einheit hat eine Steigung. Welche Operation multipliziert Eintrag für Eintrag?",
    ),
    "elementwise-for-matrix-product": (
        "Elementweise Produkte an der Stelle eines Matrixprodukts",
        "In <this> wurden die Einträge einzeln multipliziert, wo Zeilen und Spalten zu multiplizieren und zu addieren "
        "sind.",
        "Worüber läuft in diesem Schritt die Summe, und welche Operation addiert?",
    ),
    "gradient-not-summed": (
        "Der Gradient wurde nicht über die Datenpunkte summiert",
        "Die Gradienten der Datenpunkte wurden nicht addiert: <this> enthält einen für jeden, oder nur den letzten.",
        "Die Gewichte sind für jeden Datenpunkt dieselben. Was bedeutet das für ihren Gradienten, und für dessen Form?",
    ),
    "summed-over-wrong-axis": (
        "Eine Summe über die falsche Achse",
        "Für <this> wurde über die Einheiten summiert, wo die Summe über die Datenpunkte läuft.",
        "Wovon gibt es eines je Einheit, und wovon eines je Datenpunkt?",
    ),
    "bias-gradient-summed-over-units": (
        "Der Gradient des Bias wurde auch über die Einheiten summiert",
        "<this> ist eine einzige Zahl für alle Einheiten; jede Einheit hat ihren eigenen Bias und dessen Gradienten.",
        "Wie viele Bias-Werte hat die Schicht?",
    ),
    "target-broadcast": (
        "Jede Ausgabe wurde mit jedem Zielwert verglichen",
        "Ein Zielwert ohne seine zweite Achse wurde ausgebreitet, so dass <this> die Ausgabe jedes Datenpunkts gegen "
        "den Zielwert jedes Datenpunkts enthält.",
        "Welche Form haben die beiden Arrays, die Sie subtrahieren, und welche Form hat das Ergebnis?",
    ),
    "shapes-broadcast": (
        "Eine Zeile gegen eine Spalte",
        "In <this> wurden eine Zeile und eine Spalte elementweise verrechnet, und heraus kam eine ganze Tabelle.",
        "Geben Sie die Formen dessen aus, was Sie multiplizieren oder subtrahieren, und die des Ergebnisses.",
    ),
    # --- losses and penalties ----------------------------------------------------------------------------------------
    "loss-sign-of-one-term": (
        "Das Vorzeichen eines Teils des Verlusts",
        "In <this>, oder im Verlust, dessen Ableitung es ist, gilt das Minus davor nur für einen der beiden "
        "Logarithmen.",
        "Wo endet die Klammer, vor der das Minus steht?",
    ),
    "loss-term-forgotten": (
        "Ein Teil des Verlusts wurde vergessen",
        "<this>, oder der Verlust, dessen Ableitung es ist, enthält nur einen der beiden Logarithmen.",
        "Was sagt der Verlust zu den Datenpunkten mit dem Zielwert null, und was zu den anderen?",
    ),
    "penalty-forgotten": (
        "Der Strafterm für die Gewichte wurde vergessen",
        "<this> enthält nur, was die Daten beitragen; auch der Strafterm für die Gewichte hat daran Anteil.",
        "Der Verlust hat zwei Teile. Was trägt der zweite hier bei?",
    ),
    "penalty-sign": (
        "Das Vorzeichen des Strafterms",
        "Der Strafterm wurde in <this> abgezogen; er wird zum Verlust addiert, also auch zum Gradienten.",
        "Große Gewichte sollen etwas kosten. Welches Vorzeichen gibt das dem Strafterm?",
    ),
    "penalty-factor": (
        "Ein Faktor zwei im Strafterm",
        "Der Anteil des Strafterms an <this> ist doppelt oder halb so groß, wie er sein sollte.",
        "Vergleichen Sie den Faktor vor dem Strafterm mit dem, was von ihm bleibt, wenn ein Quadrat abgeleitet wird.",
    ),
    "scaled-apart": (
        "Daten und Strafterm wurden verschieden skaliert",
        "In <this> wurde einer der beiden Teile durch die Anzahl der Datenpunkte geteilt und der andere nicht.",
        "Welcher Teil des Verlusts ist ein Mittelwert über die Datenpunkte?",
    ),
    "bias-penalised": (
        "Der Bias ging in den Strafterm ein",
        "<this> enthält einen Strafterm für den Bias; nur die Gewichte gehen in ihn ein.",
        "Welche Parameter nennt der Strafterm?",
    ),
    # --- layers ------------------------------------------------------------------------------------------------------
    "scale-forgotten": (
        "Die Skalierung einer Normalisierung wurde vergessen",
        "In <this> wurde die Skalierung weggelassen, die auf die Normalisierung folgt.",
        "Was geschieht mit den normalisierten Werten, bevor sie die Schicht verlassen? Auch der Rückweg trifft darauf.",
    ),
    "statistics-as-constants": (
        "Mittelwert und Varianz wurden als Konstanten behandelt",
        "<this> ist, was direkt zurückkommt; auch Mittelwert und Varianz hängen von der Eingabe ab.",
        "Wenn sich eine Eingabe ändert, was ändert sich in der Schicht noch?",
    ),
    "epsilon-outside-root": (
        "Epsilon außerhalb der Wurzel",
        "Epsilon wurde zur Wurzel addiert statt unter ihr.",
        "Wo beginnt die Wurzel?",
    ),
    "epsilon-forgotten": (
        "Epsilon wurde vergessen",
        "In <this> wurde die kleine Zahl unter der Wurzel weggelassen.",
        "Was bewahrt die Division davor zu scheitern, wenn alle Datenpunkte gleich sind?",
    ),
    "variance-for-deviation": (
        "Die Varianz statt der Standardabweichung",
        "In <this> wurde die Wurzel der Varianz nicht gezogen.",
        "In welcher Einheit steht eine Varianz, und in welcher die Eingabe?",
    ),
    "statistics-over-wrong-axis": (
        "Ein Mittelwert über die falsche Achse",
        "<this> wurde über die Einheiten eines Datenpunkts gebildet, wo die Datenpunkte einer Einheit gemeint sind, "
        "oder umgekehrt.",
        "Wie viele Mittelwerte sollte es geben: einen je Einheit oder einen je Datenpunkt?",
    ),
    "dropout-scale": (
        "Dropout mit einer anderen Skalierung",
        "Was in <this> behalten wird, wurde mit einem anderen Faktor skaliert als eins durch den behaltenen Anteil.",
        "Wie groß sollte die Summe über alle Einheiten im Mittel sein, mit Dropout und ohne?",
    ),
    "dropout-mask-forgotten": (
        "Die Maske des Dropouts wurde vergessen",
        "<this> wurde nicht mit der Maske multipliziert.",
        "Was wird aus einer verworfenen Einheit, auf dem Hinweg und auf dem Rückweg?",
    ),
    # --- optimisers --------------------------------------------------------------------------------------------------
    "learning-rate-times-ten": (
        "Eine andere Lernrate",
        "Der Schritt von <parameter> aus ist zehnmal zu lang oder zu kurz.",
        "Welche Lernrate ist angegeben? Zählen Sie ihre Nullen.",
    ),
    "bias-correction-omitted": (
        "Die Korrektur der Momente wurde weggelassen",
        "<this> wurde aus den laufenden Mitteln berechnet, wie sie sind. Sie beginnen bei null, was die Division durch "
        "eins minus die Potenz ihrer Konstante ausgleicht.",
        "Wie groß ist ein laufendes Mittel nach seinem ersten Schritt, wenn es bei null beginnt?",
    ),
    "bias-correction-multiplied": (
        "Mit der Korrektur der Momente wurde multipliziert",
        "Ein laufendes Mittel wurde mit eins minus der Potenz seiner Konstante multipliziert statt dadurch geteilt.",
        "Das laufende Mittel beginnt bei null und ist zu klein. Muss die Korrektur es größer oder kleiner machen?",
    ),
    "bias-correction-without-power": (
        "Die Korrektur der Momente ohne ihre Potenz",
        "Die Konstante in der Korrektur wurde nicht mit der Nummer des Schritts potenziert.",
        "Die Korrektur verschwindet mit der Zahl der Schritte. Wodurch?",
    ),
    "bias-correction-of-another-step": (
        "Die Korrektur der Momente eines anderen Schritts",
        "Die Konstante in der Korrektur wurde mit der Nummer eines anderen Schritts potenziert.",
        "Welche Nummer hat der erste Schritt, und wie oft wird sie erhöht, bis alle Parameter einen Schritt gemacht "
        "haben?",
    ),
    "bias-correction-twice": (
        "Die Korrektur der Momente wurde zweimal gemacht",
        "Die laufenden Mittel sind schon korrigiert und wurden im Schritt noch einmal korrigiert.",
        "Wo gleicht dein Programm aus, dass laufende Mittel bei null beginnen? Geschieht das nur an einer Stelle?",
    ),
    "bias-correction-of-second-moment": (
        "Die Korrektur mit der Konstante des anderen Moments",
        "<this> wurde mit der Konstante korrigiert, die zum anderen laufenden Mittel gehört.",
        "Zwei laufende Mittel, zwei Konstanten: Welche gehört zu diesem?",
    ),
    "epsilon-inside-root": (
        "Epsilon unter der Wurzel",
        "Epsilon wurde unter der Wurzel addiert statt zu ihr.",
        "Wo endet die Wurzel?",
    ),
    "root-forgotten": (
        "Die Wurzel wurde vergessen",
        "In <this> stehen die Quadrate der Gradienten ohne ihre Wurzel.",
        "Was hat die Einheit eines Gradienten: sein Quadrat oder dessen Wurzel?",
    ),
    "old-velocity-used": (
        "Die Geschwindigkeit des vorigen Schritts",
        "Der Schritt wurde mit dem gemacht, was die Geschwindigkeit oder die laufenden Mittel vor ihrer eigenen "
        "Aktualisierung waren.",
        "In welcher Reihenfolge werden Geschwindigkeit und Parameter erneuert?",
    ),
    "nesterov-for-momentum": (
        "Die andere Art von Momentum",
        "Der Schritt ist der des Nesterov-Momentums, wo das gewöhnliche gemeint ist, oder umgekehrt.",
        "Zwei Regeln heißen Momentum. Welche nennt die Aufgabe?",
    ),
    "velocity-sign": (
        "Ein Vorzeichen in der Geschwindigkeit",
        "In <this> haben Gradient und Geschwindigkeit verschiedene Vorzeichen, obwohl beide bergab führen sollen.",
        "Welche der beiden Zeilen hat das Minus des Gradientenabstiegs?",
    ),
    "moment-weights": (
        "Die beiden Teile eines laufenden Mittels haben andere Gewichte",
        "In <this> haben das Behaltene und das Neue jeweils das Gewicht des anderen, oder das Neue ein eigenes.",
        "Wie viel vom Alten behält ein laufendes Mittel, und wie viel vom Neuen nimmt es auf?",
    ),
    "state-not-kept": (
        "Was von den Schritten davor behalten wird, ging verloren",
        "<this> besteht nur aus dem Gradienten dieses Schritts; was es davor war, hat keinen Anteil daran.",
        "Bleiben Geschwindigkeit und laufende Mittel in deinem Programm von einem Schritt zum nächsten erhalten?",
    ),
    "square-forgotten": (
        "Das Quadrat des Gradienten wurde vergessen",
        "<this> ist das laufende Mittel des Gradienten selbst; gemeint ist das seines Quadrats.",
        "Wovon ist das zweite laufende Mittel ein Mittel?",
    ),
    "gradient-accumulated": (
        "Der Gradient des vorigen Schritts wurde nicht gelöscht",
        "<this> enthält neben dem eigenen auch den Gradienten des vorigen Schritts.",
        "Was steht dort, wo der Gradient aufsummiert wird, wenn der nächste Schritt beginnt?",
    ),
    "step-of-another-parameter": (
        "Der Schritt eines anderen Parameters",
        "Der Gradient, der von <parameter> abgezogen wurde, gehört zu einem anderen Parameter.",
        "Nach welchem Parameter wurde jeder Gradient gebildet?",
    ),
}
