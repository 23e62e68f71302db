"""What only PostgreSQL can do: the sequence behind the ticket ids, and triggers that keep the counts.

The counts are differences, added up when they are read: each statement adds rows of its own, so that two transactions
never wait for each other over a counter. Statement triggers with transition tables also see bulk writes and raw SQL.
"""

from django.db import migrations, models

COUNT = """
CREATE FUNCTION tickets_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM tickets_ticketcount;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO tickets_ticketcount (status, urgency, delta)
        SELECT status, coalesce(urgency, ''), count(*) FROM now_there GROUP BY 1, 2;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO tickets_ticketcount (status, urgency, delta)
        SELECT status, coalesce(urgency, ''), -count(*) FROM was_there GROUP BY 1, 2;
    ELSE
        INSERT INTO tickets_ticketcount (status, urgency, delta)
        SELECT status, urgency, sum(change) FROM (
            SELECT status, coalesce(urgency, '') AS urgency, -1 AS change FROM was_there
            UNION ALL
            SELECT status, coalesce(urgency, ''), 1 FROM now_there
        ) AS changes GROUP BY 1, 2 HAVING sum(change) <> 0;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER tickets_count_insert AFTER INSERT ON tickets_ticket
    REFERENCING NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION tickets_count();
CREATE TRIGGER tickets_count_update AFTER UPDATE ON tickets_ticket
    REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION tickets_count();
CREATE TRIGGER tickets_count_delete AFTER DELETE ON tickets_ticket
    REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION tickets_count();
CREATE TRIGGER tickets_count_truncate AFTER TRUNCATE ON tickets_ticket
    FOR EACH STATEMENT EXECUTE FUNCTION tickets_count();

DELETE FROM tickets_ticketcount;
INSERT INTO tickets_ticketcount (status, urgency, delta)
SELECT status, coalesce(urgency, ''), count(*) FROM tickets_ticket GROUP BY 1, 2;
"""

UNCOUNT = """
DROP TRIGGER tickets_count_insert ON tickets_ticket;
DROP TRIGGER tickets_count_update ON tickets_ticket;
DROP TRIGGER tickets_count_delete ON tickets_ticket;
DROP TRIGGER tickets_count_truncate ON tickets_ticket;
DROP FUNCTION tickets_count();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="search_text",
            field=models.TextField(blank=True, default="", editable=False),
        ),
        migrations.AddField(
            model_name="ticket",
            name="urgency_rank",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(urgency="high", then=models.Value(3)),
                    models.When(urgency="medium", then=models.Value(2)),
                    models.When(urgency="low", then=models.Value(1)),
                    default=models.Value(0),
                ),
                output_field=models.SmallIntegerField(),
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["-urgency_rank", "-created_at", "-id"], name="ticket_most_urgent"),
        ),
        migrations.RunSQL("CREATE SEQUENCE tickets_number", "DROP SEQUENCE tickets_number"),
        migrations.RunSQL(COUNT, UNCOUNT),
    ]
