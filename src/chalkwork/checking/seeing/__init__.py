"""What is seen of a wrong answer where no entry of the table of mistakes explains it: a factor, a sign, another
operand."""
