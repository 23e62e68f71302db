"""Taking literal words out of wherever they are kept: every table, files of the system's own, Redis.

For an erasure only. It knows tables by what PostgreSQL says of them, so that a table nobody thought of is looked through too.
"""

import base64
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus

import redis
from django.contrib.auth import get_user_model
from django.db import connection
from psycopg import sql

from voc.core.redis import RedisAway, door

# Cut where it stands for something shorter, so that no column overflows.
INSTEAD: Final = "***"
SHORTEST: Final = 4
# A column that has no room for every name holds none, but codes that may read like one: "email", "DONE".
LONGEST_NAME: Final = 100
# What a word must not go on with to be that word: ORDER-1000 is not in ORDER-10001, nor Ann in Anna. Hangul may follow.
DIGITS: Final = "[0-9]"
LETTERS: Final = "[0-9A-Za-z]"
TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*')
# Of longer texts nobody writes anything but a copy.
LONGEST_RESPELT: Final = 300
# A shorter one may stand in somebody else's base64 by chance.
SHORTEST_BASE64: Final = 12
# The trail cannot be changed, and holds no words; an account is the person's own to delete; keys and history hold none.
LEFT_OUT: Final = (
    "audit_entry",
    "audit_sealed",
    "audit_unsealed",
    "accounts_user",
    "core_customerkey",
    "django_migrations",
)
TEXT_FILES: Final = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".log", ".html", ".md")
LARGEST_FILE: Final = 200_000_000
COLUMNS: Final = """
SELECT c.table_name, c.column_name, c.data_type, c.character_maximum_length FROM information_schema.columns AS c
JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
ORDER BY c.table_name, c.ordinal_position
"""


@dataclass(frozen=True, slots=True)
class Scrub:
    """A JSON column."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class _Table:
    """`columns`: name → whether it is JSON. `wordy` are those of them that may hold a name."""

    name: str
    columns: dict[str, bool]
    wordy: dict[str, bool]
    links: dict[str, bool]


def scrub_tables(*, everywhere: Iterable[str], names: Iterable[str], tickets: Mapping[int, str]) -> dict[str, int]:
    """Table → rows changed. `everywhere` is taken out of all rows; `names`, which others may bear, out of rows about the tickets.

    A row is about a ticket when its column `ticket_id` or `subject` says so. Runs in the caller's transaction.
    """
    counts: dict[str, int] = {}
    words, own = _spelt(_usable(everywhere)), _spelt(_usable(names, shortest=1))
    for table in _tables():
        changed = 0
        # One look at each table: most hold nothing of the customer's.
        if words and _holds(table, words):
            changed = _take_out(table, words)
        if table.links and own:
            changed += _take_out(table, own, about=tickets)
        counts[table.name] = changed
    return counts


def spellings(word: str) -> list[str]:
    """The word, and how it stands in addresses, in JSON of every kind, in small letters and in Unicode's other normal forms."""
    if len(word) > LONGEST_RESPELT:
        return [word, _in_json(word), json.dumps(word)[1:-1]]
    same = [word, word.lower(), *(unicodedata.normalize(form, word) for form in ("NFC", "NFD", "NFKC"))]
    written = (lambda text: text, _in_json, lambda text: json.dumps(text)[1:-1], quote, _quoted, quote_plus)
    return list(dict.fromkeys(write(each) for each in same for write in written))


def in_base64(word: str) -> list[str]:
    """What stands in base64 of any text that holds the word, wherever in it."""
    raw = word.encode("utf-8", "surrogatepass")
    if len(raw) < SHORTEST_BASE64:
        return []
    found = []
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + raw).decode()
        # Of the first and the last letters, some bits are the neighbours'.
        fragment = text[(0, 2, 3)[shift] : len(text.rstrip("=")) - bool((shift + len(raw)) % 3)]
        found += [fragment, fragment.translate(str.maketrans("+/", "-_"))]
    return list(dict.fromkeys(found))


