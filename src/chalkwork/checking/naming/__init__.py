"""What the variables of a program are of the exercise: by what people call things, by shape and value, by what follows.

`variables` takes dictionaries, lists and objects apart, `meanings` reads their words (`called` is the table),
`evidence` looks at values, and `programs` puts both together; `consequences` knows by what follows what neither
knows.
"""
