"""Where the versions of the API begin, from lesson 5 on."""

V1 = "/api/v1"
V2 = "/api/v2"
IDEAS = f"{V1}/recipes/ideas/"
PRICE = f"{V1}/recipes/price/"
