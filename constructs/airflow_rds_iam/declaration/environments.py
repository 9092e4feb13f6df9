"""Finds the file in which an environment is declared."""

from pathlib import Path

from airflow_rds_iam.declaration.document import DeclarationError


def declaration_file(environment: object, *, folder: Path) -> Path:
    """The file of ``environment``: a name, of a file in ``folder``, or the path of a file.

    Raises:
        DeclarationError: there is no such file; the message names those that there are.
    """
    names = ", ".join(sorted(file.stem for file in folder.glob("*.yaml"))) or "none"
    there_are = f"environments in {folder}: {names}"
    if not isinstance(environment, str) or not environment:
        message = "no environment is named: `cdk … -c environment=dev`, `make … ENVIRONMENT=dev`"
        raise DeclarationError(f"{message}; {there_are}")
    is_path = environment.endswith((".yaml", ".yml")) or "/" in environment
    file = Path(environment) if is_path else folder / f"{environment}.yaml"
    if file.is_dir():
        raise DeclarationError(f"{file} is a folder: name a file in it; {there_are}")
    if not file.is_file():
        hint = "; the path of a file, or a name without .yaml" if is_path else ""
        raise DeclarationError(f"{file}: no such file; {there_are}{hint}")
    return file
