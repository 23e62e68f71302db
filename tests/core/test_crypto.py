"""What is stored secret is encrypted, moves to a new key, and is gone with its customer's key."""

import base64
import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.core.tools import together
from voc.core import crypto, customers, rotation
from voc.core.checks import check_encryption, check_neighbours, check_numbers, check_site
from voc.core.models import CustomerKey
from voc.core.redaction import MASK, redact

OLD, NEW = (base64.urlsafe_b64encode(bytes([number]) * 32).decode().rstrip("=") for number in (1, 2))
SECRET = "seed of an authenticator 씨앗"


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.ENCRYPTION_KEYS = [OLD]


@given(st.text())
def test_what_was_encrypted_comes_back_as_it_was(text):
    kept = crypto.encrypt(text, purpose="a")
    assert crypto.decrypt(kept, purpose="a") == text
    assert kept.isascii()


def test_no_two_encryptions_are_alike_and_none_shows_the_secret():
    kept = {crypto.encrypt(SECRET, purpose="a") for _ in range(50)}
    assert len(kept) == 50
    assert not any(SECRET in each or "seed" in each for each in kept)


def test_no_changed_byte_and_no_other_purpose_gets_anything_out():
    kept = crypto.encrypt(SECRET, purpose="a")
    version, name, body = kept.split(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    for index in range(len(raw)):
        raw[index] ^= 1
        with pytest.raises(crypto.CannotDecrypt):
            crypto.decrypt(f"{version}.{name}.{base64.urlsafe_b64encode(raw).decode()}", purpose="a")
        raw[index] ^= 1
    for bad in (
        "",
        "v1",
        "v1..",
        f"v2.{name}.{body}",
        f"v1.{name}.",
        f"v1.{name}.!!",
        f"v1.{name}.{body[:20]}",
        SECRET,
    ):
        with pytest.raises(crypto.CannotDecrypt):
            crypto.decrypt(bad, purpose="a")
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(kept, purpose="b")


def test_the_first_key_encrypts_all_decrypt_and_without_its_key_nothing_is_read(settings):
    kept = crypto.encrypt(SECRET, purpose="a")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert not crypto.is_current(kept)
    assert crypto.decrypt(kept, purpose="a") == SECRET
    fresh = crypto.renewed(kept, purpose="a")
    assert crypto.is_current(fresh)
    assert crypto.renewed(fresh, purpose="a") == fresh
    settings.ENCRYPTION_KEYS = [NEW]
    assert crypto.decrypt(fresh, purpose="a") == SECRET
    with pytest.raises(crypto.CannotDecrypt, match="not in ENCRYPTION_KEYS any more"):
        crypto.decrypt(kept, purpose="a")


def test_a_key_tells_itself_to_nobody(settings):
    assert OLD not in repr(crypto.ring())
    assert redact(f"a setting: {OLD}") == f"a setting: {MASK}"


def test_equal_secrets_are_the_same_and_others_are_not():
    assert crypto.same("가나다", "가나다".encode())
    assert not crypto.same("가나다", "가나")
    assert crypto.digest("a", purpose="b") != crypto.digest("a", purpose="c")
    assert crypto.digest("a", purpose="b") == crypto.digest("a", purpose="b")


@pytest.mark.django_db
def test_rotating_writes_every_stored_secret_anew_and_says_how_many(settings, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 2)
    handles = [customers.handle_of(f"someone{number}@example.com", otherwise="") for number in range(5)]
    before = {handle: customers.key_of(handle).secret for handle in handles}
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    said = StringIO()
    call_command("rotate_keys", stdout=said)
    assert "core.customerkey.secret: 6 renewed" in said.getvalue(), "five customers' and the fingerprints'"
    settings.ENCRYPTION_KEYS = [NEW]
    assert {handle: customers.key_of(handle).secret for handle in handles} == before
    assert customers.handle_of("SOMEONE3@example.com ", otherwise="") == handles[3]
    again = StringIO()
    call_command("rotate_keys", stdout=again)
    assert "core.customerkey.secret: 0 renewed" in again.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_rotation_takes_nothing_from_those_who_work_meanwhile(settings, monkeypatch):
    """Others read secrets, make new ones and write old ones back while it runs: all of them are there afterwards."""
    monkeypatch.setattr(rotation, "BATCH", 3)
    handles = [customers.handle_of(f"someone{number}@example.com", otherwise="") for number in range(30)]
    before = {handle: customers.key_of(handle).secret for handle in handles}
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    seen, made = [], {}

    def work(first):
        for number in range(first, 30, 2):
            handle = handles[number]
            seen.append(customers.key_of(handle).secret == before[handle])
            row = CustomerKey.objects.get(handle=handle)
            row.save()
            fresh = f"{handle[:-6]}{number:06}"
            made[fresh] = customers.key_of(fresh).secret

    together([rotation.rotate, lambda: work(0), rotation.rotate, lambda: work(1)])
    assert seen == [True] * 30
    settings.ENCRYPTION_KEYS = [NEW]
    assert {handle: customers.key_of(handle).secret for handle in (*handles, *made)} == before | made


@pytest.mark.django_db
def test_rotating_without_the_old_key_says_so_and_changes_nothing(settings):
    customers.key_of(customers.handle_of("a@example.com", otherwise=""))
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="Put that key back into ENCRYPTION_KEYS"):
        call_command("rotate_keys")
    settings.ENCRYPTION_KEYS = [OLD]
    assert customers.handle_of("a@example.com", otherwise="")


