"""What complaints and log lines are about, in Korean, English and the words of programs: the bridge between the two.

A *broad* concept names the whole field of a system (payment, order): sharing it says less than sharing a particular one.
"""

import re
from functools import lru_cache

_BROAD: dict[str, str] = {
    "payment": r"결제|결재|승인|pay(?!load)|approv|checkout|billing",
    "refund": r"환불|refund",
    "order": r"주문|구매|order",
    "delivery": r"배송|택배|배달|deliver|shipping|shipment|parcel|courier|carrier",
    "mail": r"메일|e-?mail|\bmail|smtp|inbox",
    "card": r"카드|\bcards?\b|card[A-Z_]|creditcard",
}
_PARTICULAR: dict[str, str] = {
    "partial": r"부분|일부|[0-9]개\s?중|partial",
    "cancel": r"취소|cancel",
    "coupon": r"쿠폰|할인\s?코드|프로모|바우처|coupon|promo|voucher|discount|할인",
    "cart": r"장바구니|카트|\bcart|basket|cart[A-Z]",
    "login": r"로그인|접속|log[ -]?in\b|login|sign[ -]?in\b|signin|logged|session ?restor|\bauth(?!or)",
    "signup": r"가입|sign[ -]?up|signup|regist(?:er|ration)|create an account|join",
    "password": r"비밀\s?번호|비번|패스워드|password",  # nosec B105
    "phone": r"휴대폰|핸드폰|전화\s?번호|phone|mobile(?: number)?|msisdn",
    "verification": r"인증|본인\s?확인|verif|\botp\b|one[- ]time|confirmation (?:mail|code)",
    "receipt": r"영수증|세금\s?계산서|receipt|invoice|tax bill",
    "newsletter": r"뉴스레터|소식지|수신\s?거부|newsletter|unsubscribe|marketing|bulk",
    "tracking": r"조회|추적|운송장|송장|어디쯤|위치|track(?!\s?record)|waybill|\btrace\b",
    "address": r"주소|우편\s?번호|배송지|address(?!ed)|zip|postal|postcode",
    "label": r"라벨|label",
    "pickup": r"수거|회수|픽업|pick-?up|collect(?:ion)?\b",
    "return": r"반품|return request|returns?\b|/return",
    "exchange": r"교환|exchange",
    "stock": r"재고|품절|입고|stock|availab|inventory|warehouse",
    "search": r"검색|search",
    "image": r"사진|이미지|첨부|업로드|photo|image|picture|upload|attach|thumbnail",
    "review": r"후기|리뷰|별점|review|rating",
    "points": r"적립|포인트|마일리지|points?\b|mileage|reward|loyalty",
    "profile": r"프로필|닉네임|회원\s?정보|profile|nickname",
    "message": r"알림|푸시|문자|카톡|notification|push|\bsms\b|text message",
    "transfer": r"계좌|은행|이체|송금|입금|transfer|bank|account number|iban|deposit",
    "amount": r"금액|가격|합계|총액|요금|배송비|amount|price|total|\bsum\b|\bcost|fee\b|vat",
    "date": r"날짜|생년월일|생일|기간|기한|\bdates?\b|birth|calendar|deadline",
    "time slot": r"시간대|희망\s?시간|time (?:window|slot)|slot|evening",
    "history": r"내역|목록|이력|history|\blist",
    "instalment": r"할부|instal",
    "gift": r"선물|gift|wrap",
    "option": r"옵션|사이즈|색상|\boptions?\b|\bsizes?\b|colou?r|variant",
    "quantity": r"수량|개수|quantity|\bqty\b",
    "wish list": r"찜|위시|wish ?list|favou?rite",
    "expiry": r"유효\s?기간|만료일|expir|valid (?:till|until|thru)",
    "document": r"다운로드|인쇄|출력|엑셀|download|\bpdf\b|print|export|excel|csv",
    "subscription": r"정기|구독|subscri|recurring",
    "withdrawal": r"탈퇴|계정\s?삭제|close my account|delete (?:my )?account|withdraw",
    "language": r"언어|번역|영어로|language|translat|locale",
    "name": r"이름|성함|\bnames?\b",
    "wallet": r"간편\s?결제|페이\b|wallet|apple ?pay|google ?pay",
    "map": r"지도|매장|\bmaps?\b|store pickup|store finder",
    "stay open": r"로그아웃|풀려|자동\s?로그인|log(?:ged|s)? (?:me )?out|logout|stay signed|remember me",
    "tablet": r"태블릿|아이패드|tablet|ipad",
    "banner": r"배너|팝업|banner|pop-?up",
}
BROAD = frozenset(_BROAD)
_ALL = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in (_BROAD | _PARTICULAR).items()}
# camelCase and snake_case hide the words in names of classes and files.
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_|(?<=[a-z])-(?=[a-z])")


@lru_cache(maxsize=4096)
def concepts_in(text: str) -> frozenset[str]:
    """Names of the concepts that occur in a text or in log output."""
    spaced = _CAMEL.sub(" ", text)
    return frozenset(name for name, pattern in _ALL.items() if pattern.search(spaced) or pattern.search(text))


def particular(concepts: frozenset[str]) -> frozenset[str]:
    return concepts - BROAD
