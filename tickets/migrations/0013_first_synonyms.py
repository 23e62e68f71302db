"""The first synonyms, from tickets/data/synonyms.json. A group that is there already keeps what people made of it."""

import json
from pathlib import Path

from django.db import migrations

FILE = Path(__file__).resolve().parent.parent / "data" / "synonyms.json"


def load(apps, schema_editor):
    Synonyms = apps.get_model("tickets", "Synonyms")
    for group in json.loads(FILE.read_text(encoding="utf-8")):
        Synonyms.objects.get_or_create(name=group["name"], defaults={"words": group["words"]})


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0012_search_indexes_and_synonyms"),
    ]

    operations = [
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
