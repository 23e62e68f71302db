"""Exceptions of our own code, as the runtimes of several languages print them."""

from dataclasses import dataclass
from random import Random

_CLASSES = (
    "RefundProcessor",
    "RefundController",
    "AccountLookup",
    "TransferPlanner",
    "ReturnDesk",
    "PayoutBuilder",
    "AnswerReader",
)
_METHODS = ("request", "apply", "resolve", "execute", "build", "confirm", "load")


@dataclass(frozen=True, slots=True)
class CodeError:
    message: str
    trace: str | None
    exception: str
    file: str
    line: int
    code: str | None


def code_error(random: Random, *, unhandled: bool = False) -> CodeError:
    """An error at a random file and line. `unhandled` leaves the message to the caller."""
    name, method, number = random.choice(_CLASSES), random.choice(_METHODS), random.randint(7, 940)
    maker = random.choice((_java, _java, _python, _node, _dotnet, _php, _go))
    exception, file, trace = maker(name, method, number)
    code = random.choice(["REFUND_500", "E500", "INTERNAL_ERROR", None])
    message = random.choice(
        (
            "POST /refunds failed: {exception} while requesting a refund",
            "{exception} in refund request",
            "refund request failed",
            "환불 요청 처리 중 {exception} 발생",
            "{exception} at {file}:{number}",
        )
    ).format(exception=exception, file=file, number=number)
    if not unhandled and random.random() < 0.15:
        # Some loggers keep the place and drop the trace.
        message, trace = f"{exception} at {file}:{number} while requesting a refund", None
    return CodeError(message, trace, exception, file, number, code)


def _java(name: str, method: str, number: int) -> tuple[str, str, str]:
    frames = (
        f'java.lang.NullPointerException: Cannot invoke "shop.Account.getBank()" because "account" is null\n'
        f"\tat shop.refund.{name}.{method}({name}.java:{number})\n"
        f"\tat shop.refund.web.Endpoint.post(Endpoint.java:61)\n"
        f"\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:883)"
    )
    return "NullPointerException", f"{name}.java", frames


def _python(name: str, method: str, number: int) -> tuple[str, str, str]:
    file = f"{name.lower()}.py"
    frames = (
        "Traceback (most recent call last):\n"
        '  File "/app/refunds/views.py", line 44, in post\n'
        "    return service.run(request)\n"
        f'  File "/app/refunds/{file}", line {number}, in {method}\n'
        "    return account.bank\n"
        "AttributeError: 'NoneType' object has no attribute 'bank'"
    )
    return "AttributeError", file, frames


def _node(name: str, method: str, number: int) -> tuple[str, str, str]:
    file = f"{name[0].lower()}{name[1:]}.js"
    frames = (
        "TypeError: Cannot read properties of undefined (reading 'bank')\n"
        f"    at {name}.{method} (/srv/app/src/{file}:{number}:17)\n"
        "    at /srv/app/src/routes.js:88:9\n"
        "    at Layer.handle (/srv/app/node_modules/express/lib/router/layer.js:95:5)"
    )
    return "TypeError", file, frames


def _dotnet(name: str, method: str, number: int) -> tuple[str, str, str]:
    frames = (
        "System.NullReferenceException: Object reference not set to an instance of an object.\n"
        f"   at Shop.Refunds.{name}.{method.title()}(Request r) in /src/Refunds/{name}.cs:line {number}\n"
        "   at Microsoft.AspNetCore.Mvc.ControllerBase.Invoke()"
    )
    return "NullReferenceException", f"{name}.cs", frames


def _php(name: str, method: str, number: int) -> tuple[str, str, str]:
    frames = (
        f"PHP Fatal error:  Uncaught Error: Call to a member function bank() on null in /var/www/app/{name}.php:{number}\n"
        "Stack trace:\n"
        f"#0 /var/www/app/{name}.php({number}): {name}->{method}()\n"
        "#1 /var/www/app/public/index.php(20): run()\n#2 {main}"
    )
    return "TypeError", f"{name}.php", frames


def _go(name: str, method: str, number: int) -> tuple[str, str, str]:
    file = f"{name.lower()}.go"
    frames = (
        "panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 41 [running]:\n"
        f"shop/refunds.(*{name}).{method.title()}(0x0)\n\t/src/refunds/{file}:{number} +0x1d\n"
        "net/http.HandlerFunc.ServeHTTP(0xc000)\n\t/usr/local/go/src/net/http/server.go:2136 +0x29"
    )
    return "panic", file, frames