@pytest.mark.django_db
def test_a_customers_key_is_stored_encrypted_and_what_it_encrypted_is_gone_with_it():
    handle = customers.handle_of("kim@example.com", otherwise="")
    key = customers.key_of(handle)
    kept = crypto.encrypt("김가람", purpose="audit", key=key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT handle, secret FROM core_customerkey")
        stored = str(cursor.fetchall())
    assert base64.b64encode(key.secret).decode() not in stored
    assert "kim" not in stored
    assert customers.drop_keys([handle, customers.FINGERPRINTS]) == 1, "the fingerprints' key stays"
    assert customers.keys_of([handle]) == {}
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(kept, purpose="audit", key=customers.key_of(handle))
    assert CustomerKey.objects.count() == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kim@Example.com", " kim@example.COM "),
        ("mailto:kim@example.com", "kim@example.com"),
        ("010-1234-5678", "010 1234 5678"),
        ("+82 10-1234-5678", "01012345678"),
        ("0082 (0)10 1234 5678", "010.1234.5678"),
        ("＋８２ １０ １２３４ ５６７８", "01012345678"),
        ("+44 20 7946 0958", "0044 20 79460958"),
        ("kakao:  가람", "KAKAO: 가람"),
    ],
)
def test_a_contact_is_the_same_however_it_is_written(one, other):
    assert customers.normal_contact(one) == customers.normal_contact(other)


@pytest.mark.parametrize(
    ("one", "other"), [("kim@example.com", "kim@example.org"), ("010-1234-5678", "010-1234-5679"), ("+44 10", "+82 10")]
)
def test_other_contacts_are_others(one, other):
    assert customers.normal_contact(one) != customers.normal_contact(other)


@pytest.mark.django_db
def test_without_a_contact_each_complaint_is_a_customer_of_its_own():
    handles = {customers.handle_of(contact, otherwise=id_) for contact in ("", " ") for id_ in ("VOC-1", "VOC-2")}
    assert len(handles) == 2


@pytest.mark.parametrize(
    ("settings_", "said"),
    [
        ({"ENCRYPTION_KEYS": []}, "ENCRYPTION_KEYS is not set."),
        ({"ENCRYPTION_KEYS": ["c2hvcnQ"]}, "Entry 1 of ENCRYPTION_KEYS has 5 bytes instead of 32."),
        ({"ENCRYPTION_KEYS": [OLD, "not base64!"]}, "Entry 2 of ENCRYPTION_KEYS is not base64url."),
        ({"DEBUG": True}, "DEBUG is on for https://voc.example.com."),
        ({"DEMO": True}, "DEMO is on for https://voc.example.com."),
        ({"SITE_URL": "http://voc.example.com"}, "SITE_URL is http://voc.example.com."),
        ({"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS allows every name."),
        ({"CORS_ALLOWED_ORIGINS": ["http://intranet.example.com"]}, "CORS_ALLOWED_ORIGINS trusts"),
        ({"CSRF_TRUSTED_ORIGINS": ["https://*.example.com"]}, "CSRF_TRUSTED_ORIGINS trusts"),
        ({"PASSWORD": "voc"}, "The database's password is one that everybody tries first."),
        ({"REDIS_URL": "redis://redis:6379/0"}, "Redis has no password."),
        ({"TRUSTED_PROXIES": 0}, "TRUST_PROXY is off."),
        ({"OUTBOUND_ALLOWED_NETWORKS": ["10.0.0.0/8", "0.0.0.0/0"]}, "OUTBOUND_ALLOWED_NETWORKS allows 0.0.0.0/0."),
        ({"OUTBOUND_ALLOWED_NETWORKS": ["::/0"]}, "OUTBOUND_ALLOWED_NETWORKS allows ::/0."),
        ({"OUTBOUND_ALLOWED_NETWORKS": ["169.254.0.0/16"]}, "OUTBOUND_ALLOWED_NETWORKS allows 169.254.0.0/16."),
        ({"METRICS_TOKEN": "guess-me"}, "METRICS_TOKEN can be guessed."),
        ({"LOGIN_ATTEMPTS": 0}, "LOGIN_ATTEMPTS is 0."),
        ({"CUSTOMER_KEEP_DAYS": -5}, "CUSTOMER_KEEP_DAYS is -5."),
        ({"AUDIT_KEEP_DAYS": -1}, "AUDIT_KEEP_DAYS is -1."),
        ({"UPLOAD_MAX_BYTES": 0}, "UPLOAD_MAX_BYTES is 0."),
        ({"EMAIL_HOST": "mail.example.com"}, "Mail is sent without TLS."),
    ],
)
def test_an_unsafe_site_is_told_what_to_set(settings, monkeypatch, settings_, said):
    settings.DEBUG = settings.DEMO = False
    settings.SITE_URL = "https://voc.example.com"
    settings.ALLOWED_HOSTS = ["voc.example.com"]
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = []
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", os.urandom(8).hex())
    settings.REDIS_URL = "redis://:secret-enough@redis:6379/0"
    settings.TRUSTED_PROXIES = 1
    settings.OUTBOUND_ALLOWED_NETWORKS = ["10.0.0.0/8", "fd12::/16", "jira.internal"]
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "localhost"
    looks = (check_encryption, check_site, check_numbers, check_neighbours)
    assert [each for look in looks for each in look()] == []
    for name, value in settings_.items():
        if name == "PASSWORD":
            monkeypatch.setitem(settings.DATABASES["default"], name, value)
        else:
            setattr(settings, name, value)
    (found,) = [each for look in looks for each in look()]
    assert said in found.msg
    assert found.hint


def test_on_ones_own_machine_less_is_asked_for(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    settings.DEBUG, settings.ENCRYPTION_KEYS = True, []
    assert [*check_encryption(), *check_site()] == []
    assert crypto.decrypt(crypto.encrypt("a", purpose="b"), purpose="b") == "a", (
        "under a key that follows from SECRET_KEY"
    )
