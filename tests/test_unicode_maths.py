"""The LaTeX of an author's prose in a terminal: nothing is lost, and nothing means something else."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest

from chalkwork.documents.model import Document, Paragraph
from chalkwork.documents.terminal import plain_prose, to_text
from chalkwork.typesetting.latex_signs import ACCENTS, ALPHABETS, FUNCTIONS, LETTERS, SIGNS
from chalkwork.typesetting.notation import GREEK, Notation
from chalkwork.typesetting.unicode_maths import maths_lines, plain_maths

WRITTEN = {
    # letters and their marks
    r"\hat{y}": "ŷ",
    r"\hat p_{data}": "p̂_data",
    r"\hat{p}_{\text{data}}(\mathbf{x})": "p̂_data(x)",
    r"\hat{\theta}_{\text{ML}}": "θ̂_ML",
    r"\tilde x, \vec{v}, \bar{x}^2, \dot a": "x̃, v⃗, x̄², ȧ",
    r"\varepsilon = 10^{-8}": "ε = 10⁻⁸",
    r"\mathbb{E}_{x \sim P}[x]": "𝔼_(x ∼ P)[x]",
    r"\mathbb R^n": "ℝⁿ",
    r"\mathcal{N}(0, \sigma^2)": "𝒩(0, σ²)",
    r"\mathbb{1}[x > 0]": "𝟙[x > 0]",
    r"\mathbf{W}\mathbf{x}": "Wx",
    # what belongs together stays together
    r"\sqrt{\frac{2}{a+b}}": "√(2/(a+b))",
    r"\frac{x}{2n}": "x/(2n)",
    r"\frac{1}{ab}": "1/(ab)",
    r"e^{-\frac{x^2}{2\sigma^2}}": "e^(−x²/(2σ²))",
    r"\frac{1}{n}\sum_{i=1}^n x_i": "(1/n) ∑ᵢ₌₁ⁿ xᵢ",
    r"-\frac{1}{2N}\sum_n \|x_n\|_2^2": "−(1/(2N)) ∑ₙ ‖xₙ‖₂²",
    r"\frac{\partial^2 f}{\partial x_1\partial y}": "∂² f/∂x₁∂y",
    r"\frac{\partial L}{\partial W^{[1]}}": "∂L/∂W[1]",
    r"\underbrace{a + b}_{n} \overbrace{x}^{2}": "⏟(a + b)ₙ ⏞(x)²",
    r"\underbrace{\frac{a}{b}} c": "(a/b)c",
    r"\sqrt{x}": "√x",
    r"\sqrt{2}x": "(√2)x",
    r"\sqrt{ab}^2, \sqrt{2\pi}": "(√(ab))², √(2π)",
    r"\sqrt[3]{x + 1}": "³√(x + 1)",
    r"\frac{1}{2} x^2": "(1/2) x²",
    r"\frac12(w_1 w_2 - 1)^2": "(1/2)(w₁ w₂ − 1)²",
    r"a\frac{b}{c}": "a(b/c)",
    r"\frac{a}{b}^2": "(a/b)²",
    r"\frac{a + b}{2}": "(a + b)/2",
    r"\frac{1}{1 + \frac{1}{x}}": "1/(1 + 1/x)",
    r"\frac{\frac{a}{b}}{c}": "(a/b)/c",
    r"\frac{a b}{c d}": "a b/(c d)",
    r"\frac{P(x)}{Q(x)}": "P(x)/Q(x)",
    r"\frac{1}{b(x+1)}": "1/(b(x+1))",
    r"\frac{\partial L}{\partial a}\frac{\partial a}{\partial z}": "∂L/∂a ∂a/∂z",
    r"\frac{d}{dx} \sigma(x)": "d/dx σ(x)",
    r"{a + b}^2": "(a + b)²",
    r"x_qy": "x_q y",
    r"e^{-\frac{x^2}{2}}": "e^(−x²/2)",
    r"a^{b^c}": "a^(bᶜ)",
    r"x_{i,j}^{(l)}": "xᵢ,ⱼ⁽ˡ⁾",
    r"x^10": "x¹0",
    r"\left.\frac{a}{b}\right|_{x=0}": "a/b|ₓ₌₀",
    r"\left\|x\right\|_2^2": "‖x‖₂²",
    # functions and signs
    r"2\log x + \sin^2 x": "2 log x + sin² x",
    r"\arg\max_{\theta} \prod_{i=1}^m p_i": "arg max_θ ∏ᵢ₌₁ᵐ pᵢ",
    r"\lim_{x \to 0} f(x)": "lim_(x → 0) f(x)",
    r"x\in\{0,1\}": "x ∈ {0,1}",
    r"a\cdot b": "a · b",
    r"\pm 1": "±1",
    r"x \not= y, x \not\in S": "x ≠ y, x ∉ S",
    r"\binom{n}{k}": "binom(n, k)",
    r"\int_0^1 x \, \mathrm{d}x": "∫₀¹ x dx",
    r"f''(0) - \sigma'(x)": "f″(0) − σ′(x)",
    r"a \quad b": "a \xa0 b",
    # rows
    r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}": "(1 2; 3 4)",
    r"\begin{bmatrix} x_1 \\ x_2 \end{bmatrix}": "[x₁; x₂]",
    r"\begin{pmatrix} a + b & c \\ d & e \end{pmatrix}": "(a + b, c; d, e)",
    r"\begin{array}{cc} 1 & 2 \end{array}": "[1 2]",
    r"\begin{aligned} a &= b \\ &= c \\ d &= e \end{aligned}": "a = b = c; d = e",
    r"\begin{cases} 1 & x > 0 \\ 0 & \text{else} \end{cases}": "{1, x > 0; 0, else",
    # as typed
    r"\widehat{AB}": r"\widehat{AB}",
    r"\foo{a}{b} + \frac{1}{2}": r"\foo{a}{b} + 1/2",
    r"\begin{tikzcd} a & b \end{tikzcd}": r"\begin{tikzcd} a & b \end{tikzcd}",
    r"\frac{a}": r"\frac{a}",
    r"\left( a": r"\left( a",
    r"a}b": "a}b",
    "{": "{",
}


@pytest.mark.parametrize("latex", WRITTEN)
def test_latex_as_text(latex):
    assert plain_maths(latex) == WRITTEN[latex]


def test_every_sign_of_the_tables():
    """Each is found by its command, and is not what another word would be."""
    for name, meant in (LETTERS | SIGNS | FUNCTIONS).items():
        assert plain_maths(rf"\{name}") == unicodedata.normalize("NFC", meant.strip())
        assert plain_maths(rf"a \{name} b").replace(" ", "") == f"a{meant}b".replace(" ", "")


# --- nothing is lost -------------------------------------------------------------------------------------------


class Grown:
    """LaTeX at random, with the letters, numbers and operators in it, in the order in which they are read."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def atom(self):
        kind = self.rng.integers(6)
        if kind == 0:
            number = str(self.rng.integers(1000))
            return number, number
        if kind == 1:
            name = self.pick(*[name for name in LETTERS if name.isalpha()])
            return rf"\{name} ", LETTERS[name]
        if kind == 2:
            letter, (name, mark) = self.pick(*"abxyzθ"), self.pick(*ACCENTS.items())
            return rf"\{name}{{{letter}}}", letter + mark
        if kind == 3:
            name, letters = self.pick(*ALPHABETS.items())
            letter = self.pick(*letters)
            return rf"\{name}{{{letter}}}", letters[letter]
        letter = self.pick(*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        return letter, letter

    def formula(self, depth):
        if depth == 0:
            return self.atom()
        first, one = self.formula(depth - 1)
        second, two = self.formula(depth - 1)
        between = [rf"\{name} " for name, sign in SIGNS.items() if name.isalpha() and sign not in "{}[]"]
        sign = self.pick("+", "-", "=", "<", *between)
        meant = SIGNS.get(sign[1:].strip(), sign).strip() if sign.startswith("\\") else sign.replace("-", "−")
        index = self.pick("1", "i", "ij")
        return self.pick(
            (f"{first} {sign} {second}", one + meant + two),
            (f"{first}{second}", one + two),
            (rf"\frac{{{first}}}{{{second}}}", one + "/" + two),
            (rf"\sqrt{{{first}}}", "√" + one),
            (rf"{{{first}}}_{{{second}}}", one + two),
            (rf"{{{first}}}_{{{index}}}^{{{second}}}", one + index + two),
            (rf"\left( {first} \right) {second}", one + two),
            (rf"\operatorname{{softmax}}({first})", "softmax" + one),
            (rf"\begin{{pmatrix}} {first} & 1 \\ {second} & 0 \end{{pmatrix}}", one + "1" + two + "0"),
        )


STRUCTURE = re.compile(r"[\s()\[\]{};,_^]")


def atoms(text):
    """What is read in a text, whatever its size and place: signs that group and place are left out."""
    return STRUCTURE.sub("", unicodedata.normalize("NFKD", text)).replace("-", "−")


def test_every_letter_number_and_operator_survives():
    for seed in range(300):
        latex, meant = Grown(seed).formula(int(np.random.default_rng(seed).integers(1, 5)))
        text = plain_maths(latex)
        assert atoms(text) == atoms(meant), f"{latex} -> {text}"
        assert "\\" not in text.replace(SIGNS["backslash"], "", latex.count(r"\backslash"))


def test_hostile_maths_costs_little_and_is_shown_as_typed():
    hostile = [
        *(r"\frac{" * 3000, "{" * 5000 + "}" * 5000, "^" * 9000, r"\hat{" * 1000 + "ab" + "}" * 1000),
        *(r"\left(" * 1500, r"\begin{pmatrix}" * 600, "x" * 20_000, r"\not" * 2500),
    ]
    for text in hostile:
        assert atoms(plain_maths(text)) in (atoms(text), "x" * 20_000, "")


def test_pieces_of_latex_in_any_order_are_never_an_error():
    names = "frac sqrt left right begin end hat not text big binom substack mathbb underset phantom limits quad foo log"
    pieces = [*(rf"\{name}" for name in names.split()), *"{}[]^_&'~()x1 -|.$", "\\\\", "\\", "{pmatrix}", "{aligned}"]
    pieces += ["\\{", "\\|", "\n", "\ue001", r"\left(", r"\right)"]
    rng = np.random.default_rng(0)
    for _ in range(3000):
        latex = "".join(rng.choice(pieces, rng.integers(1, 15)))
        text = plain_maths(latex)
        assert isinstance(text, str) and "\n" not in text
        assert to_text(Document("T", (Paragraph(f"a ${latex}$ b $$ {latex} $$"),)))


# --- prose -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("the **net** input $z_1$", "the net input z₁"),
        ("maths $a +\nb$ over a line", "maths a + b over a line"),
        ("it costs $5 and $6", "it costs $5 and $6"),
        (r"it costs \$5, `a*b*c` and $x^*y^*$", "it costs $5, `a*b*c` and x^*y^*"),
        (r"`$x$` is $x$", "`$x$` is x"),
        ("``a`b``", "``a`b``"),
        ("$p_a$ and $q_b$ and _this_", "pₐ and q_b and this"),
    ],
)
def test_prose_as_text(markdown, text):
    assert plain_prose(markdown) == text


