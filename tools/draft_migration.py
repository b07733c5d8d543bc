"""Drafts the next migration, what the models have and the migrations do not: `python -m tools.draft_migration WORDS`.

It needs no database of yours: a server of its own is migrated, compared and thrown away. Read the draft before use.
"""

import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from devtools.postgres import temporary_server
from foundation.db import Database
from operations import migrating


def draft(words: str, *tables: str) -> list[Path]:
    """Write the next numbered migration, of these tables only if any are named; no file where nothing differs."""
    with temporary_server() as server:
        database = Database(server.ensure_database("drafts"))
        settings = migrating.config()
        settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        settings.attributes |= {"engine": database.engine, "tables": frozenset(tables)}
        command.upgrade(settings, "head")
        number = len(list(ScriptDirectory.from_config(settings).walk_revisions())) + 1
        found = command.revision(settings, words, autogenerate=True, rev_id=f"{number:04}")
        database.close()
    scripts = found if isinstance(found, list) else [found]
    return [Path(script.path) for script in scripts if script is not None]


def main() -> None:
    """Draft, put into shape, and say which file it is."""
    if len(sys.argv) < 2:
        sys.exit('usage: python -m tools.draft_migration "what it does" [TABLE ...]')
    for path in draft(*sys.argv[1:]):
        subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(path)], check=True)
        print(path)


if __name__ == "__main__":
    main()
