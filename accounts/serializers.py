"""What the authentication calls take and give."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from accounts.permissions import PERMISSIONS, Role


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False, style={"input_type": "password"})
    code = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4096)


class TokenPairSerializer(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class MeSerializer(serializers.ModelSerializer[User]):
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "username", "email", "role", "permissions", "language"]

    def get_permissions(self, user: User) -> list[str]:
        granted = PERMISSIONS[Role(user.role)]
        if user.scopes is None or "*" in user.scopes:
            return granted
        return [each for each in sorted(user.scopes) if "*" in granted or each in granted]
