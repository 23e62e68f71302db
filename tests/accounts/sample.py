"""One view of every kind that the project may have, each with its declaration (or, on purpose, none), and their addresses."""

from django.http import HttpResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework.decorators import action, api_view
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from accounts.permissions import get_current_user, login_only, public, require_permission

confirm = require_permission("ticket:confirm")


@confirm
def function(request):
    return HttpResponse("done")


@confirm
class PageClass(View):
    def get(self, request):
        return HttpResponse("done")

    def post(self, request):
        return HttpResponse("done")


class SubclassOfPage(PageClass):
    def get(self, request):
        return HttpResponse("done")


class PageMethods(View):
    @require_permission("ticket:read")
    def get(self, request):
        return HttpResponse("done")

    @confirm
    def post(self, request):
        return HttpResponse("done")

    def put(self, request):
        return HttpResponse("done")


@require_permission("ticket:read")
class PageClassAndMethod(View):
    def get(self, request):
        return HttpResponse("done")

    @confirm
    def post(self, request):
        return HttpResponse("done")


@method_decorator(confirm, name="dispatch")
class PageByMethodDecorator(View):
    def get(self, request):
        return HttpResponse("done")


@confirm
class ApiClass(APIView):
    def get(self, request):
        return Response({"user": get_current_user(request).username})

    def post(self, request):
        return Response({})


class ApiMethods(APIView):
    @require_permission("ticket:read")
    def get(self, request):
        return Response({})

    @confirm
    def post(self, request):
        return Response({})

    def put(self, request):
        return Response({})


@confirm
@api_view(["GET", "POST"])
def api_function_below(request):
    return Response({})


@api_view(["GET", "POST"])
@confirm
def api_function_above(request):
    return Response({})


class ApiSet(ViewSet):
    @require_permission("ticket:read")
    def list(self, request):
        return Response({})

    @confirm
    def create(self, request):
        return Response({})

    @confirm
    @action(detail=False, methods=["post"])
    def shut(self, request):
        return Response({})

    def destroy(self, request):
        return Response({})


@public
class ApiPublic(APIView):
    def get(self, request):
        return Response({})


@login_only
class ApiLogin(APIView):
    def get(self, request):
        return Response({})


class ThirdPartyApi(APIView):
    """A view that we did not write and that looks after nothing."""

    permission_classes = ()

    def get(self, request):
        return Response({})


@confirm
class ThirdPartyDeclared(ThirdPartyApi):
    pass


@public
def anybody(request):
    return HttpResponse("done")


@login_only
def somebody(request):
    return HttpResponse("done")


def by_attribute(request):
    return HttpResponse("done")


by_attribute.voc_permission = "ticket:confirm"


def public_by_attribute(request):
    return HttpResponse("done")


public_by_attribute.voc_permission = "public"


class ApiByAttribute(APIView):
    voc_permission = "ticket:confirm"

    def get(self, request):
        return Response({})


class ApiByAttributeUnguarded(ThirdPartyApi):
    voc_permission = "ticket:confirm"


def undeclared(request):
    return HttpResponse("done")


class Undeclared(View):
    def get(self, request):
        return HttpResponse("done")


class ApiUndeclared(APIView):
    def get(self, request):
        return Response({})


@api_view(["GET"])
def api_undeclared(request):
    return Response({})


urlpatterns = [
    path("s/function", function),
    path("s/class", PageClass.as_view()),
    path("s/subclass", SubclassOfPage.as_view()),
    path("s/methods", PageMethods.as_view()),
    path("s/class-and-method", PageClassAndMethod.as_view()),
    path("s/method-decorator", PageByMethodDecorator.as_view()),
    path("s/wrapped", confirm(Undeclared.as_view())),
    path("s/attribute", by_attribute),
    path("s/public", anybody),
    path("s/public-attribute", public_by_attribute),
    path("s/login", somebody),
    path("s/undeclared", undeclared),
    path("s/undeclared-class", Undeclared.as_view()),
    path("api/s/class", ApiClass.as_view()),
    path("api/s/methods", ApiMethods.as_view()),
    path("api/s/function-below", api_function_below),
    path("api/s/function-above", api_function_above),
    path("api/s/set", ApiSet.as_view({"get": "list", "post": "create", "delete": "destroy"})),
    path("api/s/set/shut", ApiSet.as_view({"post": "shut"})),
    path("api/s/wrapped", confirm(ApiUndeclared.as_view())),
    path("api/s/third-party", ThirdPartyDeclared.as_view()),
    path("api/s/attribute", ApiByAttribute.as_view()),
    path("api/s/attribute-unguarded", ApiByAttributeUnguarded.as_view()),
    path("api/s/public", ApiPublic.as_view()),
    path("api/s/public-third-party", public(ThirdPartyApi.as_view())),
    path("api/s/login", ApiLogin.as_view()),
    path("api/s/plain", function),
    path("api/s/undeclared", ApiUndeclared.as_view()),
    path("api/s/undeclared-function", api_undeclared),
    path("", include("voc.urls")),
]
