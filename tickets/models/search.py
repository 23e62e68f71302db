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
    # Hashes of what the complaint is about (tickets.words).
    words = ArrayField(models.IntegerField())

    class Meta:
        indexes = [
            # A short list of what is not merged yet: every search reads through it.
            GinIndex(fields=["grams"], name="entry_grams", gin_pending_list_limit=1024),
        ]

    def __str__(self) -> str:
        return str(self.ticket_id)


class OpenCase(models.Model):
    """A ticket whose complaint the blocks of postings do not have yet, or have in another wording."""

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, primary_key=True, related_name="+")
    # Another one whenever the complaint is written: what has changed since it was read stays open.
    stamp = models.UUIDField()
    since = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.ticket_id)


class CaseBlock(models.Model):
    """65,536 tickets in a row by their keys, as the postings have them (tickets.postings). Built by tickets.sealing alone."""

    number = models.IntegerField(primary_key=True)
    tickets = models.IntegerField()
    # One byte for each of the keys: how many terms the ticket has.
    lengths = models.BinaryField()
    # The ids of the groups of synonyms that its postings know.
    groups = ArrayField(models.IntegerField())
    built_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.number)


class CasePosting(models.Model):
    """In which of a block's tickets a term occurs: sorted offsets in the block, two bytes each, the low one first."""

    pk = models.CompositePrimaryKey("term", "block_id")
    term = models.IntegerField()
    block = models.ForeignKey(CaseBlock, on_delete=models.CASCADE, related_name="postings", db_index=False)
    number = models.IntegerField()
    offsets = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.term} in {self.block_id}"


class Synonyms(models.Model):
    """Words that mean the same in complaints. They count where a text is compared: a change counts at once."""

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
