"""Where settings come from: the environment, files that it names (`NAME_FILE`), and `.env`."""

import sys
from pathlib import Path

import environ
from environ.fileaware_mapping import FileAwareMapping

# As `voc.core.boot` ends a server that cannot start.
EXIT_CODE = 3


class _Variables(FileAwareMapping):  # type: ignore[misc, unused-ignore]
    """A file's last line may end like one: what an editor or `echo` puts there is no part of a secret."""

    def __getitem__(self, key: str) -> str:
        try:
            value = str(super().__getitem__(key))
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            sys.stderr.write(f"Cannot start: the file that {key}_FILE names cannot be read ({why}).\n")
            raise SystemExit(EXIT_CODE) from None
        return value.rstrip("\r\n") if self.env.get(f"{key}_FILE") else value


class _Env(environ.FileAwareEnv):  # type: ignore[misc, unused-ignore]
    ENVIRON = _Variables()


BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = _Env()
environ.Env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")), overwrite=False)
