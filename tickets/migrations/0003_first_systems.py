"""The first catalogue, from tickets/data/systems.json. A system that is there already keeps what people made of it."""

import json
from pathlib import Path

from django.db import migrations

FILE = Path(__file__).resolve().parent.parent / "data" / "systems.json"


def load(apps, schema_editor):
    System = apps.get_model("tickets", "System")
    for system in json.loads(FILE.read_text(encoding="utf-8")):
        values = {name: system[name] for name in ("kind", "description", "words", "contact", "recent_incidents")}
        System.objects.get_or_create(name=system["name"], defaults=values)


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0002_search_counts_and_numbers"),
    ]

    operations = [
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
