"""What customers say and services log in the acceptance scenarios."""

from random import Random

NAMES = (
    "김가람",
    "이도현",
    "박서연",
    "최민준",
    "Emily Hartwell",
    "Jonas Weller",
    "Rashid Baker",
    "정하은",
    "O'Neil, Pat",
)

_OPENINGS_KO = ("", "", "안녕하세요. ", "저기요, ", "수고하십니다. ", "아니 ", "문의드립니다. ", "급해요!! ")
_CLOSINGS_KO = ("", "", " 확인 부탁드립니다.", " 빨리 봐주세요ㅠㅠ", " 감사합니다.", " 어떻게 해야 하죠?", "...")
_OPENINGS_EN = ("", "", "Hello, ", "Hi team, ", "hey ", "To whom it may concern: ")
_CLOSINGS_EN = ("", "", " Please look into it.", " thanks", " Can somebody check?", " Not happy.", "!!")

_KO = {
    "S1": (
        "결제 버튼 누르고 나서 화면이 한참 멈춰 있더니 결국 실패라고 나옵니다. 카드는 문제 없어요.",
        "결제창이 계속 돌기만 하다가 실패했습니다. 카드는 정상입니다",
        "어제부터 결제가 안 넘어가고 로딩만 하다 실패 떠요. 다른 데서는 같은 카드로 잘 됩니다.",
        "카드 결제하는데 1분 넘게 기다려도 응답이 없다가 결제 실패 메시지가 떴어요. 한도도 넉넉합니다",
        "결제 진행중 화면에서 멈춤. 그러다가 결제 실패. 카드사에 물어보니 카드는 이상 없다네요",
        "결제하기 누르면 빙글빙글 돌다가 끝내 결제에 실패했다고 나오네요 카드 멀쩡한데",
        "결제 화면이 얼어붙은 것처럼 멈췄다가 실패로 끝났어요. 카드에는 문제가 없습니다.",
        "물건 사려는데 결제 단계에서 너무 오래 걸리고 마지막에 실패했대요. 제 카드는 잘 되는 카드예요",
    ),
    "S2": (
        "환불 버튼을 누르면 항상 오류가 납니다.",
        "환불 신청 누를 때마다 에러 떠요. 며칠째 이러는데 고쳐주세요",
        "환불 버튼 눌러도 매번 오류 메시지만 나와요. 다른 브라우저도 똑같아요",
        "환불 요청이 안 됩니다. 누르면 무조건 오류 화면이에요.",
        "반품하고 환불 누르면 계속 에러나요 세 번 넘게 해봤습니다",
        "환불하기 클릭하면 오류가 발생했습니다 라고만 나옵니다 언제 되나요",
        "환불 페이지에서 신청 버튼이 매번 오류로 튕깁니다",
        "앱에서 환불 누르면 늘 에러가 떠서 신청을 못 하고 있어요",
    ),
    "S3": (
        "주문 취소 버튼을 못 찾겠어요. 결국 고객센터에 전화해서 취소했습니다.",
        "취소 버튼이 어디 있는지 한참 찾다가 상담원한테 전화했네요. 좀 잘 보이게 해주세요",
        "주문 취소하는 메뉴가 도대체 어디에 있나요? 못 찾아서 전화로 처리했어요",
        "주문내역을 다 뒤져도 취소 버튼이 안 보여서 전화했습니다. 찾기 쉽게 바꿔주시면 좋겠어요",
        "취소 버튼 찾기가 너무 어렵습니다. 전화해서 겨우 취소했어요.",
        "주문을 취소하고 싶었는데 버튼이 숨어 있는지 찾을 수가 없어서 고객센터에 연락했어요",
    ),
    "S4": (
        "결제하려는데 '시스템 오류'라고 뜹니다.",
        "결제 중에 시스템 오류가 발생했다는 창이 떴어요. 결제가 된 건가요?",
        "카드 결제 누르니까 시스템 에러래요. 다시 해도 되나요",
        '결제 단계에서 "시스템 오류가 발생했습니다" 나오고 끝이에요',
        "주문하고 결제 누르면 시스템오류 팝업이 뜨네요 어떻게 하나요",
        "결제할 때 시스템 오류 메시지가 나왔습니다. 주문은 어떻게 되는 거죠?",
    ),
    "S5": (
        "뭔가 좀 달라진 것 같은데 잘 모르겠어요.",
        "예전이랑 느낌이 다르네요",
        "그냥 좀 이상한 것 같아요",
        "뭐라고 설명하긴 어려운데 전이랑 달라요",
    ),
    "S6": ("ㅋㅋㅋㅋㅋ", "ㅎㅎㅎㅎㅎㅎ", "ㅠㅠㅠㅠ", "👍👍👍👍", "!!!!!!", "ㅁㄴㅇㄹㅁㄴㅇㄹ", "아아아아아아아아아"),
}
_EN = {
    "S1": (
        "I tried to pay and the page hung for ages, then said the payment failed. My card is fine.",
        "Payment got stuck on the spinner for about a minute and then failed. The card works everywhere else.",
        "Checkout froze while paying and in the end the payment failed. Nothing wrong with my card.",
        "Paying takes forever and then it fails, twice now. Card has plenty of credit, bank says it is fine",
        "the payment screen just kept loading and loading until it told me payment failed. card is ok!",
        "When I pay, it hangs with no response and finally says payment was not successful - card is good",
    ),
    "S2": (
        "The refund button always gives an error.",
        "Every time I click refund I get an error page. Tried for three days.",
        "I can't request a refund, pressing the button throws an error every single time",
        "Refund button is broken: error, error, error. Same on my phone and laptop",
        "Whenever I ask for a refund in the app it says an error occurred",
        "clicking on Refund never works, always the same error message",
    ),
    "S3": (
        "I could not find the cancel button for my order, so I had to phone support.",
        "Where is the cancel button? I looked everywhere and ended up calling customer service.",
        "Couldn't find how to cancel my order on the site. Had to phone you. Please make it easier to find.",
        "The cancel button for orders is really hard to find, I gave up and called support",
        "It took a phone call to cancel my order because the cancel button is nowhere to be seen",
    ),
    "S4": (
        'I got a "system error" while paying.',
        "While paying it said System error. Did the payment go through?",
        "Payment page shows 'system error', what should I do now",
        "At checkout, after I pressed pay, a system error came up",
        "system error at payment. tried with one card only",
    ),
    "S5": (
        "something feels different",
        "It is not the same as before somehow, hard to say what.",
        "feels a bit strange lately",
    ),
    "S6": ("lol", "hahahahaha", "asdfasdf", "....", "zzzzzzz", "qwe rty uiop"),
}

