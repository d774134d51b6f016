"""What a client of version 2 sends and gets about recipes: a title, where version 1 says label.

The names of these classes differ from those of version 1 on purpose. Two classes of one name make FastAPI rename both
in the OpenAPI document, so that version 1 would change there.
"""

# Exercise 5.2: Show a recipe with its title


# Exercise 5.4: Take a recipe with its title, and say the same in the words of version 1
