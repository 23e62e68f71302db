"""The catalogue of known failure patterns over log lines, as data: what to look for, and whose fault it means.

The order matters: the first pattern of the strongest group that matches names the line. Matched case-insensitively
against the message, the error code and the head of the stack trace.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from llm.offline.keywords import Sense
from llm.offline.texts import Pair


class Fault(StrEnum):
    """Who is at fault when a pattern matches."""

    OUTSIDE = "outside"  # an external system, unless the peer in the line is one of ours
    OURS = "ours"
    ANSWER = "answer"  # reading an answer failed: the partner's fault when the line speaks of one, else ours
    CUSTOMER = "customer"  # works as meant: a wrong password, a full mailbox


@dataclass(frozen=True, slots=True)
class FailurePattern:
    """`shows_as` are the symptoms that customers see of it; `weight` is how surely it means a failure."""

    name: str
    fault: Fault
    pattern: re.Pattern[str]
    title: Pair
    shows_as: frozenset[Sense]
    weight: float = 1.0


def _pattern(
    name: str, fault: Fault, title: Pair, shows_as: set[Sense], *patterns: str, weight: float = 1.0
) -> FailurePattern:
    return FailurePattern(
        name, fault, re.compile("|".join(patterns), re.IGNORECASE), title, frozenset(shows_as), weight
    )


_SLOW = {Sense.HANG, Sense.FAILS, Sense.DOWN, Sense.MONEY}
_BROKEN = {Sense.ERROR, Sense.FAILS, Sense.BLANK}
_CUT = {Sense.ERROR, Sense.FAILS, Sense.BLANK, Sense.HANG, Sense.DOWN}
# An answer that comes, but says no: customers see an error at once instead of a window that hangs.
_REFUSED_AT_ONCE = {Sense.ERROR, Sense.FAILS, Sense.BLANK, Sense.DOWN}

# A status code in running text; not a line number, an amount or a part of an identifier.
_NUMBER = r"(?<![\w.,:/=#-])%s(?![\w-]|[.,:]\d)"

CUSTOMER_SIDE: tuple[FailurePattern, ...] = (
    _pattern(
        "customer_side",
        Fault.CUSTOMER,
        ("고객 측 사정", "the customer's side"),
        {Sense.REFUSED},
        r"wrong password|bad credentials|password mismatch|login refused|insufficient funds|"
        r"not enough (?:funds|balance)|card (?:was )?declined|do not honou?r|card expired",
        r"expired card|stolen card|mailbox full|over quota \(552|user (?:unknown|cancel+ed)|"
        r"cancel+ed by (?:the )?(?:user|customer)|no such user|address marked|coupon (?:is )?expired|"
        r"expired coupon|coupon not (?:valid|applicable)",
        r"잔액\s?부족|한도\s?초과|비밀번호\s?(?:불일치|오류|틀림)|사용자\s?취소|비정상\s?접근|bot (?:detected|"
        r"blocked)|crawler|session expired|token expired user|captcha",
    ),
)

CATALOGUE: tuple[FailurePattern, ...] = (
    # --- resources of our own, before the general patterns that they look like ---
    _pattern(
        "pool_exhausted",
        Fault.OURS,
        ("연결 풀 고갈", "connection pool exhausted"),
        _SLOW | _BROKEN,
        r"hikari\S*.{0,40}(?:not available|timed out)|(?:connection )?pool\S* (?:is )?(?:exhausted|"
        r"timed? ?out|full|limit)|too many connections|queuepool limit|no (?:free|available|"
        r"idle) connections?|unable to acquire (?:jdbc )?connection",
        r"threads? pool.{0,12}(?:exhausted|rejected)|RejectedExecution",
    ),
    _pattern(
        "deadlock",
        Fault.OURS,
        ("데이터베이스 교착", "database deadlock"),
        _SLOW | _BROKEN,
        r"deadlock|lock wait timeout|could not obtain lock|lock timeout|could not serialize access|"
        r"database is locked|canceling statement due to (?:lock|statement) timeout",
    ),
    _pattern(
        "out_of_memory",
        Fault.OURS,
        ("메모리 부족", "out of memory"),
        _CUT,
        r"OutOfMemory|out of memory|java heap space|MemoryError|OOM-?Killed|allowed memory size|heap limit|"
        r"cannot allocate memory",
        r"StackOverflow|RecursionError|maximum recursion|maximum call stack|no space left|disk (?:is )?full|"
        r"too many open files",
    ),
    _pattern(
        "sql",
        Fault.OURS,
        ("데이터베이스 제약·질의 오류", "database constraint or query error"),
        _BROKEN | {Sense.REFUSED, Sense.WRONG_VALUE},
        r"violates|constraint|duplicate (?:key|entry)|IntegrityError|DataIntegrity|SQL(?:Syntax|Integrity|"
        r"Grammar|Exception|STATE)|\bORA-\d+|unknown column|(?:relation|table|column) \S+ (?:does not exist|"
        r"doesn't exist)",
        r"BadSqlGrammar|ProgrammingError|OperationalError|data too long|value too long|data truncat|"
        r"numeric (?:value )?(?:field )?overflow|foreign key|PSQLException|QueryException|DbUpdateException",
    ),
    # --- an external system ---
    _pattern(
        "rate_limit",
        Fault.OUTSIDE,
        ("상대 시스템의 호출 한도 초과", "rate limit or quota of the partner"),
        _REFUSED_AT_ONCE | {Sense.NOTHING_COMES},
        _NUMBER
        % "429"
        + r"|too many requests|rate[ _-]?limit|quota|throttl|daily limit|requests? per (?:second|minute|day)|"
        r"호출\s?(?:한도|제한)|전송량\s?초과|발송\s?한도",
    ),
    _pattern(
        "tls",
        Fault.OUTSIDE,
        ("TLS 인증서·핸드셰이크 실패", "TLS certificate or handshake failure"),
        _CUT,
        r"certificate|x509|PKIX|\bSSL\w*|\bTLS\b|handshake|CERT_HAS_EXPIRED|self[- ]signed|인증서",
    ),
    _pattern(
        "dns",
        Fault.OUTSIDE,
        ("호스트 이름을 찾지 못함 (DNS)", "host name not resolved (DNS)"),
        _CUT,
        r"UnknownHost|ENOTFOUND|EAI_AGAIN|getaddrinfo|gaierror|no such host|name or service not known|"
        r"NXDOMAIN|SERVFAIL|\bDNS\b|could not resolve|cannot resolve host|failure in name resolution|"
        r"nodename nor servname",
    ),
    _pattern(
        "timeout",
        Fault.OUTSIDE,
        ("응답 시간 초과", "timeout"),
        _SLOW | {Sense.NOTHING_COMES},
        r"time[d]?[ _-]?out|deadline[ _]exceeded|ETIMEDOUT|ESOCKETTIMEDOUT|TaskCancel+ed|cURL error 28|"
        r"no (?:answer|response|reply)(?: \w+){0,4} (?:after|within|in \d)|did(?:n't| not) (?:respond|answer|"
        r"reply) (?:within|in|for)",
        r"(?:응답|처리|대기|연결)\s?(?:시간)?\s?(?:초과|지연|없음)|타임\s?아웃|"
        r"exceed\w* (?:the )?(?:\w+ )?(?:threshold|limit|sla|budget|timeout)|(?:latency|response time|"
        r"slow (?:response|answer)).{0,40}(?:threshold|limit|exceed|over|sla)|threshold exceeded",
        r"(?:over|above|beyond|longer than) (?:the )?(?:\d+(?:\.\d+)? ?m?s(?:ec(?:onds?)?)? )?(?:threshold|"
        r"limit|sla)|임계[값치]?\s?.{0,12}초과",
    ),
    _pattern(
        "connection",
        Fault.OUTSIDE,
        ("연결 거부·끊김", "connection refused or lost"),
        _CUT,
        r"connection (?:was )?(?:refused|reset|closed|aborted|failed|lost|error|dropped)|ECONNREFUSED|"
        r"ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|broken pipe|unreachable|no route to host|socket hang ?up",
        r"(?:failed|unable|could not|cannot|can't) (?:to )?(?:connect|reach|establish)|RemoteDisconnected|"
        r"NewConnectionError|MaxRetryError|ConnectException|connect error|연결\s?(?:거부|실패|끊|불가|오류)|"
        r"접속\s?(?:불가|실패)|premature(?:ly)? (?:close|end)|ResourceAccess|RestClientE|FeignE|RetryableE|"
        r"AxiosError|FetchError|fetch failed|ConnectError|ClientConnector|HttpRequestException|WebException|"
        r"SocketE|dial tcp|StatusRuntime",
    ),
    _pattern(
        "smtp",
        Fault.OUTSIDE,
        ("메일 제공자의 거부·지연", "refused or deferred by the mail provider"),
        {Sense.NOTHING_COMES, Sense.FAILS, Sense.ERROR},
        r"(?<![\d.])[45][2-7]\d[ -][45]\.\d{1,3}\.\d{1,3}|greylist|grey-?listed|deferr(?:ed|al)|"
        r"relay (?:access )?denied|blocklist|blacklist|spamhaus|DMARC|SPF (?:fail|check)|DKIM|SMTP\w*(?:Error|"
        r"Exception|Refused|Disconnected)|mail\S* (?:not|un)\s?deliver",
        r"(?:mail|message)\b.{0,40}\b(?:bounced|rejected by|refused by|suppressed)|발송\s?(?:실패|거부|지연)|"
        r"수신\s?서버",
    ),
    _pattern(
        "upstream_5xx",
        Fault.OUTSIDE,
        ("상대 시스템의 서버 오류(5xx)", "server error (5xx) of the partner"),
        _REFUSED_AT_ONCE | {Sense.MONEY},
        _NUMBER % "50[0-9]" + r"(?! ?(?:ms|items|rows|users|won|원|KB|MB|entries|series|of))|(?:status|code|"
        r"http\w*)\s?[=: ]\s?5\d\d\b|\b5xx\b|bad gateway|service unavailable|gateway time-?out|"
        r"internal server error",
        r"temporarily unavailable|upstream (?:error|failure|connect|prematurely|request)|under maintenance|"
        r"(?:scheduled |system )?maintenance (?:page|mode|window)|(?:시스템\s?)?점검\s?중|HttpServerError|"
        r"ServiceUnavailable|UNAVAILABLE|서버\s?오류|장애",
    ),
    _pattern(
        "malformed_answer",
        Fault.ANSWER,
        ("상대 시스템의 잘못된 응답", "malformed answer of the partner"),
        _BROKEN | {Sense.HANG, Sense.WRONG_VALUE},
        r"(?:answer|response|reply|payload|feed|callback|webhook|(?:answer|"
        r"response) body)\b.{0,40}(?:unusable|unreadable|malformed|invalid|corrupt|truncated|garbled|empty|"
        r"incomplete|unexpected|not (?:valid|json|xml)|missing|without|lacks)",
        r"(?:malformed|unexpected|invalid|truncated|empty|corrupt(?:ed)?|unparsable|unparseable|unreadable|"
        r"garbled|incomplete|unknown)\s(?:\w+\s){0,3}(?:answer|response|reply|payload|content[- ]type|json|"
        r"xml|feed)",
        r"text/html.{0,40}(?:instead|expected|json)|expected (?:application/)?(?:json|xml)|<html|<!doctype|"
        r"schema (?:mismatch|changed|violation)|unexpected (?:token|character) '?<|응답\s?(?:형식|파싱|본문|"
        r"전문)|전문\s?(?:오류|길이)|unknown (?:status|result|response) code",
    ),
    _pattern(
        "partner_auth",
        Fault.OUTSIDE,
        ("상대 시스템의 인증 거부", "credentials refused by the partner"),
        _CUT | {Sense.REFUSED},
        _NUMBER
        % "40[13]"
        + r"|unauthori[sz]ed|forbidden|invalid[ _]client|(?:api|access|merchant|client|service)[ _-]?(?:key|"
        r"token|secret|credential)s?\b.{0,30}(?:expired|revoked|invalid|rejected|refused|disabled|suspended)",
        r"(?:expired|revoked|invalid|rejected|suspended|disabled) (?:api|access|merchant|client)[ _-]?(?:key|"
        r"token|secret|account|credential)|signature (?:mismatch|invalid|rejected)|authentication (?:failed|"
        r"rejected)|ip (?:address )?not (?:allowed|whitelisted)|인증\s?(?:실패|거부|만료)",
    ),
    _pattern(
        "partner_silent",
        Fault.OUTSIDE,
        ("상대 시스템의 통지 누락·지연", "notification of the partner late or missing"),
        {Sense.NOTHING_COMES, Sense.WRONG_VALUE, Sense.FAILS, Sense.MONEY},
        r"(?:callback|webhook|notification|settlement|feed|file|status update|"
        r"event)s?\b.{0,30}(?:not received|never (?:came|arrived)|missing|overdue|late|stale|delayed|missed)|"
        r"no (?:callback|webhook|notification|update|event|status|data|scan)s?\b.{0,30}(?:from|since|for|"
        r"received)",
        r"(?:stale|outdated) (?:data|feed|status|answer) (?:from|of)|circuit (?:breaker )?(?:is )?open|"
        r"breaker\b.{0,40}(?:open|half)|(?:provider|partner|carrier|gateway|acquirer|bank|"
        r"vendor)\b.{0,30}(?:outage|incident|is down|not available|unavailable|degraded)|콜백\s?(?:미수신|"
        r"누락|지연)|미수신",
    ),
    # --- our own code ---
    _pattern(
        "our_request_refused",
        Fault.OURS,
        ("우리가 보낸 요청의 오류", "a request of ours that is wrong"),
        _BROKEN | {Sense.REFUSED},
        _NUMBER
        % "(?:400|404|405|409|411|413|415|422)"
        + r".{0,60}(?:bad request|invalid|missing|required|unprocessable|not found|not allowed|unsupported|"
        r"malformed|unknown|must|conflict|field|parameter)|\b400 bad request|\b422\b|unprocessable entity|"
        r"we (?:sent|send)\b",
        r"(?:invalid|missing|unknown|unsupported) (?:field|parameter|param|argument|header|format)\b|(?:field|"
        r"parameter|param) '?\"?\w+'?\"? (?:is )?(?:missing|required|invalid|unknown|must)",
    ),
    _pattern(
        "null",
        Fault.OURS,
        ("널 참조", "null reference"),
        _BROKEN,
        r"NullPointer|NullReference|'?NoneType'?|(?:undefined|null) is not|cannot read propert|"
        r"of (?:undefined|null)\b|nil pointer|nil map|on null\b|is null\b|KotlinNullPointer|"
        r"unexpectedly found nil|object reference not set|널\s?(?:포인터|참조)",
    ),
    _pattern(
        "index",
        Fault.OURS,
        ("범위를 벗어난 접근", "index out of range"),
        _BROKEN,
        r"IndexOutOf|OutOfBounds|IndexError|out of (?:range|bounds)|ArgumentOutOfRange|undefined (?:offset|"
        r"array key|index)|subscript out|NoSuchElement|empty (?:list|collection|sequence|Optional)|"
        r"StopIteration",
    ),
    _pattern(
        "missing_key",
        Fault.OURS,
        ("없는 항목·속성 참조", "a key or attribute that does not exist"),
        _BROKEN,
        r"KeyError|KeyNotFound|AttributeError|UndefinedError|has no attribute|no attribute|"
        r"undefined (?:variable|property|method|function|column|symbol)|is not defined|is not a function|"
        r"ReferenceError|NoSuchField|NoSuchMethod|MissingProperty|NoMethodError|"
        r"property '?\w+'? does not exist|not found in (?:map|dict|context)",
    ),
    _pattern(
        "type",
        Fault.OURS,
        ("형식 불일치", "wrong type"),
        _BROKEN,
        r"TypeError|ClassCast|InvalidCast|cannot be cast|unsupported operand|cannot convert|incompatible type|"
        r"type mismatch|not assignable|MismatchedInput|JsonMapping|UnrecognizedProperty|interface conversion",
    ),
    _pattern(
        "parse",
        Fault.ANSWER,
        ("값 해석 실패", "a value that could not be parsed"),
        _BROKEN | {Sense.REFUSED, Sense.WRONG_VALUE},
        r"JSONDecode|JsonParse|JsonSyntax|JsonException|json.{0,16}(?:syntax|parse|decod)|XMLParse|SAXParse|"
        r"unexpected (?:token|character|end of)|Expecting value|Unmarshal",
    ),
    _pattern(
        "value",
        Fault.OURS,
        ("값 변환 실패", "a value that could not be converted"),
        _BROKEN | {Sense.REFUSED, Sense.WRONG_VALUE},
        r"NumberFormat|ValueError|ParseException|DateTimeParse|DateTimeException|FormatException|"
        r"invalid literal|SyntaxError|invalid (?:date|time|number|format)|strconv|RangeError|Arithmetic|"
        r"divi(?:sion|de) by zero|ZeroDivision|decimal\.|Overflow|UnsupportedEncoding|Unicode(?:De|En)code|"
        r"codec can't|charset|encoding (?:error|failed)|MalformedInput",
    ),
    _pattern(
        "assertion",
        Fault.OURS,
        ("있을 수 없는 상태", "a state that must not be"),
        _BROKEN,
        r"Assert(?:ion)?(?:Error|Failed)|assertion|invariant|IllegalState|IllegalArgument|illegal (?:state|"
        r"transition)|InvalidOperation|ArgumentException|ArgumentNull|No enum constant|NotImplemented|"
        r"UnsupportedOperation|ConcurrentModification|invalid state|state machine|LogicException|"
        r"DomainException|unreachable code",
    ),
    _pattern(
        "validation",
        Fault.OURS,
        ("잘못된 검증 규칙", "a validation rule that refuses what it should accept"),
        {Sense.REFUSED, Sense.ERROR, Sense.FAILS},
        r"validation (?:refused|rejected|failed|error|failures?|refusals?|spike)|refusals? of|"
        r"failed validation|ValidationE\w+|(?:rule|regex|pattern)\b.{0,30}(?:mismatch|did not match|refus|"
        r"reject)|does not match (?:the )?(?:rule|pattern|regex)|refused by (?:the )?(?:rule|validator)|"
        r"검증\s?(?:실패|오류|거부)",
    ),
    _pattern(
        "wrong_result",
        Fault.OURS,
        ("잘못된 계산·중복 처리", "a wrong or doubled result"),
        {Sense.WRONG_VALUE, Sense.MONEY, Sense.ERROR, Sense.FAILS},
        r"mismatch|inconsisten|discrepan|does(?:n't| not) (?:add up|match|equal)|negative (?:amount|total|"
        r"stock|price|balance|quantity)|rounding|(?:expected|should be) \S+,? (?:but |got |was |is |found )|"
        r"(?:processed|charged|submitted|sent|executed|applied|registered|booked|inserted) (?:twice|again|"
        r"\d times)|double[- ](?:submit|charge|booking|spend|processing)",
        r"duplicate (?:charge|request|order|submission|payment|message|event|job|row)|idempoten|"
        r"race condition|lost update|stale (?:cache|state|version|object|price)|optimistic lock|"
        r"OptimisticLock|wrong (?:total|amount|price|user|account|template|locale|currency|time ?zone)|"
        r"off[- ]by|불일치|중복\s?(?:처리|승인|요청|결제)|음수",
    ),
    _pattern(
        "rendering",
        Fault.OURS,
        ("화면·문서 생성 실패", "rendering failed"),
        {Sense.BLANK, Sense.ERROR, Sense.WRONG_VALUE, Sense.FAILS},
        r"(?:render|template|layout|view|page|pdf|thumbnail|chunk)\w*\b.{0,40}(?:fail|error|missing|not found|"
        r"empty|broken)|failed to (?:render|generate|build|load chunk|hydrate)|TemplateSyntax|"
        r"TemplateNotFound|missing translation|ChunkLoad|hydration|mojibake|body left empty",
    ),
    _pattern(
        "configuration",
        Fault.OURS,
        ("설정·배포 문제", "configuration or deployment"),
        _CUT,
        r"misconfigur|configuration (?:missing|error|invalid)|missing (?:env|setting|config|property|bean)|"
        r"not configured|feature flag|FileNotFound|NoSuchFile|ENOENT|no such file|ClassNotFound|NoClassDef|"
        r"ModuleNotFound|ImportError|cannot find module|permission denied|AccessDenied|EACCES|"
        r"migration (?:failed|missing|pending)",
        r"since (?:the )?(?:release|deploy\w*|version|rollout|migration|validation|build)\b|"
        r"after (?:the )?(?:release|deploy\w*|rollout|migration)|bean (?:creation|not)|BeanCreation|"
        r"ImproperlyConfigured|unknown (?:property|option|route|handler)|no (?:route|handler) (?:found|for)",
    ),
    _pattern(
        "unhandled",
        Fault.OURS,
        ("처리되지 않은 예외", "unhandled exception"),
        _BROKEN,
        r"unhandled|uncaught|not handled|\bpanic|fatal error|segmentation fault|segfault|core dumped|"
        r"처리되지\s?않은|예외\s?(?:발생|처리)|unexpected (?:error|exception|failure)|traceback|"
        r"exception (?:in|while|during|caught|occurred|processing|handling)",
        weight=0.9,
    ),
)
UNHANDLED = re.compile(r"unhandled|uncaught|not handled|panic:|처리되지\s?않은|unexpected exception", re.IGNORECASE)

# What makes a warning or an error harmless: it was dealt with, nothing was lost.
HANDLED = re.compile(
    r"(?:,|\bbut|then|;|and)?\s*(?:completed|approved|delivered|drained|recovered|resolved|succeeded|"
    r"successful(?:ly)?|removed|ignored|skipped|healed)\s*$"
    r"|retr(?:y|ied)\b.{0,30}(?:ok|succe|deliver|complet|recover)|(?:succe\w+|ok|recovered|completed|"
    r"delivered) (?:on|after|at) (?:the )?(?:\d+(?:st|nd|rd|th)?|second|third|next|a|one)?\s?(?:retry|"
    r"attempt|try)"
    r"|cached \w+ (?:\w+ )?(?:was )?used|us(?:ed|ing) (?:the )?(?:cached?|default|stale|backup|secondary|"
    r"fallback)|fall(?:s|ing|en)? ?back|fell back|fallback (?:used|to)|shown without|continu(?:ed|"
    r"ing) without|served from cache|default(?:s|ed)? (?:to|used|applied)"
    r"|no (?:customer )?impact|not customer[- ]facing|handled gracefully|as expected|will be retried|"
    r"재시도\s?(?:후\s?)?성공|정상\s?(?:처리|복구)|복구\s?완료|(?:무시|건너뜀|대체)(?:함|됨)?\s*$",
    re.IGNORECASE,
)
