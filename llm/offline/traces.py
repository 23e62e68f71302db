"""Stack traces of Java, Python, Node, Go, .NET, PHP, Ruby and Rust: which exception, and where in our own code."""

import re
from dataclasses import dataclass
from functools import lru_cache

# A trace of ten thousand lines says what it says in its first and last ones.
_HEAD, _TAIL, _LINE = 120, 60, 400

_SOURCE = (
    r"[\w$@./\\-]*?"
    r"([\w$.-]+\.(?:java|kt|scala|groovy|py|js|mjs|cjs|jsx|ts|tsx|vue|go|cs|vb|fs|php|rb|rs|swift|cpp|cc|c))"
)
_FRAMES = (
    # Java family: at shop.pay.Reader.read(Reader.java:88)
    re.compile(r"\bat\s+(?P<scope>[\w.$<>/@-]+)\((?P<file>[\w$-]+\.(?:java|kt|scala|groovy)):(?P<line>\d+)\)"),
    # Python: File "/app/order/views.py", line 96, in apply_coupon
    re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<scope>[\w.<>]+))?'),
    # .NET: at Shop.Pay.Reader.Read(String x) in /src/Pay/Reader.cs:line 88
    re.compile(r"\bat\s+(?P<scope>[\w.`<>+\[\]]+)\(.*?\)\s+in\s+(?P<file>.+?\.(?:cs|vb|fs)):line\s+(?P<line>\d+)"),
    # PHP: #0 /var/www/app/Cart.php(123): Cart->total()
    re.compile(r"#\d+\s+(?P<file>/?[\w./\\-]+\.php)\((?P<line>\d+)\)(?::\s*(?P<scope>[\w\\>:-]+))?"),
    re.compile(r"\bin\s+(?P<file>/?[\w./\\-]+\.php)(?::| on line )(?P<line>\d+)(?P<scope>)"),
    # Node: at Cart.total (/app/src/cart.js:12:5), at /app/src/cart.js:12:5
    re.compile(
        r"\bat\s+(?:(?P<scope>[\w.<>$\[\] ]+?)\s+\()?(?P<file>(?:file://|webpack:///?)?[\w@./\\-]+\.(?:js|mjs|"
        r"cjs|jsx|ts|tsx|vue)):(?P<line>\d+)(?::\d+)?"
    ),
    # Ruby: /app/models/cart.rb:12:in `total'
    re.compile(r"(?P<file>[\w./-]+\.rb):(?P<line>\d+):in [`'](?P<scope>[^']+)'"),
    # Go and Rust: /src/pay/reader.go:88 +0x1d, panicked at src/pay.rs:12:5
    re.compile(r"(?P<file>[\w@./-]+\.(?:go|rs|swift|cpp|cc|c)):(?P<line>\d+)(?P<scope>)"),
)
# Where people or programs name a place in running text: "RefundProcessor.java:142", "refund.py line 88", "refund.py, line 88".
_PLACE = re.compile(_SOURCE + r"(?::|\(|,?\s+(?:on\s+|at\s+)?line:?\s*#?|:line\s+)\s*(\d+)")
_PLACE_BEFORE = re.compile(r"line\s+(\d+)\s+(?:of|in)\s+" + _SOURCE)

