"""Create, read, update and delete rows of any table."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.crud.errors import Conflict
from app.db.base_class import Base

ModelT = TypeVar("ModelT", bound=Base)
CreateT = TypeVar("CreateT", bound=BaseModel)
UpdateT = TypeVar("UpdateT", bound=BaseModel)


class CRUDBase(Generic[ModelT, CreateT, UpdateT]):
    """Rows of one table: ``CRUDBase[Recipe, RecipeCreate, RecipeUpdate](Recipe)``.

    It sends its SQL at once, so that ids are there and a constraint speaks up, and it never commits: whoever called
    knows when the whole change is made.
    """

    conflict = "What was sent does not fit what is stored."
    """What a client reads when a constraint says no; a subclass says it for its table."""

    def __init__(self, model: type[ModelT]) -> None:
        """Remember whose rows these are.

        Args:
            model: the class of the table.
        """
        self.model = model

    def get(self, session: Session, key: object) -> ModelT | None:
        """Get one row by its primary key, or None where there is none."""
        return session.get(self.model, key)

    def get_multi(self, session: Session, *, skip: int = 0, limit: int = 100) -> Sequence[ModelT]:
        """Get a page of rows, in the order of their primary keys.

        Args:
            session: the session of the request.
            skip: how many rows to leave out at the front.
            limit: how many rows to get at most.
        """
        key = inspect(self.model).primary_key
        return session.scalars(select(self.model).order_by(*key).offset(skip).limit(limit)).all()

    def create(self, session: Session, new: CreateT) -> ModelT:
        """Add a row with what was sent, and send it to the database.

        Raises:
            Conflict: a constraint says no; nothing of the transaction is left.
        """
        row = self.model(**new.model_dump())
        session.add(row)
        self.flush(session)
        return row

    def update(self, session: Session, row: ModelT, changes: UpdateT) -> ModelT:
        """Change what was sent of a row, and leave the rest as it is.

        Raises:
            Conflict: a constraint says no; nothing of the transaction is left.
        """
        for name, value in changes.model_dump(exclude_unset=True).items():
            setattr(row, name, value)
        self.flush(session)
        return row

    def remove(self, session: Session, row: ModelT) -> None:
        """Remove a row.

        Raises:
            Conflict: a constraint says no; nothing of the transaction is left.
        """
        session.delete(row)
        self.flush(session)

    def flush(self, session: Session) -> None:
        """Send the changes to the database, inside the transaction.

        Raises:
            Conflict: a constraint says no; nothing of the transaction is left.
        """
        try:
            session.flush()
        except IntegrityError:
            session.rollback()
            raise Conflict(self.conflict) from None
