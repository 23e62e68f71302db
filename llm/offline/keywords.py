"""The words that customers use, Korean and English, as data: wording → what it says, and how clearly.

All patterns are matched against folded text (`llm.offline.language.fold`). A weight of 1.0 says it beyond doubt, 0.5 is a
hint. A wording counts once, however often it occurs.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Sense(StrEnum):
    """What a wording says. The symptoms come first, then what is no symptom."""

    HANG = "hang"
    ERROR = "error"
    NOTHING_COMES = "nothing comes"
    BLANK = "blank"
    REFUSED = "refused"
    MONEY = "money"
    WRONG_VALUE = "wrong value"
    FAILS = "fails"
    DOWN = "down"
    ODD = "odd"
    WISH = "wish"
    CANNOT_FIND = "cannot find"
    INCONVENIENT = "inconvenient"
    QUESTION = "question"
    BLAMES_PARTNER = "blames a partner"
    ALWAYS = "always"
    SINCE_CHANGE = "since a change"


SYMPTOMS = frozenset(
    {
        Sense.HANG,
        Sense.ERROR,
        Sense.NOTHING_COMES,
        Sense.BLANK,
        Sense.REFUSED,
        Sense.MONEY,
        Sense.WRONG_VALUE,
        Sense.FAILS,
        Sense.DOWN,
    }
)
WISHES = frozenset({Sense.WISH, Sense.CANNOT_FIND, Sense.INCONVENIENT})


@dataclass(frozen=True, slots=True)
class Wording:
    sense: Sense
    weight: float
    pattern: re.Pattern[str]


def _all(sense: Sense, weight: float, *patterns: str) -> list[Wording]:
    return [Wording(sense, weight, re.compile(pattern)) for pattern in patterns]


WORDINGS: tuple[Wording, ...] = (
    # --- it hangs ---
    *_all(
        Sense.HANG,
        1.0,
        r"멈[춰췄춤추]|멎|굳어|먹통|프리징|얼어",
        r"뱅글|빙글|뺑글|빙빙|(?:동그라미|로딩|모래시계).{0,12}(?:돌|계속|만|뜨|끝)|돌기만|돌아가기만|"
        r"무한\s?로딩|로딩",
        r"응답\s?(?:이|도)?\s?(?:없|안|대기)|반응\s?(?:이|도)?\s?없|넘어가(?:지|질)\s?(?:를\s?)?않|안\s?넘어|"
        r"타임\s?아웃|시간\s?(?:이\s?)?초과",
        r"한참|하염없이|오래\s?걸리|(?:몇|\d+)\s?분(?:이나|째|동안|을|\s?넘게)?\s?(?:기다|돌|그대로|멈|걸)|"
        r"기다려도|느려|느리|지연|버벅",
        r"\bh[ua]ng(?:s|ing)?\b|\bfr[eo]ez(?:e|es|ing)\b|\bfroze(?:n)?\b|\bstuck\b|\bspin(?:s|ning|ner)\b|"
        r"\bloading\b|hour ?glass",
        r"takes? (?:for ?ever|ages|so long|too long|minutes)|for ages|wait(?:ed|ing)? (?:for )?(?:ages|"
        r"minutes|for ?ever|\d+)|time[sd]?[ -]?out",
        r"never (?:finishes|completes|ends|loads)|(?:not|n't|stopped) respond|unresponsive|\bslow(?:ly)?\b|"
        r"thinks? about it|keeps? (?:loading|spinning)",
    ),
    # --- it says there is an error, or breaks ---
    *_all(
        Sense.ERROR,
        1.0,
        r"오류|에러|애러|버그|튕[겨기김긴깁]|꺼[져졌집진]|강제\s?종료|뻗[어었]|크래시",
        r"\berrors?\b|\bbugs?\b|\bbuggy\b|\bcrash(?:e[sd]|ing)?\b|\bexceptions?\b|http 5\d\d|\b50[0-4]\b|"
        r"throws? me (?:out|back)|kick(?:s|ed)? me",
        r"something went wrong|went wrong|grey screen|gray screen",
    ),
    # --- a function does not work ---
    *_all(
        Sense.FAILS,
        1.0,
        r"안\s?(?:돼|되(?!나요|겠|냐)|됩|됐|된|될(?!까)|됨|댑|대요|먹[혀히어]|눌[려러]|열[려리]|켜|"
        r"떠[요서]?\b|뜨|불러|넘어|저장)",
        r"실패|고장|작동.{0,4}(?:않|안|못)|불가(?:능)?|(?:할|볼|쓸|살)\s?수(?:가)?\s?없(?:어요|습니다|네|다|"
        r"고|음|는데|어서)|못\s?(?:하|해|쓰|사|들어|받|보고)",
        r"(?:되|열리|눌리|넘어가|저장되|적용되|들어가|로그인되|먹히|움직이|작동하|나타나)지(?:가|를|"
        r"도)?\s?(?:않|못|안)|안\s?들어가|안\s?나타",
        r"\bfail(?:s|ed|ing|ure)?\b|(?:does|did|is|do|are|was)(?:n't| not) (?:\w+ )?(?:work|open|load|save|"
        r"apply|go|let|respond|accept|submit|show|complet|register|update|process)",
        r"\bnot working\b|stopped working|\bbroken\b|\bwon'?t (?:let|open|load|work|accept|go|save|start|"
        r"submit|take|apply|show|log|complete)",
        r"\b(?:can'?t|can ?not|could ?n[o']t|unable to|impossible to)\b(?! (?:find|see where|believe|say|tell|"
        r"locate|spot|stand|put my|remember))",
        r"nothing (?:happens|works|changes)|does nothing|no (?:reaction|effect)|keeps? (?:failing|going back|"
        r"coming back|logging)|doesn'?t do anything",
    ),
    # --- something that should come does not ---
    *_all(
        Sense.NOTHING_COMES,
        1.0,
        r"안\s?(?:와|왔|오[고네는]|옵|날아|들어[와왔오옵]|받아)|(?:오|도착하|들어오|날아오|"
        r"발송되)지\s?(?:를\s?)?(?:않|못|안)|못\s?받[았고]|감감\s?무소식|무소식",
        r"\b(?:never|not|n't|no)\b.{0,25}\b(?:arriv|receiv|turn(?:s|ed)? up|came|come|got|get|reach|show(?:s|"
        r"ed)? up|deliver|email|mail|sms|code)",
        r"still (?:no|waiting|nothing)|(?:have|has)(?:n't| not) (?:received|arrived|got|had|come)",
    ),
    # --- the screen or the content is empty or garbled ---
    *_all(
        Sense.BLANK,
        1.0,
        r"(?:빈|텅\s?빈|하얀|흰|까만|검은|회색)\s?(?:화면|창|페이지|칸)|하얗게|백지|텅\s?비|비어\s?있|"
        r"깨[져졌진집짐]|이상한\s?(?:글자|문자)|외계어|안\s?(?:나와|나옵|나오|나타|보[여입이])",
        r"(?:나오|보이|표시되|뜨)지\s?(?:를\s?)?않",
        r"\bblank\b|\bempty (?:page|mail|screen|list|body|box)|is empty|white (?:page|screen)|garbled|"
        r"gibberish|question marks|only .{0,12}(?:subject|header)",
    ),
    # --- something is turned down ---
    *_all(
        Sense.REFUSED,
        1.0,
        r"거절|거부|반려|올바른\s.{0,14}입력|형식이\s?(?:아니|맞지|올바)|유효하지\s?않|잘못된\s?(?:입력|형식|"
        r"번호|값|주소|요청)|인식(?:을|이)?\s?(?:못|안)|일치하지\s?않",
        r"\b(?:refus|declin|reject)(?:e[sd]?|ing|ed|s)\b|\binvalid\b|not (?:valid|accepted|recogni[sz]ed)|"
        r"says? (?:it'?s|it is|that) wrong|incorrect",
    ),
    # --- a wrong figure, something missing, lost or doubled ---
    *_all(
        Sense.WRONG_VALUE,
        1.0,
        r"(?:금액|가격|합계|총액|수량|포인트|적립금?|날짜|시간|주소|이름|내용|계산)\S{0,2}\s?.{0,10}(?:틀리|"
        r"틀려|틀린|다르|다른|달라|잘못|이상|안\s?맞|맞지|마이너스|0원)",
        r"사라[졌지진]|없어[졌지진]|날아[갔가]|초기화|지워[졌지진]|엉뚱|뒤바[뀌뀐껴]|남의|다른\s?사람|중복|"
        r"두\s?번씩|두\s?개씩|누락|빠져\s?있",
        r"\bwrong (?:amount|price|total|sum|date|time|address|name|order|item|currency|figure|number|person|"
        r"language|size)|doesn'?t (?:match|add up)|does not (?:match|add up)",
        r"\b(?:disappear|vanish)(?:e[sd]|ing)?\b|\bgone\b|\bmissing\b|\bduplicat(?:e[sd]?|ion)\b|(?:sent|came|"
        r"delivered|ordered|shown|listed|appears?|booked|applied|counted) twice|"
        r"somebody else|someone else|negative (?:amount|total|price)|off by",
    ),
    # --- money ---
    *_all(
        Sense.MONEY,
        1.0,
        r"(?:이중|중복|두\s?번|2번|2회|두번이?나?|세\s?번)\s?.{0,8}(?:결제|출금|청구|승인|빠져|이체|인출)|"
        r"(?:결제|출금|청구|승인|인출)\S{0,3}\s?.{0,6}(?:두\s?번|이중|중복|2번|2회)",
        r"돈(?:만|이|은)?\s?.{0,8}(?:빠져|나갔|나가|사라|날[아린]|출금)|출금(?:만|은|이|이나)?\s?(?:됐|되|된)|"
        r"결제(?:는|만)\s?(?:됐|되었|된|빠)|승인\s?(?:은|만|문자)",
        r"카드.{0,10}(?:빠져나|긁[혀혔])|청구(?:만|는|가)?\s?(?:됐|되었|되고)|통장에서",
        r"(?:charged|billed|debited|paid|deducted|taken|withdrawn)\b.{0,30}\b(?:twice|double|two times|again|"
        r"but|yet|without|although)|double[- ](?:charg|bill|pay)|charged (?:me )?(?:twice|double)",
        r"money (?:is |was |has )?(?:gone|taken|left|missing|disappeared|been taken)|(?:took|taken|"
        r"lost) (?:my|the) money|charged .{0,20}no order|debited",
    ),
    # --- all of it is down ---
    *_all(
        Sense.DOWN,
        1.0,
        r"접속\s?(?:이|도|자체)?\s?(?:.{0,4}안|불가|못)|서버\s?(?:가)?\s?(?:다운|터[졌진])|"
        r"서비스\s?(?:가)?\s?(?:다운|중단|장애)|(?:사이트|홈페이지|앱|어플)\S{0,2}\s?(?:전체|아예|"
        r"다)\s?.{0,8}(?:안|먹통|다운)|마비",
        r"(?:site|service|website|app|system|everything|server|whole \w+)\b.{0,12}\b(?:is|are|was|"
        r"seems?)?\s?(?:completely |totally )?down\b|\boutage\b|unreachable",
    ),
    # --- something is odd, no more said ---
    *_all(
        Sense.ODD,
        0.4,
        r"이상[해하한함합]|문제\s?(?:가|있|생)|달라[졌진]|예전이?랑|뭔가",
        r"\bweird\b|\bstrange\b|\bodd\b|\bdifferent\b|\bproblem\b|\bissue\b|\btrouble\b",
    ),
    # --- a wish ---
    *_all(
        Sense.WISH,
        1.0,
        r"좋겠|좋을\s?(?:것|거|듯|텐데)|있으면\s?(?:좋|편|합|해)|했으면|하면\s?어떨|어떨까|건의|제안|희망합|"
        r"바람입|바랍니다|바래요|원해요|아쉬[워운움웠]|아쉽",
        r"(?:추가|개선|확대|지원|제공|도입|반영|검토|허용|확장|연장|통일|간소화|신설|세분화|다양화|개편|"
        r"보완)\s?(?:을|를|좀|도|하|해|부탁|요청|되|바)",
        r"(?:넓혀|늘려|줄여|바꿔|만들어|없애|옮겨|키워|올려|낮춰|나눠|풀어|열어|묶어|합쳐|빼)\s?(?:주|줬|줄|"
        r"달라|두|놔|놓|놨)|(?:크게|작게|쉽게|보이게|편하게|간단하게|고르게|선택하게|길게|있게|없게|"
        r"눈에\s?띄게)\s?(?:좀\s?)?(?:해|바꿔|만들|부탁|하)",
        r"면\s?안\s?(?:되나|될까|되겠|돼요\?|됩니까)|(?:수|순|게)\s?(?:는\s?)?(?:없나요|없을까|없습니까)|"
        r"가능할까|(?:고를|선택할|설정할|바꿀|정할|지정할|변경할|저장할)\s?수\s?(?:가\s?)?(?:있[게으었]|없)",
        r"(?:기능|메뉴|옵션|방법|방식|버튼|창구)\S{0,2}\s?.{0,6}(?:있었으면|있으면|필요|생겼|없네|없어서|"
        r"없나)|정책.{0,12}(?:바꿔|변경|개선|이상)|왜\s.{0,16}(?:없나|없죠|안\s?되게\s?해)",
        r"would be (?:nice|great|good|helpful|lovely|useful|handy|better|cool|perfect)|would (?:help|prefer|"
        r"love|appreciate)|i'?d (?:like|love|prefer|appreciate)|would like|would it be possible|"
        r"would you consider|(?:wish|hope) (?:you|there|it|i|the)",
        r"(?:please|pls|could you|can you|can we|could we|why not|why don'?t you)\s(?:\w+ )?(?:add|let|make|"
        r"allow|consider|offer|support|provide|introduce|keep|put|change|include|increase|extend|reduce|"
        r"remove|move|enable|give (?:me|us) (?:a|an|the) (?:option|way|choice)|bring|lower|raise|simplify|"
        r"rethink|improve|show)\b",
        r"\bsuggest(?:ion|ions|ed|ing)?\b|feature request|\bidea\b|(?:option|ability|possibility|choice|"
        r"chance) (?:to|of|for)|is there (?:a|any) (?:way|chance|option|plan)|why (?:can'?t (?:i|we|you)|"
        r"isn'?t there|is there no|do i (?:have|need)|must i|not just)|how about",
        r"should (?:be (?:able|possible|a|an|easier|more|at|on|in)|have|offer|allow|let)|needs? (?:a|an|"
        r"to be (?:easier|simpler|bigger|clearer))|happy to pay|(?:easier|simpler|bigger|clearer|shorter|"
        r"longer|larger|more visible|more prominent)",
    ),
    # --- cannot find it ---
    *_all(
        Sense.CANNOT_FIND,
        1.0,
        r"못\s?찾|찾[을지]\s?(?:수가?\s?없|를?\s?못|가?\s?않)|찾기\s?(?:가\s?|도\s?)?(?:너무|정말|참|진짜|"
        r"많이|좀|무척)?\s?(?:힘|어[려렵]|불|쉽)|"
        r"안\s?보[여이임입].{0,4}(?:어디|$|요|서|는데)|어디(?:에|서|에서|로|있|야|예|인지|다)|숨[어겨]|"
        r"한참\s?찾|뒤졌|헤[매맸]",
        r"(?:can'?t|can ?not|could ?n[o']t|could not|unable to|didn'?t|hard to|difficult to|impossible to|"
        r"nowhere to) (?:\w+ )?(?:find|see where|locate|spot)|where (?:is|are|do|can|did|does|should|would)|"
        r"\bhidden\b|\bburied\b|nowhere",
    ),
    # --- it works, but is tiresome ---
    *_all(
        Sense.INCONVENIENT,
        0.8,
        r"불편|번거|복잡|귀찮|헷갈|헛갈|어[려렵][워운움습]|까다|굳이|불친절|직관|너무\s?(?:많|길|작|비싸|짧|"
        r"적|자주|멀|흐리|좁)|단계|매번\s.{0,10}(?:입력|해야|적어|골라|눌러)|왜\s.{0,14}(?:두\s?번|또|매번|"
        r"다시|일일이)|일일이|요즘\s?(?:이런|누가)",
        r"\binconvenient\b|\bconfus(?:ing|ed)\b|\bannoying\b|\bcumbersome\b|\btedious\b|\bcomplicated\b|"
        r"\bclumsy\b|\bunclear\b|too (?:many|much|small|long|short|far|often|expensive|hard|complicated|"
        r"little|early|late|strict)|a bit much|have to .{0,30}(?:every time|again|each)|user[- ]friendly|"
        r"not obvious|unintuitive",
    ),
    *_all(
        Sense.QUESTION,
        0.3,
        r"(?:인가요|나요|까요|습니까|ㄹ까|는지요|는지)\s?\??|언제|어떻게|궁금|문의",
        r"\?|\bhow (?:do|can|long|much)\b|\bwhen (?:will|do|can)\b|\bwhat is\b|\bi wonder\b",
    ),
    *_all(
        Sense.BLAMES_PARTNER,
        0.6,
        r"카드사|은행|결제\s?대행|pg사|\bpg\b|택배사|통신사|메일\s?(?:업체|회사)|외부|연동|다른\s?(?:쇼핑몰|"
        r"데|곳|사이트|앱).{0,16}(?:잘|되|됐|됩|멀쩡)|점검\s?중",
        r"\b(?:provider|gateway|carrier|courier|third[- ]party|partner)\b|card company|my bank|"
        r"other (?:shops?|sites?|stores?).{0,20}(?:works?|fine|ok)|card is fine|nothing wrong with (?:my|"
        r"the) card",
        r"카드(?:는|에는|엔|에)?\s?.{0,8}(?:멀쩡|문제\s?없|이상\s?없|정상|잔액|한도)",
    ),
    *_all(
        Sense.ALWAYS,
        0.5,
        r"맨날|매번|항상|계속|할\s?때마다|누를\s?때마다|누르면|여러\s?번|몇\s?번을?|아무리|늘\b|번번이|무조건|자꾸",
        r"every (?:single )?time|each time|always|keeps?\b|constantly|consistently|repeatedly|no matter|"
        r"any time|again and again|(?:three|four|five|several|many|\d+) times|whenever",
    ),
    *_all(
        Sense.SINCE_CHANGE,
        0.5,
        r"업데이트|업뎃|버전|개편|바뀌고|바뀐\s?(?:뒤|후|다음)|전에는\s?(?:됐|됬|되|잘)|지난\s?(?:주|달|"
        r"번)(?:엔|에는|까지|까진|에)?|어제까지|원래는",
        r"since (?:the |your |last |this |an? )?(?:\w+ )?(?:update|version|release|change|week|month|"
        r"yesterday|redesign)|(?:used to|worked) (?:work|fine|before|last)|after (?:the |an? |"
        r"your )?(?:\w+ )?update|new version",
    ),
)

# What takes a symptom back: cut out before symptoms are looked for. "에러는 아니라고", "thought it was an error".
TAKEN_BACK: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:오류|에러|버그|고장|장애|문제|실패)\S{0,3}\s?(?:난|인|있는|생긴)?\s?(?:줄\s?알|게?\s?아니|"
        r"건\s?아니|것은?\s?아니|없[이고습어지는])",
        r"(?:오류|에러|실패|오작동)\S{0,3}\s?(?:문구|메시지|메세지|안내|코드\s?설명|"
        r"화면)\S{0,2}\s?.{0,10}(?:친절|자세|알기|쉽게|바꿔|개선|한글|번역|설명)",
        r"(?:오류|에러|장애|문제)\s?(?:가|는|도)?\s?(?:전혀\s?)?없",
        r"(?:잘|정상적으로|문제\s?없이|제대로)\s?(?:되|돼|됩|됐|작동|쓰고|이용|나오|열려|열립|들어)\S*",
        r"\b(?:no|not an?|isn'?t an?|without(?: any)?|never any|wasn'?t an?|not a|"
        r"isn't a) (?:\w+ )?(?:errors?|bugs?|failures?|problems?|issues?|crash(?:es)?)\b",
        r"(?:thought|assumed|looked like|as if|seemed like) .{0,25}(?:error|bug|broken|crash\w*|failed|down|stuck)",
        r"(?:works?|working|worked) (?:fine|well|ok|okay|perfectly|great)|nothing(?:'s| is) (?:wrong|broken)|"
        r"error messages? .{0,30}(?:clear|friendl|helpful|explain|understand|say|tell)\w*",
        r"(?:like|such as|e\.?g\.?|for example|for instance|say),? \"[^\"]{0,60}\"|somebody'?s \w+ failed|"
        r"in case .{0,20}fail\w*|if .{0,25}fail(?:s|ed)?\b",
    )
)

# Courtesies and laughter that carry nothing.
POLITENESS = re.compile(
    r"안녕하세요|수고(?:하십니다|하세요|많으십니다)|감사(?:합니다|해요)|고맙습니다|부탁\s?드립니다|"
    r"빠른\s?(?:답변|확인)|ㅠ+|ㅜ+|ㅋ+|ㅎ+|;;+|\^\^|"
    r"\b(?:hello|hi|hey|dear \w+|thanks?(?: you)?|thank you|regards|best|please|kindly|sorry|cheers)\b"
)

# --- urgency -----------------------------------------------------------------------------------------------------
PAYING = re.compile(
    r"결제|결재|(?<!환불\s)승인|출금|청구|(?<!환불\s)계좌이체|\bpay(?:s|ing|ment|ments)?\b|\bpaid\b|"
    r"\bcheckout\b|\bcheck out\b|\bpurchas|\bcharged?\b"
)
# Said about paying, but about something else than the act of it.
NOT_PAYING = re.compile(
    r"결제\s?(?:내역|영수증|수단\s?(?:추가|등록|관리)|알림|방법)|(?:payment|paid) (?:history|receipt|"
    r"methods?|list)|pay (?:extra|more|attention)"
)