def rows_with(scrub: Scrub, words: Iterable[str]) -> Iterator[tuple[int, Any]]:
    """(key, value) of the rows whose JSON has one of the words in it."""
    query = sql.SQL("SELECT id, {column} FROM {table} WHERE {column}::text LIKE ANY (%s)").format(
        column=sql.Identifier(scrub.column), table=sql.Identifier(scrub.table)
    )
    patterns = [f"%{_pattern(word)}%" for word in words]
    with connection.cursor() as cursor:
        cursor.execute(query, [patterns])
        for pk, value in cursor.fetchall():
            yield pk, json.loads(value) if isinstance(value, str) else value


def write(scrub: Scrub, pk: int, value: str) -> None:
    query = sql.SQL("UPDATE {table} SET {column} = %s::jsonb WHERE id = %s").format(
        column=sql.Identifier(scrub.column), table=sql.Identifier(scrub.table)
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [value, pk])


def scrub_files(folder: Path, words: Iterable[str]) -> dict[str, int]:
    """File → 1 for each text file below the folder that was written anew. Data folders of servers are left alone."""
    wanted = [form.encode("utf-8", "surrogatepass") for form in _everywhere(words)]
    changed: dict[str, int] = {}
    for path in _text_files(folder):
        old = path.read_bytes()
        new = old
        for word in wanted:
            new = new.replace(word, INSTEAD.encode())
        if new != old:
            path.write_bytes(new)
            changed[str(path)] = 1
    return changed


def scrub_redis(words: Iterable[str]) -> dict[str, int]:
    """Delete what Redis keeps under a key that has one of the words in it, and plain values that hold one.

    With Redis away there is nothing to be had from it.
    """
    wanted = _everywhere(words)
    found = 0
    with suppress(RedisAway, redis.RedisError, OSError):
        client = door().client
        for key in client.scan_iter(count=500):
            if any(word in str(key) for word in wanted):
                found += int(client.delete(key))
        for key in client.scan_iter(count=500, _type="string"):
            value = client.get(key)
            if value is not None and any(word in str(value) for word in wanted):
                found += int(client.delete(key))
    return {"redis": found}


def accounts_with(contacts: Iterable[str]) -> tuple[str, ...]:
    """Usernames of those who sign in with one of the addresses."""
    users = get_user_model().objects.filter(email__in=[contact.strip().lower() for contact in contacts] or [""])
    return tuple(user.get_username() for user in users if user.email)


def _tables() -> list[_Table]:
    found: dict[str, _Table] = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column, kind, length in cursor.fetchall():
            if table in LEFT_OUT:
                continue
            known = found.setdefault(table, _Table(table, {}, {}, {}))
            is_link = column in ("ticket_id", "subject")
            if kind in ("text", "character varying", "jsonb", "json"):
                known.columns[column] = kind in ("jsonb", "json")
                if not is_link and (length is None or length >= LONGEST_NAME):
                    known.wordy[column] = known.columns[column]
            if is_link:
                known.links[column] = kind == "bigint"
    return [table for table in found.values() if table.columns]


def _holds(table: _Table, words: list[str]) -> bool:
    """Whether any row has any of the words. One pass over the table."""
    with connection.cursor() as cursor:
        query = sql.SQL("SELECT EXISTS (SELECT 1 FROM {} WHERE {})").format(
            sql.Identifier(table.name), _having(table.columns)
        )
        cursor.execute(query, [_patterns(words)] * len(table.columns))
        return bool(cursor.fetchone()[0])


