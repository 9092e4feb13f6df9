"""What is: the server's roles and databases, and one database's objects, as values.

Each catalog is read in one round trip: several queries in one message, whose rows begin with the
name of what they tell.
"""
