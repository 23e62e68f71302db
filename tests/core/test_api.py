"""What the API answers when something is wrong, by a view that fails as it is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.http import Http404
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from voc.core import clock
from voc.core.api import QueryError, check_query
from voc.core.errors import Conflict, InvalidInput, NotAllowed, Permanent, Transient
from voc.core.models import Alert

raised: list[Exception] = []


class Inner(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=3)


class Outer(serializers.Serializer[Any]):
    raw_voc = serializers.CharField()
    inner = Inner(required=False)
    several = Inner(many=True, required=False)
    choice = serializers.ChoiceField(choices=["a", "b"], required=False)
    tags = serializers.ListField(child=serializers.IntegerField(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["raw_voc"] == "refuse me":
            raise serializers.ValidationError("as a whole it is wrong")
        return attrs


class Query(serializers.Serializer[Any]):
    limit = serializers.IntegerField(max_value=100, required=False)


class FailingView(APIView):
    voc_permission = "public"
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        if raised:
            raise raised[0]
        return Response(check_query(Query(data=request.query_params)))

    def post(self, request: Request) -> Response:
        serializer = Outer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.validated_data)


def broken(_request: object) -> None:
    raise ZeroDivisionError("secret detail")


broken.voc_permission = "public"  # type: ignore[attr-defined]
view = FailingView.as_view()
view.voc_permission = "public"  # type: ignore[attr-defined]
urlpatterns = [path("api/v1/fail", view), path("api/v1/broken", broken), path("broken", broken)]
handler400 = "voc.core.error_pages.bad_request"
handler404 = "voc.core.error_pages.page_not_found"
handler500 = "voc.core.error_pages.server_error"

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def api() -> APIClient:
    raised.clear()
    return APIClient(raise_request_exception=False, headers={"accept-language": "en"})


def answer(api: APIClient, error: Exception) -> Any:
    raised.append(error)
    return api.get("/api/v1/fail")


class TestOurErrors:
    def test_a_transition_that_is_not_allowed_is_400(self, api: APIClient) -> None:
        response = answer(api, NotAllowed("VOC-1 is done already."))
        assert (response.status_code, response.json()) == (400, {"detail": "VOC-1 is done already."})

    def test_a_value_that_a_service_refuses_is_422_beside_its_field(self, api: APIClient) -> None:
        response = answer(api, InvalidInput(field="decision.urgency", message="No such urgency.", code="enum"))
        assert response.status_code == 422
        assert response.json() == {
            "detail": [{"loc": ["body", "decision", "urgency"], "msg": "No such urgency.", "type": "enum"}]
        }

    def test_a_conflict_is_409(self, api: APIClient) -> None:
        assert answer(api, Conflict("another body")).status_code == 409

    def test_a_transient_error_is_503_and_says_when_to_come_back(self, api: APIClient) -> None:
        response = answer(api, Transient("busy", at=clock.now() + timedelta(seconds=90)))
        assert (response.status_code, response.json()) == (503, {"detail": "busy"})
        assert 85 <= int(response["Retry-After"]) <= 90

    def test_without_a_time_it_is_a_few_seconds(self, api: APIClient) -> None:
        assert int(answer(api, Transient("busy"))["Retry-After"]) >= 1

    def test_a_peer_that_refuses_is_502(self, api: APIClient) -> None:
        assert answer(api, Permanent("Jira refuses")).status_code == 502


class TestInvalidInput:
    def post(self, api: APIClient, body: object) -> list[dict[str, Any]]:
        response = api.post("/api/v1/fail", body, format="json")
        assert response.status_code == 422
        return response.json()["detail"]

    def test_a_missing_field_is_named(self, api: APIClient) -> None:
        [problem] = self.post(api, {})
        assert problem["loc"] == ["body", "raw_voc"]
        assert problem["type"] == "missing"
        assert isinstance(problem["msg"], str)

    def test_every_problem_has_its_own_place_however_deep(self, api: APIClient) -> None:
        body = {"inner": {"name": "long"}, "several": [{"name": "ok"}, {}], "tags": [1, "x"]}
        places = [problem["loc"] for problem in self.post(api, body)]
        assert places == [
            ["body", "raw_voc"],
            ["body", "inner", "name"],
            ["body", "several", 1, "name"],
            ["body", "tags", 1],
        ]

    def test_a_problem_of_the_whole_body_is_at_the_body(self, api: APIClient) -> None:
        [problem] = self.post(api, {"raw_voc": "refuse me"})
        assert (problem["loc"], problem["msg"]) == (["body"], "as a whole it is wrong")

    def test_a_body_that_is_no_object_is_at_the_body(self, api: APIClient) -> None:
        [problem] = self.post(api, [1, 2])
        assert problem["loc"] == ["body"]

    def test_broken_json_is_at_the_body(self, api: APIClient) -> None:
        response = api.generic("POST", "/api/v1/fail", b'{"raw_voc": ', content_type="application/json")
        assert response.status_code == 422
        assert response.json()["detail"][0]["loc"] == ["body"]

    @pytest.mark.parametrize(
        "body",
        ["[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900, "[" * 65 + "]" * 65],
        ids=["arrays", "objects", "closed", "just too deep"],
    )
    def test_a_body_that_is_nested_beyond_reason_is_at_the_body(self, api: APIClient, body: str) -> None:
        response = api.generic("POST", "/api/v1/fail", body, content_type="application/json")
        assert response.status_code == 422
        [problem] = response.json()["detail"]
        assert (problem["loc"], problem["type"]) == (["body"], "json_invalid")
        assert "64 levels" in problem["msg"]

    def test_a_body_nested_as_deep_as_may_be_is_looked_at(self, api: APIClient) -> None:
        body = '{"raw_voc": "x", "other": ' + "[" * 62 + "]" * 62 + "}"
        response = api.generic("POST", "/api/v1/fail", body, content_type="application/json")
        assert (response.status_code, response.json()) == (200, {"raw_voc": "x"})

    def test_half_a_character_in_what_a_message_quotes_is_spelled_out(self, api: APIClient) -> None:
        [problem] = self.post_raw(api, '{"raw_voc": "x", "choice": "\\ud800"}')
        assert (problem["loc"], problem["type"]) == (["body", "choice"], "invalid_choice")
        assert "\\ud800" in problem["msg"]

    def post_raw(self, api: APIClient, body: str) -> list[dict[str, Any]]:
        response = api.generic("POST", "/api/v1/fail", body, content_type="application/json")
        assert response.status_code == 422
        return response.json()["detail"]

    def test_a_query_parameter_is_at_the_query(self, api: APIClient) -> None:
        response = api.get("/api/v1/fail?limit=101")
        assert response.status_code == 422
        assert response.json()["detail"][0]["loc"] == ["query", "limit"]
        assert api.get("/api/v1/fail?limit=100").json() == {"limit": 100}

    def test_a_query_error_raised_by_hand_is_at_the_query(self, api: APIClient) -> None:
        assert answer(api, QueryError({"sort": ["no such order"]})).json()["detail"][0]["loc"] == ["query", "sort"]

    def test_djangos_own_validation_errors_have_the_same_shape(self, api: APIClient) -> None:
        response = answer(api, DjangoValidationError({"customer_name": ["too long"], "__all__": ["wrong"]}))
        assert response.status_code == 422
        assert [problem["loc"] for problem in response.json()["detail"]] == [["body", "customer_name"], ["body"]]


class TestOthers:
    @pytest.mark.parametrize("error", [Http404(), Alert.DoesNotExist("Alert matching query does not exist.")])
    def test_what_does_not_exist_is_404_and_says_no_more(self, api: APIClient, error: Exception) -> None:
        response = answer(api, error)
        assert response.status_code == 404
        assert list(response.json()) == ["detail"]
        assert "Alert" not in response.content.decode()

    def test_not_signed_in_is_401_with_a_challenge(self, api: APIClient, monkeypatch) -> None:
        class Bearer:
            def authenticate(self, _request: Request) -> None:
                return None

            def authenticate_header(self, _request: Request) -> str:
                return 'Bearer realm="api"'

        monkeypatch.setattr(FailingView, "authentication_classes", (Bearer,))
        response = answer(api, exceptions.NotAuthenticated())
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="api"'
        assert isinstance(response.json()["detail"], str)

    @pytest.mark.parametrize("error", [exceptions.PermissionDenied(), DjangoPermissionDenied()])
    def test_not_permitted_is_403(self, api: APIClient, error: Exception) -> None:
        assert answer(api, error).status_code == 403

    def test_too_many_requests_is_429_with_the_seconds_to_wait(self, api: APIClient) -> None:
        response = answer(api, exceptions.Throttled(wait=12.2))
        assert (response.status_code, response["Retry-After"]) == (429, "13")

    def test_another_media_type_is_415(self, api: APIClient) -> None:
        response = api.generic("POST", "/api/v1/fail", b"<a/>", content_type="application/xml")
        assert response.status_code == 415
        assert isinstance(response.json()["detail"], str)

    @pytest.mark.parametrize("error", [NotAllowed("\ud800"), Conflict("\ud800"), exceptions.APIException("\ud800")])
    def test_half_a_character_in_any_message_is_spelled_out(self, api: APIClient, error: Exception) -> None:
        assert answer(api, error).json() == {"detail": "\\ud800"}

    def test_a_body_over_the_limit_is_413(self, api: APIClient, settings) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        response = api.post("/api/v1/fail", {"raw_voc": "x" * 100}, format="json")
        assert response.status_code == 413
        assert response.json() == {"detail": "The request is too big: it may have 100 bytes at most."}
        assert api.post("/api/v1/fail", {"raw_voc": "x" * 50}, format="json").status_code == 200

    def test_another_method_is_405(self, api: APIClient) -> None:
        assert api.delete("/api/v1/fail").status_code == 405

    def test_a_detail_that_is_a_dict_becomes_its_sentence(self, api: APIClient) -> None:
        error = exceptions.AuthenticationFailed({"detail": "Token is expired", "code": "token_not_valid"})  # type: ignore[arg-type]
        assert answer(api, error).json() == {"detail": "Token is expired"}

    def test_what_nobody_expected_is_500_without_a_word_of_it(self, api: APIClient) -> None:
        response = answer(api, ZeroDivisionError("secret detail"))
        assert response.status_code == 500
        assert set(response.json()) == {"detail", "request_id"}
        assert "secret" not in response.content.decode()
        assert response.json()["request_id"]

    def test_an_error_rolls_the_views_transaction_back(self, api: APIClient, monkeypatch) -> None:
        def half(_self: object, _request: Request) -> Response:
            with transaction.atomic():
                Alert.objects.create(key="half", title="", raised_at=clock.now(), last_seen_at=clock.now())
                raise NotAllowed("no")

        monkeypatch.setattr(FailingView, "get", half)
        assert api.get("/api/v1/fail").status_code == 400
        assert not Alert.objects.filter(key="half").exists()

    def test_an_unknown_address_below_api_is_404_in_json(self, api: APIClient) -> None:
        response = api.get("/api/v1/nowhere")
        assert response.status_code == 404
        assert list(response.json()) == ["detail"]

    def test_an_error_outside_the_api_framework_is_500_in_json(self, api: APIClient) -> None:
        response = api.get("/api/v1/broken")
        assert response.status_code == 500
        assert "secret" not in response.content.decode()
        assert set(response.json()) == {"detail", "request_id"}
