"""Similar cases are looked up in postings instead of an index over pairs of words; every ticket has yet to go into them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0013_first_synonyms"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="searchentry", name="entry_pairs"),
        migrations.RemoveField(model_name="searchentry", name="pairs"),
        migrations.CreateModel(
            name="OpenCase",
            fields=[
                ("ticket", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="+", serialize=False, to="tickets.ticket")),
                ("stamp", models.UUIDField()),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CaseBlock",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("tickets", models.IntegerField()),
                ("lengths", models.BinaryField()),
                ("groups", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("built_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CasePosting",
            fields=[
                ("pk", models.CompositePrimaryKey("term", "block_id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("term", models.IntegerField()),
                ("number", models.IntegerField()),
                ("offsets", models.BinaryField()),
                ("block", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="postings", to="tickets.caseblock")),
            ],
        ),
        # They do not get smaller by being compressed.
        migrations.RunSQL(
            "ALTER TABLE tickets_caseposting ALTER COLUMN offsets SET STORAGE EXTERNAL;"
            "ALTER TABLE tickets_caseblock ALTER COLUMN lengths SET STORAGE EXTERNAL;"
            "INSERT INTO tickets_opencase (ticket_id, stamp, since) SELECT ticket_id, gen_random_uuid(), now() FROM tickets_searchentry",
            migrations.RunSQL.noop,
        ),
    ]
