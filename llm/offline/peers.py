"""Whom a log line speaks of: an external system, or one of our own."""

import re
from dataclasses import dataclass
from enum import StrEnum

from voc.core.vocabulary import SystemInfo


class Side(StrEnum):
    EXTERNAL = "external"
    INTERNAL = "internal"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """`name` is a host or a word of the line; "" with UNKNOWN."""

    side: Side = Side.UNKNOWN
    name: str = ""


_URL_HOST = re.compile(r"\b(?:https?|wss?|grpcs?|tcp|smtps?|sftp|ftps?)://(?:[^\s/@:]+@)?([\w.-]+)", re.IGNORECASE)
_TOP_LEVEL = r"(?:com|net|org|io|co|kr|jp|cn|us|eu|uk|de|biz|cloud|ai|tech|example|test|invalid)"
_BARE_HOST = re.compile(
    rf"(?<![\w./@:-])((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+{_TOP_LEVEL})(?![\w-]|\.\w)(?::\d+)?", re.IGNORECASE
)
_ADDRESS = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.])")
_PRIVATE = re.compile(
    r"^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0|169\.254\.)|"
    r"\.(?:internal|local|localdomain|lan|corp|svc|intra|intranet|home|private|cluster\.local)$|\.svc\.",
    re.IGNORECASE,
)
_OUR_RESOURCE = re.compile(
    r"\b(?:database|datasource|postgres(?:ql)?|mysql|mariadb|oracle db|mongo(?:db)?|redis|kafka|rabbitmq|"
    r"memcached|elasticsearch|opensearch|cassandra|dynamodb|zookeeper|etcd|consul|jdbc|hikari\w*|"
    r"message queue|primary db|replica|nfs|session store)\b|\bdb\b|데이터베이스|디비|\b캐시\b",
    re.IGNORECASE,
)
_OUR_SERVICE = re.compile(
    r"\b([a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?:service|svc|api|server|worker|backend))\b(?!\.)", re.IGNORECASE
)
_PARTNER = re.compile(
    r"\b(?:payment[ _-]?)?gateway\b(?! ?time-?out)|\bPG[ _]|\bPG\b|provider|acquirer|\bissuer|carrier|"
    r"courier|partner|vendor|third[ -]?party|upstream|external|\bremote (?:api|service|host|server|"
    r"system)|\bbank\b|card (?:company|network|scheme)|\bVAN\b|smtp|\bmx\.|relay|"
    r"logistics|warehouse|\bWMS\b|fulfil+ment|\bsaas\b|webhook|결제\s?대행|카드사|은행|택배사|통신사|외부|"
    r"연동|제휴|대외|"
    r"paypal|stripe|adyen|toss\w*|inicis|nicepay|\bkcp\b|kakao\w*|naver|payco|danal|sendgrid|mailgun|"
    r"\bses\b|twilio|fedex|\bdhl\b|\bups\b|google|facebook|apple",
    re.IGNORECASE,
)


class Directory:
    """The systems of the catalogue, as log lines may name them."""

    def __init__(self, systems: tuple[SystemInfo, ...]) -> None:
        self.systems = systems
        self._internal = {_key(system.name): system for system in systems if system.internal}
        self._external = {_key(system.name): system for system in systems if not system.internal}
        self._names = re.compile(
            "|".join(_loose(system.name) for system in systems) or r"(?!)",
            re.IGNORECASE,
        )

    def system_of(self, service: str) -> SystemInfo | None:
        """The catalogue's system of a log's service name: "payment-service" is PaymentService."""
        key = _key(service)
        found = self._internal.get(key) or self._external.get(key)
        if found or not key:
            return found
        shorter = re.sub(r"(?:service|svc|api|server|app|worker|backend)$", "", key)
        names = {**self._internal, **self._external}
        return next(
            (system for name, system in names.items() if name in (f"{shorter}service", f"{shorter}api", shorter)), None
        )

    def is_external(self, service: str) -> bool:
        system = self.system_of(service)
        return system is not None and not system.internal

    def peer_of(self, text: str, service: str) -> Peer:
        """The other side that a line of `service` speaks of. Hosts say it best, then names, then words for partners."""
        hosts = [*_URL_HOST.findall(text), *_BARE_HOST.findall(text), *_ADDRESS.findall(text)]
        outside = next((host for host in hosts if _is_public(host)), "")
        if outside:
            return Peer(Side.EXTERNAL, outside.lower())
        named = self._named(text, service)
        if named is not None and not named.internal:
            return Peer(Side.EXTERNAL, named.name)
        if hosts:
            return Peer(Side.INTERNAL, hosts[0].lower())
        if named is not None:
            return Peer(Side.INTERNAL, named.name)
        return self._by_words(text)

    def _named(self, text: str, service: str) -> SystemInfo | None:
        for match in self._names.finditer(text):
            system = self.system_of(match.group())
            if system is not None and _key(system.name) != _key(service):
                return system
        return None

    def _by_words(self, text: str) -> Peer:
        partner = _PARTNER.search(text)
        ours = _OUR_RESOURCE.search(text) or _OUR_SERVICE.search(text)
        if partner and not (ours and ours.start() < partner.start()):
            return Peer(Side.EXTERNAL, partner.group().strip(" _"))
        return Peer(Side.INTERNAL, ours.group()) if ours else Peer()


def _is_public(host: str) -> bool:
    return "." in host and not _PRIVATE.search(host)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9가-힣]", "", name.casefold())


def _loose(name: str) -> str:
    """PaymentGateway also as payment gateway, payment-gateway, payment_gateway."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-_\s]+", " ", name).split()
    return r"(?<![A-Za-z])" + r"[\s_-]?".join(re.escape(part) for part in parts) + r"(?![a-z])"
