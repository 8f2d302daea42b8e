"""Aktivierungen nach ihrer Operation: Name, Funktion (im Akkusativ, nach "durch"), Ableitung (im Dativ, nach "mit")."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    "activation.identity": "Identität",
    "activation_function.identity": "die Identität, elementweise",
    "activation_slope.identity": "der Ableitung der Identität",
    "activation.sigmoid": "Sigmoid",
    "activation_function.sigmoid": r"die Sigmoidfunktion, $\sigma(<x>) = 1/(1 + e^{-<x>})$, elementweise",
    "activation_slope.sigmoid": "der Ableitung der Sigmoidfunktion, $<y> (1 - <y>)$",
    "activation.log_sigmoid": "Log-Sigmoid",
    "activation_function.log_sigmoid": r"die Log-Sigmoid-Funktion, $\log \sigma(<x>) = -\log(1 + e^{-<x>})$, "
    "elementweise",
    "activation_slope.log_sigmoid": r"der Ableitung der Log-Sigmoid-Funktion, $1 - \sigma(<x>)$",
    "activation.tanh": "tanh",
    "activation_function.tanh": "den Tangens hyperbolicus, elementweise",
    "activation_slope.tanh": "der Ableitung des tanh, $1 - <y>^2$",
    "activation.relu": "ReLU",
    "activation_function.relu": r"die ReLU, $\max(0, <x>)$, elementweise",
    "activation_slope.relu": "der Ableitung der ReLU, die 1 ist, wo $<x> > 0$, sonst 0 (bei 0 nehmen wir <at_zero>)",
    "activation.step": "Stufe",
    "activation_function.step": "die Stufe, elementweise: 1, wo $<x> > 0$, 0, wo $<x> < 0$, und <at_zero> bei 0",
    "activation_slope.step": "der Ableitung der Stufe",
    "activation.sign": "Vorzeichen",
    "activation_function.sign": "das Vorzeichen, elementweise: 1, wo $<x> > 0$, −1, wo $<x> < 0$, und <at_zero> bei 0",
    "activation_slope.sign": "der Ableitung des Vorzeichens",
    "activation.leaky_relu": "Leaky ReLU",
    "activation_function.leaky_relu": r"die Leaky ReLU, elementweise: $<x>$, wo $<x> > 0$, sonst $<alpha> \, <x>$",
    "activation_slope.leaky_relu": "der Ableitung der Leaky ReLU, die 1 ist, wo $<x> > 0$, sonst <alpha> (bei 0 nehmen "
    "wir <at_zero>)",
    "activation.elu": "ELU",
    "activation_function.elu": "die ELU, elementweise: $<x>$, wo $<x> > 0$, sonst $<alpha*>(e^{<x>} - 1)$",
    "activation_slope.elu": "der Ableitung der ELU, die 1 ist, wo $<x> > 0$, sonst $<alpha*>e^{<x>}$",
    "activation.softplus": "Softplus",
    "activation_function.softplus": r"die Softplus-Funktion, $\log(1 + e^{<x>})$, elementweise",
    "activation_slope.softplus": r"der Ableitung der Softplus-Funktion, $\sigma(<x>)$",
    "activation.silu": "SiLU",
    "activation_function.silu": r"die SiLU, $<x> \sigma(<x>)$, elementweise",
    "activation_slope.silu": "der Ableitung der SiLU",
    "activation.gelu": "GELU",
    "activation_function.gelu": r"die GELU, $<x> \Phi(<x>)$, elementweise, mit der Verteilungsfunktion $\Phi$ der "
    "Standardnormalverteilung",
    "activation_slope.gelu": "der Ableitung der GELU",
    "activation.mish": "Mish",
    "activation_function.mish": r"die Mish-Funktion, $<x> \tanh(\log(1 + e^{<x>}))$, elementweise",
    "activation_slope.mish": "der Ableitung der Mish-Funktion",
    "activation.softsign": "Softsign",
    "activation_function.softsign": "die Softsign-Funktion, $<x>/(1 + |<x>|)$, elementweise",
    "activation_slope.softsign": "der Ableitung der Softsign-Funktion, $1/(1 + |<x>|)^2$",
    "activation.softmax": "Softmax",
    "activation_function.softmax": "die Softmax-Funktion",
    "activation_slope.softmax": "der Ableitung der Softmax-Funktion",
    "activation.log_softmax": "Log-Softmax",
    "activation_function.log_softmax": "den Logarithmus der Softmax-Funktion",
    "activation_slope.log_softmax": "der Ableitung der Log-Softmax-Funktion",
}
