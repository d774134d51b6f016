"""Everything under /recipes."""

# Exercise 1.2: Give these routes a router of their own
# router = APIRouter(...)