TIMEOUTS = (
    "Payment gateway timeout: {took}s (threshold {limit}s) order={order}",
    "Payment gateway timeout: POST https://pay.hanbitpay.example/v3/approve took {took_ms} ms "
    "(threshold {limit_ms} ms) order={order}",
    "PG response timeout after {took_ms}ms, limit {limit_ms}ms",
    "Call to PaymentGateway timed out: {took} s > {limit} s",
    "gateway did not respond within {limit}s (waited {took}s) order={order}",
    "결제 게이트웨이 응답 시간 초과: {took}초 (임계값 {limit}초)",
    "PaymentGateway call exceeded threshold: {took_ms}ms > {limit_ms}ms",
    "java.net.SocketTimeoutException: Read timed out calling https://api.pg.example/approve after {took_ms} ms",
    "upstream payment gateway: context deadline exceeded ({took}s, limit {limit}s)",
    "ETIMEDOUT POST https://gw.naraepay.example/pay elapsed={took_ms}ms order={order}",
)
UPSTREAM = (
    "Payment gateway answered {status}: POST https://pay.hanbitpay.example/v3/approve order={order}",
    "PaymentGateway returned HTTP {number} order={order}",
    "gateway response status={number} for approve order={order}",
    "결제 게이트웨이 응답 {number} order={order}",
    "POST https://api.pg.example/approve -> {status}",
    "Received {status} from payment gateway",
)
UNHANDLED = (
    "Unhandled exception while reading the gateway's answer order={order}",
    "Unhandled exception in PaymentController: {exception}",
    "Uncaught {exception} during payment order={order}",
    "처리되지 않은 예외: {exception}",
    "unhandled exception, request aborted",
)


def complaint(scenario: str, random: Random, number: int) -> str:
    """Korean and English by turns; S5 and S6 stay as they are, since courtesies would be something to go by."""
    korean = number % 2 == 0
    text = random.choice((_KO if korean else _EN)[scenario])
    if scenario in ("S5", "S6"):
        return text
    opening = random.choice(_OPENINGS_KO if korean else _OPENINGS_EN)
    return opening + text + random.choice(_CLOSINGS_KO if korean else _CLOSINGS_EN)
