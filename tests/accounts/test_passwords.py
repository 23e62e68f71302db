"""A password that is made of this system's own words is refused."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = "https://help.hanbit-mall.example"


@pytest.mark.parametrize(
    "password", ["Voc-Admin-2026!", "hanbitmall2026!!", "HANBIT-manager-1", "ticketticket99", "Mall.Help.2026"]
)
def test_what_anybody_of_the_house_would_guess_is_refused(password):
    with pytest.raises(ValidationError) as refused:
        validate_password(password)
    assert [each.code for each in refused.value.error_list] == ["password_of_this_house"]


@pytest.mark.parametrize(
    "password", ["voc purple giraffe", "hanbit-여름-바다-소리", "7c1kTz9!vUqpL", "관리자아닌긴비밀번호"]
)
def test_one_that_only_holds_such_a_word_is_fine(password):
    validate_password(password)
