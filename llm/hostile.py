"""Texts that speak to the analyst instead of about a problem. They are looked for in code: a model cannot be asked to resist.

A complaint that does goes to people; a log line that does is withheld from the model. Spotlighting delimiters are the
second line of defence, the checks of what a model answers the third.
"""

import re
from typing import Final

from llm.redaction.redactor import plain

_RULES = (
    r"instruction|direction|prompt|rule|guideline|polic(?:y|ies)|command|context|system\s*message|previous|above|prior|"
    r"지시|명령|프롬프트|규칙|지침|설정|안내문|위의?\s*내용|앞의?\s*내용|이전\s*내용|시스템\s*메시지"
)
_DROP = (
    r"ignore|disregard|forget|override|overrule|bypass|skip|do\s+not\s+follow|don't\s+follow|stop\s+following|"
    r"무시|잊어|잊고|따르지|우회|무효|취소하고|덮어"
)
_MODEL = (
    r"\bai\b|\ba\.i\.|assistant|analyst|language\s*model|\bllm\b|\bgpt\b|chatgpt|claude|classifier|the\s+model|\bbot\b|"
    r"인공지능|언어\s*모델|모델|분석기|분석가|챗봇|어시스턴트|에이아이"
)
_FIELDS = (
    r"urgency|primary|secondary|suspected_type|problem_type|affected_system|confidence|severity|action_type|understood|"
    r"integration_error|code_error|business_improvement|긴급도|문제\s*유형|신뢰도|확신도|판정"
)
_TELL = (
    r"set|answer|respond|reply|output|return|classify|mark|treat|report|say|write|choose|must\s+be|should\s+be|always|"
    r"설정|답변|응답|출력|반환|분류|표시|처리해|보고|선택|적어|써라|하라|하세요|해라|해줘|바꿔"
)
_PATTERNS: Final = (
    rf"(?:{_DROP})[^.\n]{{0,60}}(?:{_RULES})",
    rf"(?:{_RULES})[^.\n]{{0,40}}(?:{_DROP})",
    rf"(?:{_FIELDS})[^.\n]{{0,60}}(?:{_TELL})|(?:{_TELL})[^.\n]{{0,60}}(?:{_FIELDS})",
    rf"(?:{_FIELDS})[\"'\s]{{0,3}}[:=]",
    rf"(?:{_MODEL})[^.\n]{{0,60}}(?:{_TELL}|{_DROP}|must|너|당신)|(?:dear|hey|hello|attention|to\s+the)\s+(?:{_MODEL})",
    r"you\s+are\s+(?:now|no\s+longer|a|an)\s|act\s+as\s|pretend\s+(?:to|that)|from\s+now\s+on|new\s+(?:task|instructions?)",
    r"너는\s*이제|당신은\s*이제|이제부터\s*(?:너|당신|넌)|지금부터\s*(?:너|당신|모든)|역할(?:을|은)\s|새로운?\s*(?:지시|임무|명령)",
    r"(?:reveal|print|show|repeat)[^.\n]{0,40}(?:prompt|instruction)|(?:프롬프트|지시문)[^.\n]{0,20}(?:보여|출력|공개|알려)",
    r"<\|?\s*/?\s*(?:im_start|im_end|system|assistant|user|endoftext|untrusted|data)|\[/?inst\]|<<\s*/?sys\s*>>|"
    r"(?:^|\n)\s*#{2,}\s*(?:system|instruction|지시|시스템)|(?:^|\n|\s)(?:system|assistant|시스템)\s*:\s",
    r"(?:end|begin|끝|시작)\s*(?:of\s*)?(?:the\s*)?(?:complaint|data|untrusted|log\s*lines?|민원|데이터|로그)",
    r"<!--\s*user|\{\{|DATA-[0-9a-f]{6,}|jailbreak|prompt\s*injection|developer\s+mode|개발자\s*모드|DAN\s+mode",
    r"(?:approve|confirm|close)\s+(?:this|the|every|all)\s+(?:ticket|complaint)|(?:티켓|민원)[^.\n]{0,20}(?:승인|자동\s*종결)",
    r"(?:cite|quote|인용)[^.\n]{0,30}(?:line|log|줄|로그)|base64",
    r"(?:auto|skip)[_\s-]?(?:approv|human|review)|do\s+not\s+(?:route|escalate)|자동\s?승인|검토\s?(?:단계)?[를을]?\s?(?:건너|생략)",
    r"승인\s?완료|(?:분석|검수|검토)[^.\n]{0,10}(?:불필요|완료)|\bapproved\.|approved\s+by\s+(?:the\s+)?(?:reviewer|manager)",
    r"승인(?:하세요|하라|해라|합니다)|(?:규칙|지침|지시)[^.\n]{0,20}(?:버리|어기|내보)|approve\s+(?:what|whatever|everything|anything)",
    r"internal\s+note|\[/?\s*내부|내부\s*메모|관리자\s*지침|운영자\s*지침|추가\s*지침|실전\s*규칙|반려\s*처리",
    r"close_ticket|function_calls?>|<invoke|tool_(?:result|call)|[\"']role[\"']\s*:|<!\[CDATA\[|</?instructions?|trusted\s*=",
    r"(?:current|new|updated)\s+guidance|guidance\s+you|classify\s+(?:what|all|every|accordingly|linked)|do\s+not\s+investigate",
    r"(?:repeat|translate|first\s+(?:ten\s+)?words)[^.\n]{0,40}(?:above|message|initial|you\s+were)|지침\s*전문|받은\s*지침|few-?shot",
    r"[A-Z_]{3,}_(?:API_)?KEY\b|DATABASE_URL|SECRET_KEY|환경\s?변수[^.\n]{0,40}(?:값|알려)",
    r"(?:answer|respond|reply)\s+only\s+in|stay\s+in\s+character|you\s+are\s+DAN|decode\s+(?:and|해서|후)|convert\s+it\s+and\s+do",
    r"(?:in|into|in\s+to|of)\s+(?:your|the)\s+(?:summary|answer|proposal|notes|evidence\s+list)|요약\s*(?:끝|에)[^.\n]{0,60}붙여",
    r"you\s+must\s+(?:decide|classify|approve|answer)|(?:not\s+be\s+seen|without\s+being\s+seen)\s+by\s+(?:any\s+)?human|<https?://[^|>\s]+\|",
    r"(?:忽略|无视|無視|忘记)[^。\n]{0,20}(?:指示|规则|命令)|优先级|優先度|(?:として|を)承認|承認して|으?로\s*고쳐\s*(?:쓰|적)",
    r"\bblame\s+the\s+(?:first|second|third|other|carrier|customer)|(?:act\s+accordingly|do\s+(?:it|as\s+\w+\s+did)\.?\s*$)",
    r"evidence\s+(?:list\s+)?(?:empty|is\s+not\s+needed)|로그를?\s*보지\s*마|읽지\s*말고\s*결론|그대로\s*(?:출력|실행)",
)
_SUSPICIOUS = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)
# Letters that nobody sees; a flag of a region takes six.
_TAGS = re.compile("[\U000e0020-\U000e007e]")
# Signs that turn the reading direction round: people then read other words than the model.
_TURNED = re.compile("[\u202b\u202d\u202e\u2067]")
MAX_TAGS: Final = 6
# What a complaint would bring as evidence of its own: log lines, with an id as models are shown them or as they are logged,
# numbered sources, a query of a log system.
_EVIDENCE = re.compile(
    r"^\s*\[L\d+\]|^\s*(?:\[L\d+\]\s*)?\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*\s+\[?(?:FATAL|ERROR|WARN|INFO|DEBUG)\b"
    r"|\bsources?\s*:\s*\[\d|\b(?:AND|OR)\s+(?:NOT\s+)?(?:level|service|status|host|source)\s*:\s*\S",
    re.MULTILINE | re.IGNORECASE,
)
_GAPS = re.compile(r"(?<=\b\w)[\s._\-*]+(?=\w\b)")
_SMALL: Final = str.maketrans("аеорсухіј", "aeopcyxij")


def speaks_to_the_analyst(text: str) -> bool:
    """Whether a text gives instructions to whoever analyses it, in Korean or English, dressed up or not."""
    seen = plain(text).translate(_SMALL)
    if _SUSPICIOUS.search(seen) or len(_TAGS.findall(text)) > MAX_TAGS or _TURNED.search(text):
        return True
    # i g n o r e, 무.시.하.고
    joined = _GAPS.sub("", seen)
    return joined != seen and _SUSPICIOUS.search(joined) is not None


def brings_evidence(complaint: str) -> bool:
    """Whether a complaint holds what passes for log lines or their sources: what customers prove is for people to judge."""
    return _EVIDENCE.search(plain(complaint)) is not None
