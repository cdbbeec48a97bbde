"""Opens the CSV of every population of a pack with Python's csv and with SQLite, and holds it against the JSON Lines.

Shares no code with what wrote them: python3 csv_of_pack.py PACK. Prints one line for each population that differs, then how
many agree and how many rows they have. Exit code 1 when one differs.
"""

import csv
import io
import json
import re
import sqlite3
import sys
import zipfile


def cell(value):
    """What a row's member reads like in a cell (RPT-12)."""
    if value is None:
        return ''
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False)


def unquoted(text):
    """Without the apostrophes that keep a spreadsheet from running a text."""
    text = re.sub(r"^'(?=[-=+@\t\r\n＝＋－＠])", '', text)
    return re.sub(r"([;\t\r\n])'(?=[-=+@＝＋－＠])", r'\1', text)


def in_sqlite(columns, records):
    """The same records, as a table has them."""
    names = [f'c{i}' for i in range(len(columns))]
    with sqlite3.connect(':memory:') as db:
        db.execute(f"CREATE TABLE t (n INTEGER PRIMARY KEY, {', '.join(name + ' TEXT' for name in names)})")
        db.executemany(
            f"INSERT INTO t ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})", records
        )
        return [list(row) for row in db.execute(f"SELECT {', '.join(names)} FROM t ORDER BY n")]


def differs(rows, text):
    if not rows:
        return None if text == '' else 'rows in the CSV alone'
    columns, *records = csv.reader(io.StringIO(text, newline=''), strict=True)
    if any(len(record) != len(columns) for record in records):
        return 'a record with another number of cells'
    if len(records) != len(rows):
        return f'{len(records)} records for {len(rows)} rows'
    if set(columns) != {name for row in rows for name in row}:
        return 'other columns than the rows have'
    if in_sqlite(columns, records) != records:
        return 'SQLite gives back other values'
    for number, (row, record) in enumerate(zip(rows, records)):
        for name, text_of in zip(columns, record):
            if unquoted(text_of) != cell(row.get(name)):
                return f'row {number}, {name}'
    return None


def main(path):
    csv.field_size_limit(16 * 1024 * 1024)
    agree = disagree = total = 0
    with zipfile.ZipFile(path) as pack:
        names = [name for name in pack.namelist() if name.startswith('populations/') and name.endswith('.csv')]
        for name in sorted(names):
            lines = pack.read(name[:-4] + '.jsonl').decode().splitlines()
            rows = [json.loads(line) for line in lines]
            why = differs(rows, pack.read(name).decode())
            total += len(rows)
            if why is None:
                agree += 1
            else:
                disagree += 1
                print(f'{name}: {why}')
    print(f'{agree} agree, {disagree} disagree, {total} rows')
    return 1 if disagree or not names else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
