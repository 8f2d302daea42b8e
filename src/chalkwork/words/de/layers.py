"""Die Sätze der Schichtarten: zu ihren Gleichungen, in der Liste der Schichten, in Zeichnungen."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    # --- in the list of layers, in drawings ------------------------------------------------------------------------
    "layer.listed": "<layer> (<activation>)",
    "layer.titled": "<layer>, <activation>",
    "layer.after": "<below>, <layer>",
    "layer_title.input": "Eingabe",
    "layer_title.hidden": "verdeckt: <activation>",
    "layer_title.output": "Ausgabe: <activation>",
    # --- fully connected -------------------------------------------------------------------------------------------
    "dense.way_back": "<error> durch die Gewichte <weights> zurückpropagiert",
    # --- batch normalisation and layer normalisation ---------------------------------------------------------------
    "batch_norm.name": "eine Batch-Normalisierung",
    "batch_norm.title": "Batch-Norm",
    "batch_norm.mean": "Batch-Normalisierung (Schicht <layer>)<again>: für jede Einheit der Mittelwert von <below> "
    "über <samples> des Batches.",
    "batch_norm.variance": "Die <kind> Varianz über den Batch: die quadrierten Abweichungen von <mean>, geteilt durch "
    "$<divisor> = <number>$.",
    "batch_norm.biased": "verzerrte",
    "batch_norm.unbiased": "unverzerrte",
    "batch_norm.normalised": "Normalisiert<again>: Jede Einheit bekommt über den Batch den Mittelwert 0 und die "
    "Varianz 1; <epsilon> hält die Wurzel von 0 fern.",
    "batch_norm.inference": "Batch-Normalisierung (Schicht <layer>)<again>: Bei der Inferenz treten die laufenden "
    "Werte <mean> und <variance> an die Stelle derer eines Batches.",
    "batch_norm.running_mean": "Laufende Werte: Der neue Batch zählt <new>, das bisher Bekannte <old><momentum>.",
    "batch_norm.momentum": " (Momentum im Sinne von PyTorch; bei Keras ist es das Gewicht der alten Werte)",
    "batch_norm.running_variance": "Laufende Werte: Der neue Batch zählt <new>, das bisher Bekannte <old>; es ist die "
    "<kind> Varianz.",
    "batch_norm.other_variance": "Laufende Werte: Der neue Batch zählt <new>, das bisher Bekannte <old>; laufend ist "
    "es die <kind> Varianz, die durch $<divisor>$ statt durch $<other>$ teilt.",
    "batch_norm.shift_gradient": "Gradient der Verschiebung: Sie wird bei jedem Datenpunkt addiert, also wird <error> "
    "über die Datenpunkte summiert.",
    "batch_norm.by_variance": "Die Varianz <variance> teilt jeden Datenpunkt gleich, sammelt also von allen ein; die "
    "Ableitung von eins durch ihre Wurzel bringt das Halbe und die dritte Potenz.",
    "batch_norm.way_back_inference": "<error> durch die Skalierung mit <scale> und die Wurzel zurückpropagiert",
    "batch_norm.declared_inference": "Die Batch-Normalisierung (Schicht <layer>) nimmt ihre laufenden Werte: Inferenz.",
    "batch_norm.declared": "Die Batch-Normalisierung (Schicht <layer>) nimmt Mittelwert und Varianz des Batches, und "
    "zwar die <kind> Varianz, die durch $<divisor>$ teilt.",
    "batch_norm.batch_of_one": "Ein Batch aus einem Datenpunkt ist sein eigener Mittelwert, seine Varianz ist null: "
    "<normalised> ist null, was auch eingeht, und <net> ist <shift><below>. Batch-Normalisierung trainiert man mit "
    "Batches aus mindestens zwei Datenpunkten.",
    "batch_norm.none_below": ", und kein Fehlersignal erreicht die Schichten darunter",
    "normalised.scaled": "Skaliert und verschoben<again> mit <scale> und <shift>, die gelernt werden: je eines für "
    "jede Einheit.",
    "normalised.by_scaled": "Zurück durch die Skalierung mit <scale>.",
    "normalised.by_mean": "Der Mittelwert <mean> geht in jeden normalisierten Wert ein, und auch in die Varianz; "
    "dieser zweite Teil ist null, denn die Abweichungen von einem Mittelwert haben die Summe null.",
    "normalised.way_back": "das Fehlersignal auf drei Wegen nach <below> zurückpropagiert (direkt, durch die Varianz, "
    "durch den Mittelwert)",
    "normalised.each_sample": ", für jeden Datenpunkt einzeln",
    "normalised.each_position": ", für jede Position einzeln",
    "normalised.scale_gradient": "Gradient der Skalierung: <error> mal das, was skaliert wird, <scaled><summed>.",
    "normalised.over_samples": ", summiert über die Datenpunkte",
    "normalised.over_positions": ", summiert über die Positionen",
    "normalised.over_both": ", summiert über Positionen und Datenpunkte",
    "layer_norm.name": "eine Schicht-Normalisierung",
    "layer_norm.title": "Layer-Norm",
    "layer_norm.mean": "Schicht-Normalisierung (Schicht <layer>)<again>: der Mittelwert von <below> über "
    "<units><each>.",
    "layer_norm.variance": "Die Varianz über die Einheiten: die quadrierten Abweichungen von <mean>, geteilt durch "
    "$<number>$.",
    "layer_norm.normalised": "Normalisiert<again>: Mittelwert 0 und Varianz 1 über die Einheiten; <epsilon> hält die "
    "Wurzel von 0 fern.",
    "layer_norm.shift_gradient": "Gradient der Verschiebung: Sie wird addiert, bekommt also <error><summed>.",
    "layer_norm.by_variance": "Die Varianz <variance> teilt jede Einheit gleich, sammelt also von allen ein; die "
    "Ableitung von eins durch ihre Wurzel bringt das Halbe und die dritte Potenz.",
    "layer_norm.declared": "Die Schicht-Normalisierung (Schicht <layer>) nimmt Mittelwert und Varianz über die <units> "
    "Einheiten<each>; die Varianz teilt durch $<units>$.",
    "rms_norm.name": "eine RMS-Normalisierung",
    "rms_norm.title": "RMS-Norm",
    "rms_norm.size": "Quadratisches Mittel (Schicht <layer>)<again> von <below> über <units><each>; <epsilon> hält es "
    "von 0 fern.",
    "rms_norm.normalised": "Normalisiert<again>: Die Quadrate haben über die Einheiten den Mittelwert 1, bis auf "
    "<epsilon>.",
    "rms_norm.scaled": "Skaliert<again> mit <scale>, das gelernt wird: eines für jede Einheit.",
    "rms_norm.by_size": "<size> teilt jede Einheit gleich, sammelt also von allen ein.",
    "rms_norm.way_back": "das Fehlersignal auf zwei Wegen nach <below> zurückpropagiert (direkt, und durch das "
    "quadratische Mittel)",
    "rms_norm.declared": r"Das quadratische Mittel (Schicht <layer>) hat $\varepsilon$ unter der Wurzel.",
    # --- dropout ---------------------------------------------------------------------------------------------------
    "dropout.name": "ein Dropout (Rate <rate>)",
    "dropout.title": "Dropout <rate>",
    "dropout.inference": "Dropout (Schicht <layer>)<again>: Bei der Inferenz bleibt alles erhalten, unskaliert.",
    "dropout.mask": "Dropout (Schicht <layer>): Die Maske <mask> behält einen Eintrag von <below>, wo sie 1 ist, und "
    "verwirft ihn, wo sie 0 ist; das Teilen durch $1 - <rate>$, den behaltenen Anteil, lässt den Erwartungswert, wie "
    "er war.",
    "dropout.same_mask": "Dropout (Schicht <layer>)<again>, mit derselben Maske <mask>.",
    "dropout.the_mask": "die Maske <mask> des Dropouts",
    "dropout.unchanged": "das Dropout, unverändert",
    "dropout.way_back": "<way> und durch <through>",
    "dropout.way_back_last": "<way> durch <through>",
    "dropout.declared": "Das Dropout (Schicht <layer>) verwirft einen Eintrag mit der Wahrscheinlichkeit <rate> und "
    "teilt im Training durch <kept>, was es behält; bei der Inferenz braucht es daher keine Skalierung.",
    # --- embedding -------------------------------------------------------------------------------------------------
    "embedding.name": "eine Einbettung von <vocabulary> Wörtern mit <units>",
    "embedding.title": "Einbettung",
    "embedding.one_hot": "Einbettung (Schicht <layer>)<again>: jedes Token als Vektor, der an seiner Stelle im "
    "Vokabular 1 ist und sonst 0.",
    "embedding.rows": "Das Produkt nimmt die Zeilen der Tokens aus <table>: nichts wird multipliziert.",
    "embedding.encoded": "Das Produkt nimmt die Zeilen der Tokens aus <table>; <places> wird addiert: darin "
    "unterscheiden sich die Positionen.",
    "embedding.sinusoidal": "Wo ein Token steht: Sinus und Kosinus seiner Position, von 0 an gezählt, von Paar zu Paar "
    "langsamer.",
    "embedding.error": "Der Fehler der Vektoren: <way>.",
    "embedding.gradient": "Eine Zeile des Gradienten ist die Summe der Fehler überall, wo ihr Token steht; was nicht "
    "vorkommt, lernt nichts.",
    "embedding.by_places": "Jede Position wurde einmal zu jedem Beispiel addiert.",
    "embedding.way_back": "zu Tokens geht kein Fehler zurück",
    "embedding.declared": "Tokens werden von <first> an gezählt: Die erste Zeile von <table> ist die des Tokens "
    "<first>.",
    "embedding.padding": "Ein Token 0 ist Auffüllung, dessen Vektor 0 ist.",
    # --- attention -------------------------------------------------------------------------------------------------
    "attention.name": "eine Attention mit <units><heads>",
    "attention.in_heads": " in <heads> Köpfen",
    "attention.shared": ", und auf <heads> Köpfe verteilt, <width> Einträge für jeden, so dass jeder Kopf eine Matrix "
    "hat",
    "attention.head_scores": "Die Scores jedes Kopfes: jede Anfrage mal jeder Schlüssel, geteilt durch die Wurzel "
    "ihrer Länge in einem Kopf.",
    "attention.joined": "In jedem Kopf bekommt jede Position den mit ihren Gewichten gemittelten Wert aller "
    "Positionen; was die Köpfe geben, steht nebeneinander.",
    "attention.output": "Was die Köpfe geben, <all>, gewichtet mit <weights>.",
    "attention.padding": "Welche Positionen zu sehen sind: 1, aber 0, wo alle Einträge der Eingabe 0 sind: das ist "
    "Auffüllung.",
    "attention.masked": "Niemand sieht Auffüllung: Wo <mask> 0 ist, werden die Scores minus unendlich, und der Softmax "
    "gibt ihnen kein Gewicht; die einer Anfrage haben die Summe eins.",
    "attention.masked_causal": "Niemand sieht Auffüllung, und keine Position eine spätere: Wo <mask> 0 ist, und hinter "
    "der eigenen Stelle, werden die Scores minus unendlich, und der Softmax gibt ihnen kein Gewicht.",
    "attention.by_joined": "<error> kommt durch die Gewichte <weights> zu dem zurück, was die Köpfe gaben.",
    "attention.title": "Attention",
    "attention.causal": "Keine Position sieht eine spätere: die Maske $M$ addiert zu diesen Scores minus "
    "unendlich, und der Softmax gibt ihnen kein Gewicht; die einer Anfrage haben die Summe eins.",
    "attention.query": "Attention (Schicht <layer>)<again>: die Anfrage (Query) jeder Position, was sie sucht; <below> "
    "gewichtet mit <weights><shared>.",
    "attention.key": "Der Schlüssel (Key) jeder Position, woran sie zu finden ist; <below> gewichtet mit <weights>.",
    "attention.value": "Der Wert (Value) jeder Position, was sie gibt; <below> gewichtet mit <weights>.",
    "attention.scores": "Die Scores: jede Anfrage mal jeder Schlüssel, geteilt durch die Wurzel ihrer Länge.",
    "attention.shares": "Die Softmax macht aus den Scores einer Anfrage Gewichte, deren Summe eins ist.",
    "attention.mixed": "Jede Position bekommt den mit ihren Gewichten gemittelten Wert aller Positionen.",
    "attention.by_value": "Jeder Wert ging mit den Gewichten <shares> an alle Positionen; mit ihnen kommt <error> "
    "zurück.",
    "attention.by_shares": "Die Ableitung nach diesen Gewichten: <error> einer Position mal die Werte <value>, die sie "
    "bekommen hat.",
    "attention.by_scores": "Zurück durch die Softmax, deren Gewichte <shares> sich je Anfrage zu eins summieren: "
    "Von jeder Ableitung wird das Mittel aller abgezogen.",
    "attention.by_query": "Jede Anfrage wurde mit allen Schlüsseln <key> multipliziert; durch sie kommt <error> "
    "zurück.",
    "attention.by_key": "Jeder Schlüssel wurde mit allen Anfragen <query> multipliziert; durch sie kommt <error> "
    "zurück.",
    "attention.way_back": "das Fehlersignal kommt auf drei Wegen zu <below> (über Anfragen, Schlüssel und Werte)",
    # --- convolution and pooling -----------------------------------------------------------------------------------
    "convolution.net": "Faltung (Schicht <layer>)<again>: Jeder Filter von <weights> liegt der Reihe nach an jeder "
    "Stelle auf <below><steps><rim><gaps>; was er bedeckt, wird Eintrag für Eintrag mit ihm multipliziert und "
    "addiert<channels><bias>.",
    "convolution.stride": ", in Schritten von <stride>",
    "convolution.padding": ", mit einem Rand aus Nullen darum, <padding> breit",
    "convolution.dilation": ", seine Einträge im Abstand <dilation>",
    "convolution.channels": ", über alle <channels> Kanäle",
    "convolution.bias": ", dazu sein Bias in <bias>",
    "convolution.samples": " und Beispiele",
    "convolution.by_weights": "Jedes Gewicht hat <below> an allen Stellen getroffen: Jeder Eintrag, den es traf, wird "
    "mit dem Fehler <error> seiner Stelle multipliziert, und alle Stellen<samples> werden addiert: wieder eine "
    "Korrelation.",
    "convolution.by_bias": "Der Bias eines Filters wurde an jeder Stelle addiert: Sein Gradient ist die Summe der "
    "Fehler aller Stellen<samples>.",
    "convolution.way_back": "<error> geht durch die Kerne <weights> zurück (eine volle Korrelation mit den gedrehten "
    "Kernen: Jeder Eintrag erhält die Fehler aller Fenster, die ihn bedeckten, mal die Gewichte, die er traf)",
    "convolution.turned": "Die Kerne von Schicht <layer> werden um 180° gedreht, bevor sie aufgelegt werden: eine "
    "Faltung im strengen Sinn, geschrieben als Korrelation ⋆ mit rot180.",
    "convolution.correlation": "Die Faltung von Schicht <layer> ist die Kreuzkorrelation ⋆: Ihre Kerne werden nicht "
    "gedreht.",
    "convolution.filter": "eine Faltung mit 1 Filter von <window>",
    "convolution.filters": "eine Faltung mit <n> Filtern von <window>",
    "convolution.title": "Faltung <window>",
    "transposed.net": "Transponierte Faltung (Schicht <layer>)<again>: Jeder Eintrag von <below> wird mit jedem ganzen "
    "Kern von <weights> multipliziert; die Produkte werden aufgelegt, die des nächsten Eintrags um <stride> weiter, "
    "und wo sie sich überdecken, addiert<channels><cut><bias>.",
    "transposed.padding": "; ein Rand von <padding> wird abgeschnitten",
    "transposed.channels": ", über alle <channels> Kanäle",
    "transposed.bias": ", dazu ihr Bias in <bias>",
    "transposed.way_back": "<error> geht durch die Kerne <weights> zurück (eine Korrelation: Jeder Eintrag erhält die "
    "Fehler von allem, worauf er gelegt wurde, mal die Gewichte, mit denen er dort multipliziert wurde)",
    "transposed.declared": "Die transponierte Faltung ⋆ᵀ von Schicht <layer> legt ihre Kerne auf, wie sie sind, nicht "
    "gedreht; sie sind Kanäle × Filter × Fenster. Aus einer Seite von n Einträgen werden (n − 1)s − 2p + d(k − 1) + "
    "1<more>, mit Schrittweite s, Rand p, Abstand d und Kern k.",
    "transposed.more": ", und <size> mehr",
    "transposed.filter": "eine transponierte Faltung mit 1 Filter von <window>",
    "transposed.filters": "eine transponierte Faltung mit <n> Filtern von <window>",
    "transposed.title": "transponierte Faltung <window>",
    "max_pool.largest": "Max-Pooling (Schicht <layer>)<again>: aus jedem Fenster von <window> auf <below> der größte "
    "Eintrag<steps><rim>.",
    "max_pool.way_back": "<error> geht zum größten Eintrag jedes Fensters zurück (die anderen erhalten 0)",
    "max_pool.share": "Wo mehrere Einträge eines Fensters die größten sind (Schicht <layer>), teilen sie den Fehler.",
    "max_pool.first": "Wo mehrere Einträge eines Fensters die größten sind (Schicht <layer>), erhält der erste von "
    "ihnen, Zeile für Zeile, den Fehler.",
    "max_pool.name": "ein Max-Pooling von <window>",
    "max_pool.title": "Max-Pooling <window>",
    "average_pool.mean": "Mittelwert-Pooling (Schicht <layer>)<again>: das Mittel jedes Fensters von <window> auf "
    "<below><steps><rim>.",
    "average_pool.way_back": "<error> geht zu gleichen Teilen an die Einträge jedes Fensters zurück",
    "average_pool.rim": "Die Nullen des Randes zählen in den Mitteln von Schicht <layer> mit.",
    "average_pool.name": "ein Mittelwert-Pooling von <window>",
    "average_pool.title": "Mittelwert-Pooling <window>",
    "global_average.mean": "Globales Mittelwert-Pooling (Schicht <layer>)<again>: von jedem Kanal von <below> das "
    "Mittel über alle Positionen.",
    "global_average.way_back": "<way> (zu gleichen Teilen an alle Positionen eines Kanals)",
    "global_average.name": "ein globales Mittelwert-Pooling",
    "global_average.title": "globales Mittel",
    "pooling.stride": ", in Schritten von <stride>",
    "pooling.padding": ", mit einem Rand von <padding>",
    "pooling.error": "Der Fehler dessen, was zusammengefasst wurde: <way>.",
    "network.image": "Bilder von <size> als Eingabe",
    "network.image_channels": "Bilder von <size> mit <n> Kanälen als Eingabe",
    "network.images": "Ein Beispiel ist ein Bild: Kanäle × Zeilen × Spalten.",
    "network.images_kernels": "Ein Beispiel ist ein Bild: Kanäle × Zeilen × Spalten; Kerne sind Filter × Kanäle × "
    "Zeilen × Spalten.",
    "window.spread": "Ein Eintrag eines Bildes von <size>, und wo er einen Kern von <window> im Ergebnis auflegt.",
    "window.description": "Ein Fenster von <window> auf einem Bild von <size>: was es an seiner ersten Stelle bedeckt, "
    "und der Eintrag, der daraus wird.",
    "blocks.title": "Die Schichten, und die Gewichte der Attention",
    "blocks.description": "Von unten: <blocks>.<weights>",
    "blocks.query": "Anfrage",
    "blocks.key": "Schlüssel",
    "blocks.head": "<weights>, Kopf <head>",
    "window.title": "Das Fenster an seiner ersten Stelle",
    # --- flattening ------------------------------------------------------------------------------------------------
    "flatten.image": "Aneinandergereiht (Schicht <layer>)<again>: Die Karten von <below>, eine nach der anderen, jede "
    "Zeile für Zeile, bilden <vector><each>.",
    "flatten.one_row": "eine Zeile",
    "flatten.one_column": "eine Spalte",
    "flatten.name": "eine Aneinanderreihung zu <units> Einträgen",
    "flatten.title": "aneinandergereiht",
    "flatten.entries_row": "Aneinandergereiht (Schicht <layer>)<again>: Die Einheiten aller Positionen von <below>, "
    "eine Position nach der anderen, bilden eine Zeile<each>.",
    "flatten.entries_column": "Aneinandergereiht (Schicht <layer>)<again>: Die Einheiten aller Positionen von "
    "<below>, eine Position nach der anderen, bilden eine Spalte<each>.",
    "flatten.way_back": "<way> (jeder Eintrag an seine Position)",
    # --- residual connection ---------------------------------------------------------------------------------------
    "residual.name": "eine Residualverbindung von <source>",
    "residual.title": "plus <source>",
    "residual.input": "Eingabe",
    "residual.the_input": "der Eingabe",
    "residual.layer": "Schicht <number>",
    "residual.sum": "Residualverbindung (Schicht <layer>)<again>: <earlier> läuft außen herum und wird zu <below> "
    "addiert.",
    "residual.error_back": "<error> unverändert durch die Summe der Schicht <layer> zurückpropagiert",
    "residual.way_back": "<way> und unverändert durch die Summe der Schicht <layer>",
    "residual.way_back_last": "<way> unverändert durch die Summe der Schicht <layer>",
    # --- recurrent layers ------------------------------------------------------------------------------------------
    "recurrent.start": "Der Zustand vor dem ersten Schritt.",
    "recurrent.last": "Die Schicht gibt ihren letzten Zustand weiter.",
    "recurrent.all": "Die Schicht gibt ihre Zustände aller Schritte weiter.",
    "recurrent.shared": "Alle Schritte haben dieselben Gewichte und Bias; der Gradient von jedem ist die "
    "Summe über die "
    "Schritte.",
    "recurrent.time": "In Schicht <layer> ist <state> ihr Zustand nach Schritt $t$.",
    "recurrent.two_biases": "Sie hat zwei Bias, einen für die Eingabe und einen für den Zustand.",
    "recurrent.truncated": "Fehlersignale laufen über <steps> zurück, in Abschnitten vom letzten Schritt an, und nicht "
    "weiter.",
    "recurrent.way_back": "das Fehlersignal kommt durch die Gewichte jedes Schritts zu <below>",
    "rnn.net": "Nettoeingabe der rekurrenten Schicht<again>: was eingeht, gewichtet mit <weights>, und "
    "der Zustand davor, "
    "gewichtet mit <recurrent>.",
    "rnn.state": "Der neue Zustand: <function>.",
    "rnn.linear": "Die Schicht ist linear: Der neue Zustand ist die Nettoeingabe.",
    "rnn.error": "Zurück durch die Zeit: Der Zustand eines Schritts wirkt auf das, was die Schicht "
    "weitergibt, und auf den "
    "nächsten Schritt, dessen Fehlersignal durch <recurrent> zurückkommt<slope>.",
    "rnn.slope": ", mal <slope>",
    "rnn.jacobians": "Entlang der Zustände wird ein Fehlersignal mit der Jacobi-Matrix jedes Zustands nach dem davor "
    "multipliziert. Das Produkt dieser Matrizen hat 1, 2, ... Schritte vor dem letzten Zustand die Norm <norms>: Das "
    "Fehlersignal <outcome> auf diesem Weg.",
    "rnn.neither": "verschwindet weder noch explodiert es",
    "rnn.vanishes": "verschwindet",
    "rnn.explodes": "explodiert",
    "rnn.name": "eine rekurrente Schicht mit <units> (<function>) über <steps>",
    "rnn.title": "rekurrent, <function>",
    "lstm.forget": "Das Vergessgatter, zwischen 0 und 1: wie viel von der Zelle bleibt.",
    "lstm.input": "Das Eingabegatter: wie viel vom Kandidaten dazukommt.",
    "lstm.candidate": "Der Kandidat für die Zelle, mit dem Tangens hyperbolicus.",
    "lstm.output": "Das Ausgabegatter: wie viel von der Zelle gezeigt wird.",
    "lstm.cell": "Die Zelle: was von der alten bleibt, und was vom Kandidaten dazukommt.",
    "lstm.state": "Der Zustand: der Tangens hyperbolicus der Zelle, so weit das Ausgabegatter ihn zeigt.",
    "lstm.by_state": "Zurück durch die Zeit: Der Zustand eines Schritts wirkt auf das, was die Schicht "
    "weitergibt, und auf "
    "alle Gatter danach.",
    "lstm.by_output": "Das Ausgabegatter hat den Tangens hyperbolicus der Zelle durchgelassen; <slope>.",
    "lstm.by_cell": "Die Zelle wirkt auf den Zustand ihres Schritts und durch das Vergessgatter auf die nächste Zelle.",
    "lstm.by_forget": "Das Vergessgatter hat die Zelle davor multipliziert; <slope>.",
    "lstm.by_input": "Das Eingabegatter hat den Kandidaten multipliziert; <slope>.",
    "lstm.by_candidate": "Der Kandidat kam durch das Eingabegatter; die Ableitung des Tangens hyperbolicus.",
    "lstm.slope": "die Ableitung der Sigmoidfunktion",
    "lstm.declared": "Die Gatter stehen in der Reihenfolge Vergessen, Eingabe, Kandidat, Ausgabe; die "
    "Zelle beginnt bei 0.",
    "lstm.name": "ein LSTM mit <units> über <steps>",
    "lstm.title": "LSTM",
    "gru.reset": "Das Rücksetzgatter, zwischen 0 und 1: wie viel vom Zustand der Kandidat sieht.",
    "gru.update": "Das Aktualisierungsgatter: wie viel vom Zustand ausgetauscht wird.",
    "gru.candidate_after": "Der Kandidat: Das Rücksetzgatter multipliziert Gewichte mal Zustand.",
    "gru.candidate_before": "Der Kandidat: Das Rücksetzgatter multipliziert zuerst den Zustand.",
    "gru.state": "Der Zustand: ein Mittel aus dem alten und dem Kandidaten, gewichtet vom Aktualisierungsgatter.",
    "gru.by_state": "Zurück durch die Zeit: Der Zustand eines Schritts wirkt auf das, was die Schicht "
    "weitergibt, direkt auf "
    "den nächsten Zustand, und auf die Gatter und den Kandidaten des nächsten Schritts.",
    "gru.by_update": "Das Aktualisierungsgatter wägt den Kandidaten gegen den alten Zustand ab; die Ableitung der "
    "Sigmoidfunktion.",
    "gru.by_candidate": "Der Kandidat, mit seinem Gewicht im Zustand; die Ableitung des Tangens hyperbolicus.",
    "gru.by_reset": "Das Rücksetzgatter, allein durch den Kandidaten; die Ableitung der Sigmoidfunktion.",
    "gru.weighs_new": "Das Gatter <gate> gewichtet den Kandidaten, 1 minus es den Zustand.",
    "gru.weighs_old": "Das Gatter <gate> gewichtet den Zustand, 1 minus es den Kandidaten.",
    "gru.resets_before": "Das Rücksetzgatter multipliziert den Zustand, bevor es die Gewichte tun.",
    "gru.resets_after": "Das Rücksetzgatter multipliziert das Produkt aus Gewichten und Zustand.",
    "gru.name": "eine GRU mit <units> über <steps>",
    "gru.title": "GRU",
}