def _take_out(table: _Table, words: list[str], *, about: Mapping[int, str] | None = None) -> int:
    """Rows changed. `about` leaves it at rows that belong to these tickets, and at words that stand there as whole ones."""
    columns = table.columns if about is None else table.wordy
    if not columns:
        return 0
    condition = _having(columns)
    values: list[Any] = [_patterns(words)] * len(columns)
    if about is not None:
        links = [sql.SQL("{} = ANY (%s)").format(sql.Identifier(column)) for column in table.links]
        condition = sql.SQL("({}) AND ({})").format(condition, sql.SQL(" OR ").join(links))
        values += [[*about] if is_number else [*about.values()] for is_number in table.links.values()]
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns)
    query = sql.SQL("SELECT ctid::text, {} FROM {} WHERE {} FOR UPDATE").format(
        texts, sql.Identifier(table.name), condition
    )
    changed = 0
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        for place, *found in cursor.fetchall():
            new = _rewritten(dict(zip(columns, found, strict=True)), columns, words, whole=about is not None)
            if new:
                assignments = [
                    sql.SQL("{} = %s{}").format(sql.Identifier(name), sql.SQL("::jsonb" if columns[name] else ""))
                    for name in new
                ]
                update = sql.SQL("UPDATE {} SET {} WHERE ctid = %s::tid").format(
                    sql.Identifier(table.name), sql.SQL(", ").join(assignments)
                )
                cursor.execute(update, [*new.values(), place])
                changed += 1
    return changed


def _rewritten(
    row: Mapping[str, str | None], columns: Mapping[str, bool], words: list[str], *, whole: bool
) -> dict[str, str]:
    """Those of the row's columns, by name, that are other texts without the words."""
    texts = {name: text for name, text in row.items() if text}
    there = [word for word in words if any(word in text or _in_json(word) in text for text in texts.values())]
    taken = _taker(there, edge=LETTERS if whole else DIGITS)
    new = {
        name: _json_without(text, taken, numbers=not whole) if columns[name] else taken(text)
        for name, text in texts.items()
    }
    return {name: text for name, text in new.items() if text != texts[name]}


def _taker(words: list[str], *, edge: str) -> Callable[[str], str]:
    """Takes the words out of a text. What begins or ends with a sign of `edge` must not be a part of something longer."""
    if not words:
        return lambda text: text
    is_edge = re.compile(edge).match
    # In an address, what is written %20 ends before the word.
    before = rf"(?:(?<!{edge})|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))"
    forms = (
        f"{before if is_edge(word[0]) else ''}{re.escape(word)}{f'(?!{edge})' if is_edge(word[-1]) else ''}"
        for word in words
    )
    pattern = re.compile("|".join(forms))
    return lambda text: pattern.sub(lambda match: INSTEAD[: len(match[0])], text)


def _json_without(text: str, taken: Callable[[str], str], *, numbers: bool) -> str:
    """The same for the texts within a JSON text, so that it stays one; `numbers` too, where they are the customer's."""

    def without(match: re.Match[str]) -> str:
        token = match[0]
        if token[0] != '"':
            return token if not numbers or taken(token) == token else json.dumps(INSTEAD)
        said: str = json.loads(token)
        left = taken(said)
        return token if left == said else json.dumps(left, ensure_ascii=False)

    return TOKENS.sub(without, text)


def _having(columns: Iterable[str]) -> sql.Composed:
    """That one of the columns holds one of the patterns, which are asked for once for each of them."""
    each = [sql.SQL("{}::text LIKE ANY (%s)").format(sql.Identifier(column)) for column in columns]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(each))


def _patterns(words: Iterable[str]) -> list[str]:
    return [f"%{_pattern(form)}%" for word in words for form in dict.fromkeys((word, _in_json(word)))]


def _usable(words: Iterable[str], *, shortest: int = SHORTEST) -> list[str]:
    """The longest first: one may be a part of another."""
    return sorted({word for word in words if len(word) >= shortest and word != INSTEAD}, key=len, reverse=True)


def _spelt(words: Iterable[str]) -> list[str]:
    return _usable({form for word in words for form in spellings(word)}, shortest=1)


def _everywhere(words: Iterable[str]) -> list[str]:
    """All forms, for where there is neither case nor structure to go by."""
    known = _usable(words)
    return _usable({*_spelt(known), *(form for word in known for form in in_base64(word))})


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _in_json(word: str) -> str:
    """As PostgreSQL writes it within a JSON text."""
    return json.dumps(word, ensure_ascii=False)[1:-1]


def _pattern(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _text_files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir() or (folder / "PG_VERSION").exists():
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            with suppress(PermissionError):
                yield from _text_files(path)
        elif path.suffix in TEXT_FILES and path.stat().st_size <= LARGEST_FILE:
            yield path