def test_displayed_maths_and_code_stand_on_lines_of_their_own():
    source = (
        "We know\n$$\\begin{aligned} y &= \\hat{a}x \\\\ &= 6 \\end{aligned}$$\nand go on.\n\n"
        "```python\nfor i in range(3):\n\n    print(i * 2)\n```\n\n- one\n- two $x$"
    )
    text = to_text(Document("T", (Paragraph(source),)))
    assert text.split("\n")[3:] == [
        "We know", "", "  y = âx", "  = 6", "", "and go on.", "", "  for i in range(3):", "", "      print(i * 2)", "",
        "- one", "- two x",
    ]  # fmt: skip
    assert maths_lines(r"a \\ b") == ["a", "b"]


def test_every_letter_looks_like_itself_alone():
    of_text = {}
    for command in LETTERS:
        if command not in ("emptyset", "varnothing"):  # one set, drawn in two ways
            assert of_text.setdefault(plain_maths(f"\\{command}"), command) == command
    for name in GREEK:  # and our own are the same in every format
        assert plain_maths(Notation().letter_latex(name)) == Notation().letter_text(name)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{1}{2} {\left(u v - 1\right)}^2", "(1/2) (u v − 1)²"),
        (r"f'''(x) + g''", "f‴(x) + g″"),
        (r"p_{data}q + x_{ab}", "p_data q + x_(ab)"),
        (r"a_{2,1} + w_{i,j}", "a₂,₁ + wᵢ,ⱼ"),
    ],
)
def test_small_signs_and_words_below(latex, text):
    assert plain_maths(latex) == text
