"""Run proofs side by side."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

from workbook.authoring.errors import AuthoringError
from workbook.authoring.notebook_run import stop_notebooks
from workbook.authoring.proofs import Proof

if TYPE_CHECKING:
    from rich.console import Console


def prove_all(proofs: list[Proof], jobs: int, console: Console) -> list[tuple[Proof, list[str]]]:
    """Run proofs side by side, the longest first, with a bar that says how many are done.

    Returns:
        Each proof with its faults, in the order in which they were given.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    pool = ThreadPoolExecutor(max(1, jobs))
    try:
        futures: dict[Future[list[str]], Proof] = {
            pool.submit(_faults, proof): proof for proof in sorted(proofs, key=lambda proof: -proof.cost)
        }
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("verify", total=len(proofs))
            for future in as_completed(futures):
                proof = futures[future]
                progress.update(task, advance=1, description=f"lesson {proof.lesson.number}: {proof.what}")
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        stop_notebooks()
        raise
    pool.shutdown()
    found = {id(proof): future.result() for future, proof in futures.items()}
    return [(proof, found[id(proof)]) for proof in proofs]


def _faults(proof: Proof) -> list[str]:
    try:
        return proof.prove()
    except AuthoringError as error:
        return list(error.faults)
