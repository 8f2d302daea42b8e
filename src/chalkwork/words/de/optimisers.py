"""Die Sätze der Aktualisierungsregeln, nach ihrem Namen."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    "optimiser.gradient_descent": "Gradientenabstieg: Jeder Parameter bewegt sich entgegen seinem Gradienten, um das "
    "{eta}-Fache davon.",
    "optimiser.momentum": "Momentum für <p>: Die Geschwindigkeit <v> behält den Anteil {mu} ihrer selbst und nimmt den "
    "Gradienten auf.",
    "optimiser.nesterov": "Nesterov-Momentum für <p>: der Gradient, und was die Geschwindigkeit <v> als Nächstes tun "
    "wird.",
    "optimiser.adagrad": "AdaGrad für <p>: <r> summiert elementweise die Quadrate aller Gradienten, und die Lernrate "
    "wird durch die Wurzel davon geteilt; <etahat> ist, was von ihr bleibt.",
    "optimiser.rmsprop": "RMSProp für <p>: Der Gradient wird elementweise durch die Wurzel seines mittleren Quadrats "
    "<v> geteilt.",
    "optimiser.adam": "Adam für <p>: laufende Mittel des Gradienten, <m>, und seines Quadrats, <v>; beide beginnen bei "
    "null, was <mhat> und <vhat> ausgleichen; dann wird das eine elementweise durch die Wurzel des anderen geteilt.",
    "optimiser.adamw": "AdamW für <p>: laufende Mittel des Gradienten, <m>, und seines Quadrats, <v>, für den Beginn "
    "bei null korrigiert als <mhat> und <vhat>; außerdem schrumpft der Parameter um das {eta} {decay}-Fache seiner "
    "selbst.",
    "optimiser.lion": "Lion für <p>: Jeder Eintrag bewegt sich um {eta} gegen das Vorzeichen von <mhat>, dem laufenden "
    "Mittel <m> mit mehr vom Gradienten darin; dieses selbst ändert sich langsam.",
    # --- in "Aktualisieren Sie nach der Regel ..." -----------------------------------------------------------------
    "rule.gradient_descent": "des Gradientenabstiegs",
    "rule.momentum": "Momentum",
    "rule.nesterov": "Nesterov-Momentum",
    "rule.adagrad": "AdaGrad",
    "rule.rmsprop": "RMSProp",
    "rule.adam": "Adam",
    "rule.adamw": "AdamW",
    "rule.lion": "Lion",
}
