"""More groups of synonyms, from tickets/data/more_synonyms.json. A group that is there already keeps what people made of it."""

import json
from pathlib import Path

from django.db import migrations

FILE = Path(__file__).resolve().parent.parent / "data" / "more_synonyms.json"


def load(apps, schema_editor):
    Synonyms = apps.get_model("tickets", "Synonyms")
    there = set(Synonyms.objects.values_list("name", flat=True))
    groups = json.loads(FILE.read_text(encoding="utf-8"))
    Synonyms.objects.bulk_create(
        Synonyms(name=group["name"], words=group["words"]) for group in groups if group["name"] not in there
    )


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0014_case_postings"),
    ]

    operations = [
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
