"""The rows of ``recipes``."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.crud.base import CRUDBase
from app.models import Recipe
from app.schemas.recipe import RecipeSubmission, RecipeUpdate


class Page(NamedTuple):
    """A piece of a list that is read from one end to the other."""

    rows: Sequence[Recipe]
    next: int | None
    """The id after which the next page begins; None on the last one."""


class CRUDRecipe(CRUDBase[Recipe, RecipeSubmission, RecipeUpdate]):
    """What can be done with recipes."""

    conflict = "There is no user with that submitter_id, or this user has sent that url already."

    def get_of_sources(
        self, session: Session, sources: Collection[str], *, skip: int = 0, limit: int = 100
    ) -> Sequence[Recipe]:
        """Get a page of the recipes from some sources, in the order of their ids."""
        query = select(Recipe).where(Recipe.source.in_(sources)).order_by(Recipe.id).offset(skip).limit(limit)
        return session.scalars(query).all()

    def search(self, session: Session, keyword: str | None, limit: int) -> Sequence[Recipe]:
        """Get the first recipes whose label holds the keyword, in any letter case; without one, every recipe fits."""
        query = select(Recipe).order_by(Recipe.id).limit(limit)
        if keyword is not None:
            query = query.where(Recipe.label.icontains(keyword, autoescape=True))
        return session.scalars(query).all()

    def get_newest(self, session: Session, limit: int) -> Sequence[Recipe]:
        """Get the recipes that came last, the newest first."""
        return session.scalars(select(Recipe).order_by(Recipe.id.desc()).limit(limit)).all()

    def get_page(self, session: Session, *, after: int, limit: int) -> Page:
        """Get the recipes with the smallest ids above ``after``.

        Args:
            session: the session of the request.
            after: the id behind which the page begins.
            limit: how many recipes to get at most.
        """
        rows = session.scalars(select(Recipe).where(Recipe.id > after).order_by(Recipe.id).limit(limit + 1)).all()
        page = rows[:limit]
        return Page(page, page[-1].id if len(rows) > limit else None)

    def get_all(self, session: Session) -> Iterator[Recipe]:
        """Get all recipes in the order of their ids, some hundred at a time."""
        return iter(session.scalars(select(Recipe).order_by(Recipe.id).execution_options(yield_per=500)))

    def count(self, session: Session) -> int:
        """Count all recipes."""
        return session.scalar(select(func.count()).select_from(Recipe)) or 0

    def count_of(self, session: Session, submitter_id: int) -> int:
        """Count the recipes of one user."""
        query = select(func.count()).select_from(Recipe).where(Recipe.submitter_id == submitter_id)
        return session.scalar(query) or 0


recipes = CRUDRecipe(Recipe)


class StoredRecipes:
    """The recipes in the database, as the rules in ``app.services`` see them."""

    def __init__(self, session: Session) -> None:
        """Work in the session of a request."""
        self.session = session

    def count_of(self, submitter_id: int) -> int:
        """Count the recipes of one user."""
        return recipes.count_of(self.session, submitter_id)

    def add(self, new: RecipeSubmission) -> Recipe:
        """Keep a recipe, and give it its number.

        Raises:
            Conflict: a constraint says no.
        """
        return recipes.create(self.session, new)
