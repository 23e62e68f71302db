"""The indexes of the search entries, now that they are filled, and synonyms, which nobody has yet."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0011_search_entries"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="ticket", name="ticket_grams"),
        migrations.RemoveField(model_name="ticket", name="grams"),
        migrations.RemoveField(model_name="ticket", name="search_text"),
        migrations.AddIndex(
            model_name="searchentry",
            index=django.contrib.postgres.indexes.GinIndex(fields=["grams"], gin_pending_list_limit=1024, name="entry_grams"),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=django.contrib.postgres.indexes.GinIndex(fields=["pairs"], gin_pending_list_limit=1024, name="entry_pairs"),
        ),
        migrations.CreateModel(
            name="Synonyms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("words", models.JSONField(default=list, help_text="Words and phrases that mean the same, one per line, Korean and English. A beginning is enough.", verbose_name="words and phrases")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={"verbose_name": "group of synonyms", "verbose_name_plural": "synonyms", "ordering": ["name"]},
        ),
    ]
