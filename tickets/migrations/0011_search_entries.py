"""Search and similar cases get a table of their own, filled from the tickets that are there."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from tickets.indexing import index_all


def fill(apps, schema_editor):
    Ticket = apps.get_model("tickets", "Ticket")
    SearchEntry = apps.get_model("tickets", "SearchEntry")
    texts = ("id", "ticket_id", "external_id", "raw_voc", "summary", "customer_name", "created_at", "placeholders")
    index_all(Ticket.objects.only(*texts).order_by("pk").iterator(500), SearchEntry.objects)


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0010_jira_causes"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("ticket", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="entry", serialize=False, to="tickets.ticket")),
                ("text", models.TextField()),
                ("public_text", models.TextField()),
                ("grams", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("words", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("pairs", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
