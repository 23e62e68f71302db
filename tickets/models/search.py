"""What is looked up instead of the tickets themselves, and the words that mean the same."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.ticket import Ticket


class SearchEntry(models.Model):
    """A ticket's texts as search and similar cases compare them; written by tickets.indexing alone.

    It is a row of its own because its indexes are dear to write: a ticket changes its status several times, its texts
    once or twice.
    """

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, primary_key=True, related_name="entry")
    # All that a search looks at, normalised, for who may see personal data; and as all others read it.
    text = models.TextField()
    public_text = models.TextField()
    # Hashes of the characters and pairs of characters of both, and of the times in which the ticket was created.
    grams = ArrayField(models.IntegerField())
    # Hashes of the complaint's words, and of those that stand near each other (tickets.words).
    words = ArrayField(models.IntegerField())
    pairs = ArrayField(models.IntegerField())

    class Meta:
        indexes = [
            # A short list of what is not merged yet: every search reads through it.
            GinIndex(fields=["grams"], name="entry_grams", gin_pending_list_limit=1024),
            GinIndex(fields=["pairs"], name="entry_pairs", gin_pending_list_limit=1024),
        ]

    def __str__(self) -> str:
        return str(self.ticket_id)


class Synonyms(models.Model):
    """Words that mean the same in complaints. They count where a text is compared: a change needs no new index."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    words = models.JSONField(
        _("words and phrases"),
        default=list,
        help_text=_("Words and phrases that mean the same, one per line, Korean and English. A beginning is enough."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("group of synonyms")
        verbose_name_plural = _("synonyms")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