_LIBRARY = re.compile(
    r"^(?:java\.|javax\.|jakarta\.|jdk\.|sun\.|com\.sun\.|kotlin\.|kotlinx\.|scala\.|groovy\.|"
    r"org\.springframework\.|org\.apache\.|org\.hibernate\.|org\.eclipse\.|"
    r"io\.netty\.|reactor\.|okhttp3\.|retrofit2\.|feign\.|com\.fasterxml\.|com\.zaxxer\.|com\.google\.|"
    r"org\.postgresql\.|com\.mysql\.|oracle\.jdbc\.|redis\.|io\.lettuce\.|"
    r"System\.|Microsoft\.|Newtonsoft\.|Npgsql\.|runtime\.|net/http\.|Illuminate\\|Symfony\\|Guzzle|"
    r"Doctrine\\|java\.base/)"
    r"|site-packages|dist-packages|/lib/python\d|<frozen|<string>|node_modules|node:|^internal/|"
    r"/usr/local/go/|/go/pkg/mod/|/vendor/|/gems/|/usr/share/php|/rustc/|/\.cargo/",
)
_EXCEPTION = re.compile(
    r"(?:^|[\s:>(\[\"'])(?:Uncaught\s+|Unhandled\s+(?:exception[.:]?\s+)?)?"
    r"((?:[A-Za-z_$][\w$]*[.\\/])*[A-Z][\w$]*(?:Exception|Error|Failure|Fault|Timeout|Throwable|Interrupt|"
    r"Undefined|DoesNotExist|NotFound|Refused)\b(?:\$[\w$]+)?)"
    r"(?:\s*:\s*([^\n]{0,240}))?"
)
_PANIC = re.compile(
    r"\b(panic\b[^\n]{0,240}|fatal error: [^\n]{0,240}|PHP (?:Fatal error|Warning|Notice):\s+[^\n]{0,240}|"
    r"panicked at [^\n]{0,240})",
    re.IGNORECASE,
)
_CAUSE = re.compile(r"(?:^|\n)\s*(?:Caused by|\s--->|---> |Root cause)\s*:?\s*")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of our source: `file` as the trace gives it, `name` without folders."""

    file: str
    line: int
    scope: str = ""

    @property
    def name(self) -> str:
        return re.split(r"[/\\]", self.file)[-1]

    def __str__(self) -> str:
        return f"{self.name}:{self.line}"


@dataclass(frozen=True, slots=True)
class Trace:
    """`exception` is the simple name of the root cause's class, `chain` all of them, outermost first.

    `places` are our own frames, the telling one first; `has_frames` says whether there were any at all.
    """

    exception: str = ""
    message: str = ""
    chain: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    has_frames: bool = False

    @property
    def place(self) -> Place | None:
        return self.places[0] if self.places else None


def parse_trace(message: str, stack_trace: str | None) -> Trace:
    """What a line of log and its trace say about an exception; an empty Trace when they speak of none."""
    trace = _bounded(stack_trace or "")
    exceptions = _exceptions(trace) or _exceptions(message[:_LINE])
    frames, ours = _frames(trace or (message[:2000] if "\n" in message else ""))
    named = () if ours else _named_places(message[:_LINE]) or _named_places(trace)
    root = exceptions[-1] if exceptions else ("", "")
    return Trace(
        exception=root[0],
        message=root[1],
        chain=tuple(dict.fromkeys(name for name, _ in exceptions)),
        places=tuple(dict.fromkeys(ours or named)),
        has_frames=frames,
    )


def _bounded(trace: str) -> str:
    # Cut before splitting: a line may be megabytes long.
    lines = (trace if len(trace) < 200_000 else trace[:100_000] + "\n" + trace[-100_000:]).splitlines()
    if len(lines) > _HEAD + _TAIL:
        lines = lines[:_HEAD] + lines[-_TAIL:]
    return "\n".join(line[:_LINE] for line in lines)


@lru_cache(maxsize=256)
def _exceptions(text: str) -> tuple[tuple[str, str], ...]:
    """(class, message) from the outermost to the root cause, at most eight."""
    found = []
    for match in _EXCEPTION.finditer(text):
        name = re.split(r"[.\\/]", match.group(1))[-1]
        found.append((name, (match.group(2) or "").strip()))
        if len(found) == 8:
            break
    if not found and (panic := _PANIC.search(text)):
        kind = re.split(r":| at ", panic.group(1))[0].strip().lower()
        found.append((kind, panic.group(1)[:240].strip()))
    return tuple(found)


@lru_cache(maxsize=256)
def _frames(trace: str) -> tuple[bool, tuple[Place, ...]]:
    """Whether there are frames at all, and ours among them, the throwing one first."""
    if not trace:
        return False, ()
    # The root cause comes last in a Java chain: its frames are the telling ones.
    parts = _CAUSE.split(trace)
    seen = False
    for part in reversed(parts):
        frames = [frame for line in part.splitlines() if (frame := _frame(line))]
        seen = seen or bool(frames)
        ours = [place for place, library in frames if not library]
        if ours:
            return True, tuple(ours[::-1] if _innermost_last(part) else ours)
    return seen, ()


def _innermost_last(part: str) -> bool:
    """A real Python traceback ends with the throwing frame; loggers that put the exception first turn it round."""
    return "Traceback (most recent call last)" in part


def _frame(line: str) -> tuple[Place, bool] | None:
    for pattern in _FRAMES:
        match = pattern.search(line)
        if match:
            scope = (match.group("scope") or "").strip()
            file = match.group("file")
            library = bool(_LIBRARY.search(scope) or _LIBRARY.search(file))
            return Place(file=file, line=int(match.group("line")[:9]), scope=scope), library
    return None


def _named_places(text: str) -> tuple[Place, ...]:
    found = [
        Place(file=match.group(0).split(match.group(1))[0] + match.group(1), line=int(match.group(2)[:9]))
        for match in _PLACE.finditer(text)
    ]
    found += [Place(file=match.group(2), line=int(match.group(1)[:9])) for match in _PLACE_BEFORE.finditer(text)]
    return tuple(found[:5])
