"""Die Sätze zu den Gleichungen eines Netzes. Was `of.` heißt, steht im Genitiv; ein Datenpunkt ist ein `sample`."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    # --- headings --------------------------------------------------------------------------------------------------
    "stage.forward": "Vorwärtspropagation",
    "stage.backward": "Rückwärtspropagation (Backpropagation)",
    "stage.update": "Aktualisierung der Parameter",
    "stage.re-evaluation": "Vorwärtspropagation nach der Aktualisierung",
    "stage.of_step": "<stage>, Schritt <step>",
    "stage.forward_after": "Vorwärtspropagation nach Schritt <step>",
    # --- what sentences share --------------------------------------------------------------------------------------
    "again": " mit den aktualisierten Parametern",
    "each_sample": " jedes Datenpunkts",
    "each_position": " jeder Position",
    "of.output_layer": "der Ausgabeschicht",
    "of.hidden_layer": "der verdeckten Schicht",
    "of.hidden_layer_number": "der verdeckten Schicht <number>",
    "of.layer_number": "der Schicht <number>",
    # --- forward ---------------------------------------------------------------------------------------------------
    "net_input": "Nettoeingabe <layer><again>: die Eingaben <below>, gewichtet mit <weights><bias>.",
    "net_input.bias": ", plus der Bias <bias><place>",
    "net_input.in_every_column": " in jeder Spalte",
    "net_input.in_every_row": " in jeder Zeile",
    "activation.output": "Ausgabe",
    "activation.of": "Aktivierung <layer>",
    "activation_is.net_input": "<what><again>: die Nettoeingabe selbst.",
    "activation_is.softmax": "<what><again> durch die Softmax-Funktion, die die Nettoeingaben<each> in "
    "Wahrscheinlichkeiten mit der Summe eins überführt: ihre Potenzen von e, geteilt durch deren Summe.",
    "activation_is.function": "<what><again> durch <function>.",
    # --- the loss --------------------------------------------------------------------------------------------------
    "loss.squared_error": "quadratischer Fehler",
    "loss.mean_squared_error": "mittlerer quadratischer Fehler",
    "loss.half_the_mean_squared_error": "halber mittlerer quadratischer Fehler",
    "loss.cross-entropy": "Kreuzentropie",
    "loss.binary_cross-entropy": "binäre Kreuzentropie",
    "the_loss.cross-entropy": "die Kreuzentropie",
    "the_loss.binary_cross-entropy": "die binäre Kreuzentropie",
    "of_loss.squared_error": "des quadratischen Fehlers",
    "of_loss.mean_squared_error": "des mittleren quadratischen Fehlers",
    "of_loss.half_the_mean_squared_error": "des halben mittleren quadratischen Fehlers",
    "of_loss.cross-entropy": "der Kreuzentropie",
    "of_loss.binary_cross-entropy": "der binären Kreuzentropie",
    "loss_by.logarithm": "<^title><again> (natürlicher Logarithmus), <over><more>.",
    "loss_by.squares": "<^title><again>: die quadrierte Differenz von Ausgabe und Zielwert, <over><more>.",
    "loss_by.half_the_squares": "<^title><again>: die Hälfte der quadrierten Differenz von Ausgabe und Zielwert, "
    "<over><more>.",
    "loss_by.times_the_squares": "<^title><again>: <factor> mal die quadrierte Differenz von Ausgabe und Zielwert, "
    "<over><more>.",
    "loss_is": "Die Verlustfunktion ist <title>, <over><more>.",
    "loss_is.half": "Die Verlustfunktion ist <title> mit dem Faktor 1/2, <over><more>.",
    "loss_is.times": "Die Verlustfunktion ist <title> mit dem Faktor <factor>, <over><more>.",
    "loss_is.squares": "Die Verlustfunktion ist der quadratische Fehler, <over><more>.",
    "loss_is.half_the_squares": "Die Verlustfunktion ist der halbe quadratische Fehler, <over><more>.",
    "loss_is.times_the_squares": "Die Verlustfunktion ist der quadratische Fehler mit dem Faktor <factor>, "
    "<over><more>.",
    "loss_over.summed": "summiert über die <what>",
    "loss_over.averaged": "gemittelt über die <what>",
    "loss_over.both": "<first>, <second>",
    "loss_over.one": "für die einzige Ausgabe",
    "loss_over.outputs": "Ausgaben",
    "loss_over.samples": "Datenpunkte",
    "loss_over.counted": "$m = <m>$ Datenpunkte",
    "loss_over.positions": "Positionen",
    "loss_over.steps": "Schritte",
    "loss_more.weighted": ", jeder Datenpunkt mal sein Gewicht {w}",
    "loss_more.penalty": ", plus <parts><at_zero><only>",
    "loss_more.both": "<weighted><penalty>",
    "penalty.lambda1": "{lambda1} mal die Summe der Beträge der Gewichte",
    "penalty.lambda2": "die Hälfte von {lambda2} mal die Summe der quadrierten Gewichte",
    "penalty.at_zero": " (die Ableitung von $|w|$ bei 0 wird als 0 genommen)",
    "penalty.only_weights": "; nur die Gewichtsmatrizen gehen in den Strafterm ein",
    # --- backward --------------------------------------------------------------------------------------------------
    "error.output": "Fehlersignal der Ausgabeschicht. <why>",
    "error.of_identity": "Fehlersignal <layer>: <way>; die Aktivierung ist die Identität, ihre Ableitung also 1.",
    "error.through_jacobian": "Fehlersignal <layer>: <way>, dann durch die Jacobi-Matrix der <activation>-Funktion.",
    "error.by_slope": "Fehlersignal <layer>: <way> und elementweise multipliziert mit <slope>.",
    "error.by_slope_of_one": "Fehlersignal <layer>: <way> und multipliziert mit <slope>.",
    "error_weighted": ", mal das Gewicht {w} des Datenpunkts",
    "output_error.softmax": "Softmax mit Kreuzentropie: Die Zielwerte<each> haben die Summe eins, daher vereinfacht "
    "sich das Produkt zu Ausgabe minus Zielwert<weighted>.",
    "output_error.sigmoid": "Sigmoid mit binärer Kreuzentropie: Die Ableitung der Sigmoidfunktion kürzt sich gegen "
    "die Nenner, es bleibt Ausgabe minus Zielwert<weighted>.",
    "output_error.identity": "Die Ausgabe ist linear, es ist also die Ableitung des Verlusts nach der Ausgabe.",
    "output_error.through_jacobian": "Die Ableitung des Verlusts nach der Ausgabe geht durch die Jacobi-Matrix der "
    "<activation>-Funktion, in der jede Ausgabe von jeder Nettoeingabe abhängt.",
    "output_error.by_slope": "Die Ableitung des Verlusts nach der Ausgabe, elementweise multipliziert mit <slope>.",
    "output_error.by_slope_of_one": "Die Ableitung des Verlusts nach der Ausgabe, multipliziert mit <slope>.",
    "way_back.loss": "die Ableitung des Verlusts nach <output>, zurückpropagiert",
    "way_back.two": "<first>; <second>",
    "way_back.added": "<ways>; was auf beiden Wegen ankommt, wird addiert",
    "weight_gradient": "Gradient der Gewichte: das Fehlersignal <error> der Schicht mal ihre Eingaben "
    "<below><summed><penalty>.",
    "weight_gradient.over_samples": "; das Matrixprodukt summiert über die Datenpunkte",
    "weight_gradient.over_positions": "; das Matrixprodukt summiert über die Positionen",
    "weight_gradient.over_both": "; das Matrixprodukt summiert über die Positionen, dazu die Summe über die "
    "Datenpunkte",
    "weight_gradient.penalty": "; vom Strafterm kommt hinzu: <parts>",
    "penalty_slope.lambda1": "{lambda1} mal die Vorzeichen der Gewichte",
    "penalty_slope.lambda2": "{lambda2} mal die Gewichte",
    "bias_gradient": "Gradient des Bias: Er wird zur Nettoeingabe addiert, sein Gradient ist also <error> selbst.",
    "bias_gradient.over_samples": "Gradient des Bias: Er wird bei jedem Datenpunkt addiert, also wird <error> über die "
    "Datenpunkte summiert.",
    "bias_gradient.over_positions": "Gradient des Bias: Er wird an jeder Position addiert, also wird <error> über die "
    "Positionen summiert.",
    "bias_gradient.over_both": "Gradient des Bias: Er wird an jeder Position jedes Datenpunkts addiert, also wird "
    "<error> über beides summiert.",
    "loss_derivative": "Die Ableitung <title> nach den Ausgaben, elementweise.",
    "softmax_jacobian": "Die Jacobi-Matrix der Softmax-Funktion: die Ausgaben <output> auf der Diagonale, minus das "
    "Produkt jedes Paars von Ausgaben; sie ist symmetrisch.",
    "long_product": "Fehlersignal der Ausgabeschicht auf dem langen Weg: die Ableitung des Verlusts mal die der "
    "Aktivierung.",
    # --- the class -------------------------------------------------------------------------------------------------
    "prediction.largest": "Vorhergesagte Klasse: die Einheit mit der größten Ausgabe, von 1 an gezählt.",
    "prediction.above_half": "Vorhergesagte Klasse: 1, wo die Ausgabe größer als ein Halb ist, sonst 0.",
    "prediction.positive": "Vorhergesagte Klasse: 1, wo die Ausgabe positiv ist, sonst 0.",
    "predicted.classes": "Die vorhergesagten Klassen sind <classes>.",
    "predicted.and_next": "<one>, <other>",
    "predicted.none": "keine",
    "predicted.class": "Das Netz sagt die Klasse <value> vorher.",
    "predicted.largest": "Ausgabe <value> ist die größte, also sagt das Netz die Klasse <value> vorher.",
    "tie.border": "Die Ausgabe ist genau <limit>, auf der Grenze der beiden Klassen: Das Netz entscheidet sich für "
    "keine, wofür 0.5 steht.",
    "tie.border_of_sample": "Datenpunkt <sample>: Die Ausgabe ist genau <limit>, auf der Grenze der beiden Klassen: "
    "Das Netz entscheidet sich für keine, wofür 0.5 steht.",
    "tie.one_half": "ein Halb",
    "tie.some": "Die Ausgaben <who> sind gleich und die größten: Das Netz entscheidet sich für keine Klasse, wofür 0 "
    "steht.",
    "tie.some_of_sample": "Datenpunkt <sample>: Die Ausgaben <who> sind gleich und die größten: Das Netz entscheidet "
    "sich für keine Klasse, wofür 0 steht.",
    "tie.all": "Alle Ausgaben sind gleich: Das Netz entscheidet sich für keine Klasse, wofür 0 steht.",
    "tie.all_of_sample": "Datenpunkt <sample>: Alle Ausgaben sind gleich: Das Netz entscheidet sich für keine Klasse, "
    "wofür 0 steht.",
    "tie.more": {"one": "<n> weiterer Datenpunkt ohne Klasse.", "other": "<n> weitere Datenpunkte ohne Klasse."},
    # --- around the equations --------------------------------------------------------------------------------------
    "network.has": "Das Netz hat <parts>.",
    "network.inputs_at_positions": {
        "one": "<inputs> an einer Position",
        "other": "<inputs> an jeder von <n> Positionen",
    },
    "network.inputs_at_steps": {"one": "<inputs> in einem Schritt", "other": "<inputs> in jedem von <n> Schritten"},
    "network.steps_rows": "Ein Datenpunkt ist eine Matrix mit einem Schritt in jeder Zeile.",
    "network.steps_columns": "Ein Datenpunkt ist eine Matrix mit einem Schritt in jeder Spalte.",
    "network.positions_rows": "Bis zum Aneinanderreihen ist ein Datenpunkt eine Matrix mit einer Position "
    "in jeder Zeile.",
    "network.positions_columns": "Bis zum Aneinanderreihen ist ein Datenpunkt eine Matrix mit einer Position "
    "in jeder Spalte.",
    "network.no_gradient": "Die Ableitung der Aktivierung (<activation>) ist 0, wo es sie gibt: es gibt keinen "
    "Gradienten, mit dem man zurückgehen könnte.",
    "network.samples_columns_out_in": "Die Datenpunkte sind Spalten, die Gewichtsmatrizen sind Ausgaben × Eingaben.",
    "network.samples_columns_in_out": "Die Datenpunkte sind Spalten, die Gewichtsmatrizen sind Eingaben × Ausgaben.",
    "network.samples_rows_out_in": "Die Datenpunkte sind Zeilen, die Gewichtsmatrizen sind Ausgaben × Eingaben.",
    "network.samples_rows_in_out": "Die Datenpunkte sind Zeilen, die Gewichtsmatrizen sind Eingaben × Ausgaben.",
    "counted.steps": {"one": "<n> Schritt", "other": "<n> Schritte"},
    "counted.inputs": {"one": "<n> Eingabe", "other": "<n> Eingaben"},
    "counted.outputs": {"one": "<n> Ausgabe", "other": "<n> Ausgaben"},
    "counted.hidden": {"one": "<n> verdeckte Einheit", "other": "<n> verdeckte Einheiten"},
    "counted.units": {"one": "<n> Einheit", "other": "<n> Einheiten"},
    "counted.samples": {"one": "<n> Datenpunkt", "other": "<n> Datenpunkte"},
    "counted.weights": {"one": "<n> Gewicht", "other": "<n> Gewichte"},
    "counted.parameters": {"one": "<n> Parameter", "other": "<n> Parameter"},
    "parameters.weights": {"one": "<sizes> Gewicht", "other": "<sizes> Gewichte"},
    "parameters.biases": {"one": "<sizes> Bias-Wert", "other": "<sizes> Bias-Werte"},
    "parameters.scales": {"one": "<sizes> Skalierung", "other": "<sizes> Skalierungen"},
    "parameters.shifts": {"one": "<sizes> Verschiebung", "other": "<sizes> Verschiebungen"},
    "parameters.weights_only": "Das Netz hat <sizes> = <total> und keine Bias-Werte.",
    "parameters.listed": "Das Netz hat <parts>: insgesamt <total>.",
    "loss_change.not_seen": "Der Verlust hat sich um weniger als die gezeigten Stellen geändert: <loss> = <value>.",
    "loss_change.none": "Der Verlust hat sich gar nicht geändert: <loss> = <value>.",
    "loss_change.lower": "Die Aktualisierung hat den Verlust von <before> auf <after> gesenkt.",
    "loss_change.higher": "Der Verlust ist von <before> auf <after> gestiegen: Der Schritt mit dieser Lernrate schießt "
    "über das Ziel hinaus, ein kleinerer würde ihn senken.",
    "vanished.first": "Kein Fehlersignal erreicht diese Schicht: Ihre Gradienten sind null, die Parameter behalten "
    "ihre Werte.",
    "vanished.others": "Kein Fehlersignal erreicht diese Schicht: Ihre Gradienten und die der Schichten darunter sind "
    "null, die Parameter behalten ihre Werte.",
    "vanished.equal_weights": "Das Fehlersignal verschwindet, <above> aber nicht: Alle Gewichte, die von einer "
    "verdeckten Einheit ausgehen, sind in <weights> gleich; zu ihr kommt also dieses Gewicht mal die Summe der "
    "Einträge von <above> zurück. Ausgaben und Zielwerte haben beide die Summe eins, diese Summe ist daher 1 − 1 = 0. "
    "Kein Gradient erreicht <which>: Die Parameter dort behalten ihre Werte.",
    "vanished.this_layer": "diese Schicht",
    "vanished.this_layer_and_below": "diese Schicht und die darunter",
}
