"""Drafts the next migration from the difference of models and migrations: `python -m tools.draft_migration TITLE`.

It starts a temporary PostgreSQL, migrates it and compares it with the models. Review the draft before use.
"""

import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from devtools.postgres import temporary_server
from foundation.db import Database
from operations import migrating


def draft(title: str, *tables: str) -> list[Path]:
    """Write the next numbered migration, of these tables only if any are named; no file if nothing differs."""
    with temporary_server() as server:
        database = Database(server.ensure_database("drafts"))
        settings = migrating.config()
        settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        settings.attributes |= {"engine": database.engine, "tables": frozenset(tables)}
        command.upgrade(settings, "head")
        number = len(list(ScriptDirectory.from_config(settings).walk_revisions())) + 1
        drafted = command.revision(settings, title, autogenerate=True, rev_id=f"{number:04}")
        database.close()
    scripts = drafted if isinstance(drafted, list) else [drafted]
    return [Path(script.path) for script in scripts if script is not None]


def main() -> None:
    """Draft a migration, format it, and print its path."""
    if len(sys.argv) < 2:
        sys.exit('usage: python -m tools.draft_migration "what it does" [TABLE ...]')
    for path in draft(*sys.argv[1:]):
        subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(path)], check=True)
        print(path)


if __name__ == "__main__":
    main()
